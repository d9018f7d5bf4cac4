"""Greets a server as a customer's device would, and asks something through the tunnel."""

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from ipaddress import IPv4Address
from typing import TypeVar, cast

from pydantic import BaseModel, ConfigDict

from domain.canaries import Canary, CanaryReport, Handshake
from domain.obfuscation import Obfuscation
from domain.servers import Server
from infra.canary.noise import Initiator, MessageTypes, NotForUs, Session
from infra.canary.questions import is_answer, question

T = TypeVar("T")


class ProbePatience(BaseModel):
    """How often to try and how long to wait, in seconds."""

    model_config = ConfigDict(frozen=True)

    tries: int = 4
    answer: float = 1.5
    """For each try: packets get lost."""


async def probe(
    canary: Canary, server: Server, patience: ProbePatience | None = None
) -> CanaryReport:
    """Shake hands with the server's WireGuard, then ask its customers' DNS through the tunnel.

    Needs no root and no interface. What the tunnel should carry is asked of the first IPv4
    address in `server.dns`; without one only the handshake is tried.
    """
    patience = patience or ProbePatience()
    where = f"UDP {server.endpoint_host}:{server.endpoint_port}"
    try:
        line = await _Line.open(server.endpoint_host, server.endpoint_port)
    except OSError as error:
        return CanaryReport(handshake=Handshake.UNREACHABLE, detail=f"{where}: {error}")
    try:
        return await _converse(line, canary, server, patience)
    except OSError as error:
        return CanaryReport(handshake=Handshake.UNREACHABLE, detail=f"{where}: {error}")
    finally:
        line.close()


async def _converse(
    line: "_Line", canary: Canary, server: Server, patience: ProbePatience
) -> CanaryReport:
    disguise = server.obfuscation
    under_load = False
    for _ in range(patience.tries):
        initiator = Initiator(canary.keys, server.public_key, _types(disguise), time.time())
        began = time.monotonic()
        line.send(*_greeting(initiator.message, disguise))
        answer = await line.first(_reader(initiator, disguise), patience.answer)
        if isinstance(answer, Session):
            took = timedelta(seconds=time.monotonic() - began)
            passes = await _passes(line, answer, canary, server, patience)
            return CanaryReport(handshake=Handshake.ANSWERED, took=took, passes=passes)
        under_load = under_load or answer is not None
    where = f"UDP {server.endpoint_host}:{server.endpoint_port}"
    if under_load:
        detail = f"{where} asks for a cookie: it is under load"
        return CanaryReport(handshake=Handshake.LOADED, detail=detail)
    detail = f"{where} does not answer a peer that it should know"
    return CanaryReport(handshake=Handshake.SILENT, detail=detail)


def _reader(
    initiator: Initiator, disguise: Obfuscation | None
) -> Callable[[bytes], Session | bool | None]:
    """What a datagram is: our session, a cookie (`True`), or nothing of ours."""
    padding = 0 if disguise is None else disguise.s2

    def read(datagram: bytes) -> Session | bool | None:
        if initiator.is_cookie(datagram):
            return True
        try:
            return initiator.session(datagram[padding:])
        except NotForUs:
            return None

    return read


async def _passes(
    line: "_Line", session: Session, canary: Canary, server: Server, patience: ProbePatience
) -> bool | None:
    resolver = next((one for one in server.dns if isinstance(one, IPv4Address)), None)
    if resolver is None:
        line.send(session.seal(b""))
        return None
    for _ in range(patience.tries):
        port, number = 1024 + secrets.randbelow(64_000), secrets.randbelow(2**16)
        line.send(session.seal(question(canary.ipv4, resolver, port, number)))

        def read(datagram: bytes, port: int = port, number: int = number) -> bool | None:
            try:
                return is_answer(session.open(datagram), resolver, port, number) or None
            except NotForUs:
                return None

        if await line.first(read, patience.answer):
            return True
    return False


def _types(disguise: Obfuscation | None) -> MessageTypes:
    if disguise is None:
        return MessageTypes()
    return MessageTypes(
        initiation=disguise.h1, response=disguise.h2, cookie=disguise.h3, transport=disguise.h4
    )


def _greeting(message: bytes, disguise: Obfuscation | None) -> Iterator[bytes]:
    """The datagrams that greet; a disguised greeting comes after noise and begins with noise."""
    if disguise is None:
        yield message
        return
    for _ in range(disguise.jc):
        yield os.urandom(disguise.jmin + secrets.randbelow(disguise.jmax - disguise.jmin + 1))
    yield os.urandom(disguise.s1) + message


class _Line(asyncio.DatagramProtocol):
    """A UDP socket that hears one address only."""

    def __init__(self) -> None:
        self._transport: asyncio.DatagramTransport | None = None
        self._heard: asyncio.Queue[bytes | Exception] = asyncio.Queue()

    @classmethod
    async def open(cls, host: str, port: int) -> "_Line":
        """Raises `OSError` when the name does not resolve, or no route leads there."""
        _, line = await asyncio.get_running_loop().create_datagram_endpoint(
            cls, remote_addr=(host, port), family=socket.AF_UNSPEC
        )
        return line

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._heard.put_nowait(data)

    def error_received(self, exc: Exception) -> None:
        self._heard.put_nowait(exc)

    def send(self, *datagrams: bytes) -> None:
        """Send them in order."""
        assert self._transport is not None  # noqa: S101 - open() waits for it
        for datagram in datagrams:
            self._transport.sendto(datagram)

    async def first(self, read: Callable[[bytes], T | None], seconds: float) -> T | None:
        """The first thing heard that `read` can read. Raises `OSError` when nobody listens."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    heard = await self._heard.get()
                    if isinstance(heard, Exception):
                        raise heard
                    if (found := read(heard)) is not None:
                        return found
        except TimeoutError:
            return None

    def close(self) -> None:
        """Let the socket go."""
        if self._transport is not None:
            self._transport.abort()
