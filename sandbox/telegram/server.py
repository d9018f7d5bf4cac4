"""Running a sandbox: as a process of its own, or inside a test."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import uvicorn

from sandbox.ports import IDLE_SECONDS
from sandbox.telegram.app import build_app
from sandbox.telegram.connection import CuttableProtocol
from sandbox.telegram.sandbox import Sandbox

_GRACE = 2
"""Seconds that open requests get at the end."""


def listen(host: str, port: int) -> socket.socket:
    """Bind before the server starts, so that port 0 is known at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named, or asyncio leaves Nagle's delay of 40 ms on every answer.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    return listening


class SandboxServer(uvicorn.Server):
    """Uvicorn, which also says when it is ready and leaves signals to its caller."""

    def __init__(self, config: uvicorn.Config, sandbox: Sandbox) -> None:
        super().__init__(config)
        self._sandbox = sandbox
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so; after a failed start it says so too, and is over."""
        try:
            await super().startup(sockets)
        finally:
            self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop; long polls and event streams are ended first, or they would be waited for."""
        self._sandbox.world.close()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signals: uvicorn would raise them again at the end, and no exit were clean."""
        yield


def build_server(token: str, data: Path) -> SandboxServer:
    """A server with a sandbox of this token, its files in `data`."""
    sandbox = Sandbox(token, data)
    config = uvicorn.Config(
        build_app(sandbox),
        http=CuttableProtocol,
        ws="none",
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=_GRACE,
        timeout_keep_alive=IDLE_SECONDS,
    )
    return SandboxServer(config, sandbox)


@contextlib.asynccontextmanager
async def running(token: str, data: Path) -> AsyncIterator[str]:
    """Run a sandbox inside this event loop, on a free port.

    Yields:
        Its base URL.
    """
    server = build_server(token, data)
    with contextlib.closing(listen("127.0.0.1", 0)) as listening:
        task = asyncio.create_task(server.serve([listening]))
        try:
            await server.ready.wait()
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task
