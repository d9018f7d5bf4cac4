"""Child processes: started, waited for, stopped or killed, and never left behind."""

import asyncio
import contextlib
import ctypes
import os
import signal
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

READY_SECONDS = 60.0
STOP_SECONDS = 15.0
LAST_LINES = 15

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


class ChildFailed(Exception):
    """A child did not become ready; the message holds its last lines."""


class Child:
    """One process of the embedded shop. Its output goes to a log file."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        is_ready: Callable[[str], bool],
        env: Mapping[str, str],
        tries: int = 1,
    ) -> None:
        self.name = name
        self.command = tuple(map(str, command))
        self.env = env
        self._log = log
        self._is_ready = is_ready
        self._tries = tries
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[str] | None = None
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._heard = asyncio.Condition()

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """The running process's id."""
        if self._process is None:
            raise ChildFailed(f"{self.name} is not running")
        return self._process.pid

    async def start(self) -> str:
        """Start it and return the line by which it said that it is ready.

        Raises:
            ChildFailed: It ended, or was silent too long, at each of its tries.
        """
        for _ in range(self._tries - 1):
            with contextlib.suppress(ChildFailed):
                return await self._start()
        return await self._start()

    async def _start(self) -> str:
        self._process = await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self.env,
            # Ctrl-C in the terminal is for the demo alone; it stops its children in order.
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        self._ready = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read(self._process, self._ready))
        try:
            async with asyncio.timeout(READY_SECONDS):
                return await self._ready
        except TimeoutError:
            await self.kill()
            raise ChildFailed(self._words("was not ready in time")) from None

    async def stop(self) -> None:
        """Ask it to end; after a while insist."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            await self.kill()
        await self._finish()

    async def kill(self) -> None:
        """SIGKILL, as a crash or the OOM killer would."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._finish()

    async def ended(self) -> int:
        """Wait until it ends by itself; its exit code."""
        if self._process is None:
            raise ChildFailed(f"{self.name} is not running")
        return await self._process.wait()

    async def says(self, words: str) -> None:
        """Wait until it says something with these words in it, from now on."""
        async with self._heard:
            await self._heard.wait_for(lambda: bool(self._last) and words in self._last[-1])

    async def _read(self, process: asyncio.subprocess.Process, ready: asyncio.Future[str]) -> None:
        assert process.stdout is not None  # noqa: S101  # a pipe was asked for
        with self._log.open("ab") as log:
            async for raw in process.stdout:
                log.write(raw)
                log.flush()
                line = raw.decode(errors="replace").rstrip()
                self._last.append(line)
                async with self._heard:
                    self._heard.notify_all()
                if not ready.done() and self._is_ready(line):
                    ready.set_result(line)
        if not ready.done():
            ready.set_exception(ChildFailed(self._words("ended before it was ready")))

    async def _finish(self) -> None:
        if self._reading is not None:
            await self._reading
        if self._ready is not None and self._ready.done() and not self._ready.cancelled():
            self._ready.exception()  # Looked at, so that asyncio does not report it as lost.
        self._process = self._reading = None

    def _words(self, what: str) -> str:
        return "\n    ".join((f"{self.name} {what}. Its last lines:", *self._last))


def _die_with_parent() -> None:
    """Let the kernel end the child when the demo is killed without a chance to clean up."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class CommandResult(NamedTuple):
    """How a command ended and what it said."""

    exit_code: int
    output: str


async def attempt(
    command: Sequence[str | Path], *, env: Mapping[str, str], stdin: bytes = b""
) -> CommandResult:
    """Run a command to its end, whatever that is.

    Raises:
        ChildFailed: It did not end in time, and was killed.
    """
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=env,
        preexec_fn=_die_with_parent,
    )
    try:
        async with asyncio.timeout(READY_SECONDS):
            output, _ = await process.communicate(stdin)
    except TimeoutError:
        raise ChildFailed(f"{_line(command)} did not end in {READY_SECONDS:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None  # noqa: S101  # it has been waited for
    return CommandResult(process.returncode, output.decode())


async def run_once(
    command: Sequence[str | Path], *, env: Mapping[str, str], stdin: bytes = b""
) -> str:
    """Run a command that must succeed and return its output.

    Raises:
        ChildFailed: It failed, or did not end in time; the message holds what it said.
    """
    result = await attempt(command, env=env, stdin=stdin)
    if result.exit_code != os.EX_OK:
        raise ChildFailed(f"{_line(command)} failed:\n{result.output}")
    return result.output


def _line(command: Sequence[str | Path]) -> str:
    return " ".join(map(str, command))


async def together(*steps: Coroutine[None, None, object]) -> None:
    """Do the steps side by side; the first failure ends the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for step in steps:
                group.create_task(step)
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures
