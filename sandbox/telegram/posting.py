"""A light HTTP/1.1 client for webhooks: kept-alive connections and httptools' parser.

Benchmarks run through this path; a general client costs several times the processor time.
"""

import asyncio
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import httptools

_CHUNK = 64 * 1024
_SECURE_PORT, _PLAIN_PORT = 443, 80


class ConnectionClosed(Exception):
    """The webhook hung up before its answer was complete."""


@dataclass
class Answer:
    """What a webhook answered."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the update counts as received."""
        return 200 <= self.status <= 299  # noqa: PLR2004 - the class of HTTP's successes


class _Reading:
    """Collects one answer; httptools calls it."""

    def __init__(self) -> None:
        self.reason = b""
        self.headers: dict[str, str] = {}
        self.body: list[bytes] = []
        self.is_complete = False

    def on_status(self, reason: bytes) -> None:
        self.reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, part: bytes) -> None:
        self.body.append(part)

    def on_message_complete(self) -> None:
        self.is_complete = True


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.is_reusable = True

    @property
    def is_open(self) -> bool:
        return not (self._reader.at_eof() or self._writer.is_closing())

    async def exchange(self, request: bytes) -> Answer:
        self.is_reusable = False  # until the answer has been read to its end
        self._writer.write(request)
        reading = _Reading()
        parser = httptools.HttpResponseParser(reading)
        while not reading.is_complete:
            data = await self._reader.read(_CHUNK)
            if not data:
                raise ConnectionClosed
            parser.feed_data(data)
        self.is_reusable = parser.should_keep_alive()
        return Answer(
            parser.get_status_code(), reading.reason.decode("latin-1"), reading.headers,
            b"".join(reading.body),
        )  # fmt: skip

    def close(self) -> None:
        self._writer.close()


class Poster:
    """Posts JSON to webhooks over as many connections as are needed at once.

    The caller bounds every call with a timeout; a cancelled call closes its connection.
    """

    def __init__(self) -> None:
        self._idle: dict[tuple[str, str], list[_Connection]] = {}

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Post and read the answer.

        Raises:
            OSError: No connection, or it broke.
            ConnectionClosed: It was closed before the answer was complete.
            httptools.HttpParserError: The answer is no HTTP.
        """
        address = urlsplit(url)
        connection = await self._connection(address)
        try:
            return await connection.exchange(_request(address, body, headers))
        finally:
            if connection.is_reusable:
                self._idle.setdefault(_key(address), []).append(connection)
            else:
                connection.close()

    async def _connection(self, address: SplitResult) -> _Connection:
        idle = self._idle.get(_key(address), [])
        while idle:
            connection = idle.pop()
            if connection.is_open:
                return connection
            connection.close()
        is_secure = address.scheme == "https"
        port = address.port or (_SECURE_PORT if is_secure else _PLAIN_PORT)
        reader, writer = await asyncio.open_connection(
            address.hostname, port, ssl=True if is_secure else None
        )
        return _Connection(reader, writer)

    def close(self) -> None:
        """Close the idle connections."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()


def _key(address: SplitResult) -> tuple[str, str]:
    return address.scheme, address.netloc


def _request(address: SplitResult, body: bytes, headers: dict[str, str]) -> bytes:
    target = (address.path or "/") + (f"?{address.query}" if address.query else "")
    host = address.netloc.rpartition("@")[2]
    lines = [f"POST {target} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
