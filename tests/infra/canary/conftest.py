"""A server of the test's own that answers greetings, disguised or not."""

import asyncio
import base64
import os
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from ipaddress import IPv4Address, IPv6Address

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from domain.canaries import Canary
from domain.ids import ServerId
from domain.obfuscation import Obfuscation
from domain.servers import DeviceKeys, Server, ServerState
from infra.canary.noise import CONSTRUCTION, IDENTIFIER, NO_MAC, _derive, _hash
from infra.wireguard_keys import new_device_keys

RESOLVER = IPv4Address("9.9.9.9")
DISGUISE = Obfuscation(s1=20, s2=33, h1=1001, h2=1002, h3=1003, h4=1004)


class Responder(asyncio.DatagramProtocol):
    """The answering half of the handshake, and a DNS server behind it."""

    def __init__(self, keys: DeviceKeys, peer: DeviceKeys, disguise: Obfuscation | None) -> None:
        self._static = private_half(keys)
        self._preshared = base64.b64decode(peer.preshared_key.get_secret_value())
        self._padding = (0, 0) if disguise is None else (disguise.s1, disguise.s2)
        self._types = (1, 2, 3, 4)
        if disguise is not None:
            self._types = (disguise.h1, disguise.h2, disguise.h3, disguise.h4)
        self._sessions: dict[int, tuple[ChaCha20Poly1305, ChaCha20Poly1305, int]] = {}
        self.noise = 0
        self.is_under_load = False
        self.has_resolver = True

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        greeting = data[self._padding[0] :]
        if len(greeting) == 148 and greeting[:4] == struct.pack("<I", self._types[0]):
            answer = self._welcome(greeting)
        elif len(data) >= 16 and data[:4] == struct.pack("<I", self._types[3]):
            answer = self._carry(data)
        else:
            self.noise += 1
            return
        if answer:
            self._transport.sendto(answer, addr)

    def _welcome(self, message: bytes) -> bytes:
        index, ephemeral, static, stamp = struct.unpack("<4xI32s48s28s32x", message)
        if self.is_under_load:
            return struct.pack("<II56x", self._types[2], index)
        theirs = X25519PublicKey.from_public_bytes(ephemeral)
        chain = _hash(CONSTRUCTION)
        script = _hash(_hash(chain, IDENTIFIER), self._static.public_key().public_bytes_raw())
        chain, script = _derive(chain, ephemeral, 1)[0], _hash(script, ephemeral)
        chain, key = _derive(chain, self._static.exchange(theirs), 2)
        client = X25519PublicKey.from_public_bytes(opened(key, static, script))
        script = _hash(script, static)
        chain, key = _derive(chain, self._static.exchange(client), 2)
        opened(key, stamp, script)
        script = _hash(script, stamp)
        ours = X25519PrivateKey.generate()
        public = ours.public_key().public_bytes_raw()
        chain, script = _derive(chain, public, 1)[0], _hash(script, public)
        chain = _derive(chain, ours.exchange(theirs), 1)[0]
        chain = _derive(chain, ours.exchange(client), 1)[0]
        chain, mixed, key = _derive(chain, self._preshared, 3)
        empty = ChaCha20Poly1305(key).encrypt(bytes(12), b"", _hash(script, mixed))
        receiving, sending = map(ChaCha20Poly1305, _derive(chain, b"", 2))
        self._sessions[7] = (receiving, sending, index)
        head = struct.pack("<III", self._types[1], 7, index)
        return os.urandom(self._padding[1]) + head + public + empty + NO_MAC + NO_MAC

    def _carry(self, datagram: bytes) -> bytes:
        index, counter = struct.unpack_from("<4xIQ", datagram)
        receiving, sending, theirs = self._sessions[index]
        nonce = struct.pack("<4xQ", counter)
        packet = receiving.decrypt(nonce, datagram[16:], b"")
        if not packet or not self.has_resolver:
            return b""
        head = struct.pack("<IIQ", self._types[3], theirs, counter)
        return head + sending.encrypt(nonce, turned_round(packet), b"")


def turned_round(packet: bytes) -> bytes:
    """A question as it would come back from whom it was sent to."""
    length = struct.unpack_from("!H", packet, 2)[0]
    ends = packet[16:20] + packet[12:16] + packet[22:24] + packet[20:22]
    return packet[:12] + ends + packet[24:length]


def opened(key: bytes, sealed: bytes, transcript: bytes) -> bytes:
    return ChaCha20Poly1305(key).decrypt(bytes(12), sealed, transcript)


def private_half(keys: DeviceKeys) -> X25519PrivateKey:
    raw = base64.b64decode(keys.private_key.get_secret_value())
    return X25519PrivateKey.from_private_bytes(raw)


def server_at(port: int, public_key: str, disguise: Obfuscation | None = None) -> Server:
    return Server(
        server_id=ServerId(1),
        slug="nl1",
        location="nl",
        state=ServerState.SELLING,
        endpoint_host="127.0.0.1",
        endpoint_port=port,
        public_key=public_key,
        interface="wg0",
        dns=(RESOLVER,),
        ssh_host="127.0.0.1",
        ssh_user="wgshop",
        ssh_host_key="ssh-ed25519 AAAA",
        obfuscation=disguise,
    )


@pytest.fixture
def canary() -> Canary:
    return Canary(
        keys=new_device_keys(), ipv4=IPv4Address("10.66.255.254"), ipv6=IPv6Address("fd66::ffff")
    )


Answering = Callable[[Obfuscation | None], AbstractAsyncContextManager[tuple[Server, Responder]]]


@pytest.fixture
def answering(canary: Canary) -> Answering:
    """Starts a server that knows the canary."""

    @asynccontextmanager
    async def start(disguise: Obfuscation | None) -> AsyncIterator[tuple[Server, Responder]]:
        keys = new_device_keys()
        transport, responder = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Responder(keys, canary.keys, disguise), local_addr=("127.0.0.1", 0)
        )
        port = transport.get_extra_info("sockname")[1]
        yield server_at(port, keys.public_key, disguise), responder
        transport.close()

    return start
