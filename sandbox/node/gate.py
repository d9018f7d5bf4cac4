r"""The node's door: a relay in front of the SSH server where outages can be ordered.

On the control port, a line orders and a line answers (`ok`, or what went wrong):

    down        the port refuses connections; those that exist are reset
    hang        the port accepts and nothing ever comes back; those that exist freeze
    slow 250    every piece of data takes 250 ms longer, each way
    up          all is well again, at once
    state       changes nothing; answers `up`, `down`, `hang` or `slow 250`

For example `printf 'down\n' | nc -q1 127.0.0.1 PORT`, or `sandbox.node.client.order`.
"""

import asyncio
import contextlib
import socket
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable

LOOPBACK = "127.0.0.1"
PIECE_BYTES = 64 * 1024

Connect = Callable[[], Awaitable[tuple[StreamReader, StreamWriter]]]


class Gate:
    """Relays connections on a loopback port to what `connect` opens."""

    def __init__(self, port: int, connect: Connect) -> None:
        self._connect = connect
        self._socket = _bound(port)
        self.port = int(self._socket.getsockname()[1])
        self._server: asyncio.Server | None = None
        self._relays: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._delay = 0.0

    async def open(self) -> None:
        """Accept connections."""
        self._server = await asyncio.start_server(self._relay, sock=self._socket)

    async def close(self) -> None:
        """Refuse new connections and reset the present ones; the port stays ours."""
        if self._server is not None:
            self._server.close()
            self._server = None
            self._socket = _bound(self.port)
        for relay in self._relays:
            relay.cancel()
        await asyncio.gather(*self._relays, return_exceptions=True)

    async def obey(self, order: str) -> str:
        """Carry out one line of the control port; the answer."""
        match order.split():
            case ["state"]:
                return self._state()
            case ["up"]:
                self._delay = 0.0
                self._flowing.set()
            case ["slow", milliseconds] if milliseconds.isdigit():
                self._delay = int(milliseconds) / 1000
                self._flowing.set()
            case ["hang"]:
                self._flowing.clear()
            case ["down"]:
                self._flowing.set()
                await self.close()
                return "ok"
            case _:
                return "say: up, down, hang, or slow MILLISECONDS"
        if self._server is None:
            await self.open()
        return "ok"

    def _state(self) -> str:
        if self._server is None:
            return "down"
        if not self._flowing.is_set():
            return "hang"
        return f"slow {round(self._delay * 1000)}" if self._delay else "up"

    async def _relay(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Carry one connection until either side ends it or the gate closes."""
        relay = asyncio.current_task()
        assert relay is not None  # noqa: S101 - asyncio runs this in a task of its own
        self._relays.add(relay)
        try:
            await self._flowing.wait()
            inner_reader, inner_writer = await self._connect()
            try:
                async with asyncio.TaskGroup() as directions:
                    directions.create_task(self._carry(reader, inner_writer))
                    directions.create_task(self._carry(inner_reader, writer))
            finally:
                inner_writer.close()
        except* (ConnectionError, asyncio.CancelledError):
            pass  # Either side left, or an outage was ordered: the connection is over.
        finally:
            self._relays.discard(relay)
            writer.transport.abort()

    async def _carry(self, source: StreamReader, target: StreamWriter) -> None:
        while piece := await source.read(PIECE_BYTES):
            await asyncio.sleep(self._delay)
            await self._flowing.wait()
            target.write(piece)
            await target.drain()
        with contextlib.suppress(OSError):
            target.write_eof()


def _bound(port: int) -> socket.socket:
    """A socket that holds the port; until it listens, connections to it are refused."""
    # With the protocol named, asyncio turns Nagle's algorithm off: 40 ms for each command.
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        holder.bind((LOOPBACK, port))
    except OSError:
        holder.close()
        raise
    return holder


async def serve_control(gate: Gate) -> asyncio.Server:
    """Listen for orders on a free loopback port."""

    async def converse(reader: StreamReader, writer: StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(ConnectionError):
            async for line in reader:
                writer.write((await gate.obey(line.decode(errors="replace")) + "\n").encode())
                await writer.drain()

    return await asyncio.start_server(converse, LOOPBACK, 0)
