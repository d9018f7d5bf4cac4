"""The answering half of WireGuard's handshake, disguised or not, and a DNS server behind it.

`python -m tests.infra.canary.responder PORT < KEYS` runs it where the canary shall find it.
"""

import asyncio
import base64
import json
import os
import struct
import sys

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from domain.obfuscation import Obfuscation
from infra.canary.noise import CONSTRUCTION, IDENTIFIER, NO_MAC, _derive, _hash


class Responder(asyncio.DatagramProtocol):
    """One server, which knows one peer."""

    def __init__(self, private_key: str, preshared_key: str, disguise: Obfuscation | None) -> None:
        self._static = X25519PrivateKey.from_private_bytes(base64.b64decode(private_key))
        self._preshared = base64.b64decode(preshared_key)
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

    def close(self) -> None:
        self._transport.close()

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


async def serve(host: str, port: int, responder: Responder) -> int:
    """Answer there; the port."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: responder, local_addr=(host, port)
    )
    return int(transport.get_extra_info("sockname")[1])


async def main(port: int) -> None:
    """Answer on every address, until killed."""
    said = json.loads(sys.stdin.readline())
    disguise = said["obfuscation"] and Obfuscation.model_validate(said["obfuscation"])
    await serve("0.0.0.0", port, Responder(said["private_key"], said["preshared_key"], disguise))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
