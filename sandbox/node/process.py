"""Start a node as a process of its own, and end it."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sandbox.node.commands import stop
from sandbox.node.ready import Ready, SshKind

START_SECONDS = 30.0


class NodeFailed(Exception):
    """The node did not come up; its own words are on stderr."""


@asynccontextmanager
async def running_node(
    data: Path,
    authorized_key: str,
    program: Path,
    *,
    port: int = 0,
    ssh_server: SshKind | None = None,
    stand_in: bool = False,
) -> AsyncIterator[Ready]:
    """A node, from the moment it is ready until the block ends.

    Args:
        data: where it keeps its keys and peers; the same directory is the same node.
        authorized_key: the shop's public key, `ssh-ed25519 AAAA...`.
        program: the server-side program.
        port: of the SSH server on 127.0.0.1; 0 is any free one.
        ssh_server: instead of the best that there is.
        stand_in: make no real interface, even as root.

    Raises:
        NodeFailed: it ended, or was not ready in time.
    """
    arguments = ["--data", str(data), "--authorized-key", authorized_key]
    arguments += ["--program", str(program), "--port", str(port)]
    arguments += ["--ssh-server", ssh_server] if ssh_server else []
    arguments += ["--stand-in"] if stand_in else []
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox.node", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield await _ready(process)
    finally:
        await stop(process)


async def _ready(process: asyncio.subprocess.Process) -> Ready:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    try:
        async with asyncio.timeout(START_SECONDS):
            line = await process.stdout.readline()
    except TimeoutError as error:
        raise NodeFailed(f"not ready after {START_SECONDS:g} s") from error
    if not line:
        raise NodeFailed("it ended before it was ready")
    return Ready.model_validate_json(line)
