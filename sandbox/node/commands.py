"""Short commands and long-lived children, none of which outlives the node."""

import asyncio
import contextlib
import ctypes
import signal
from collections.abc import Sequence
from pathlib import Path

COMMAND_SECONDS = 30.0
TERMINATION_SECONDS = 3.0
PR_SET_PDEATHSIG = 1
"""prctl(2)"""


class CommandFailed(Exception):
    """A command ended with an error; the message has its name and its words."""


async def run(*arguments: str | Path, stdin: bytes = b"") -> str:
    """Run a command to its end; its output. Raises `CommandFailed`, `TimeoutError`."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*arguments, stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            output, errors = await process.communicate(stdin)
    finally:
        await stop(process)
    if process.returncode != 0:
        raise CommandFailed(f"{arguments[0]}: {errors.decode(errors='replace').strip()}")
    return output.decode()


async def start_child(arguments: Sequence[str], log: Path) -> asyncio.subprocess.Process:
    """Start a daemon that stays in the foreground and dies with this process."""
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=_die_with_parent,
        )


def _die_with_parent() -> None:
    """Have the kernel end this child even when its parent is killed with SIGKILL."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


async def stop(process: asyncio.subprocess.Process) -> None:
    """End a process: asked first, then made to."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
        try:
            async with asyncio.timeout(TERMINATION_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
