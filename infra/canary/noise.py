"""WireGuard's handshake, the initiator's half (https://www.wireguard.com/protocol/).

Noise_IKpsk2 over messages of fixed length. Only what a canary needs: one handshake, a few packets.
AmneziaWG differs in the messages' types, which count for their checksums too, and in padding.
"""

import base64
import hmac
import os
import struct
from hashlib import blake2s

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from pydantic import BaseModel, ConfigDict

from domain.obfuscation import INITIATION_BYTES, RESPONSE_BYTES
from domain.servers import DeviceKeys

CONSTRUCTION = b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"
IDENTIFIER = b"WireGuard v1 zx2c4 Jason@zx2c4.com"
MAC1_LABEL = b"mac1----"
NO_MAC = bytes(16)
COOKIE_BYTES = 64
TRANSPORT_HEADER = struct.Struct("<IIQ")
RESPONSE = struct.Struct("<III32s16s32s")
TAI64_OFFSET = 2**62
"""TAI64N labels count from 1970 plus 2^62; ten leap seconds do not matter, only order does."""
PACKET_PADDING = 16


class MessageTypes(BaseModel):
    """The first four bytes of each message."""

    model_config = ConfigDict(frozen=True)

    initiation: int = 1
    response: int = 2
    cookie: int = 3
    transport: int = 4


class NotForUs(Exception):
    """A datagram that is no valid answer to our greeting; whoever sent it is not our server."""


class Initiator:
    """One greeting: a message to send, and what turns the answer into a session."""

    def __init__(
        self, keys: DeviceKeys, server_public_key: str, types: MessageTypes, seconds: float
    ) -> None:
        """Make the greeting.

        Args:
            keys: the peer's own.
            server_public_key: as `wg` prints it.
            types: of the messages.
            seconds: since 1970; a server takes a peer's greetings only in growing order.
        """
        self._types = types
        self._index = int.from_bytes(os.urandom(4), "little")
        self._static = X25519PrivateKey.from_private_bytes(
            base64.b64decode(keys.private_key.get_secret_value())
        )
        self._preshared = base64.b64decode(keys.preshared_key.get_secret_value())
        self._ephemeral = X25519PrivateKey.generate()
        self._server = base64.b64decode(server_public_key)
        self._chain = _hash(CONSTRUCTION)
        self._transcript = _hash(_hash(self._chain, IDENTIFIER), self._server)
        self.message = self._initiation(seconds)

    def _initiation(self, seconds: float) -> bytes:
        server = X25519PublicKey.from_public_bytes(self._server)
        ephemeral = self._ephemeral.public_key().public_bytes_raw()
        self._chain = _derive(self._chain, ephemeral, 1)[0]
        self._transcript = _hash(self._transcript, ephemeral)
        static = self._seal_next(
            self._ephemeral.exchange(server), self._static.public_key().public_bytes_raw()
        )
        stamp = struct.pack(">QI", TAI64_OFFSET + int(seconds), int(seconds % 1 * 1e9))
        timestamp = self._seal_next(self._static.exchange(server), stamp)
        head = struct.pack("<II", self._types.initiation, self._index)
        body = head + ephemeral + static + timestamp
        mac_key = _hash(MAC1_LABEL, self._server)
        message = body + blake2s(body, key=mac_key, digest_size=16).digest() + NO_MAC
        assert len(message) == INITIATION_BYTES  # noqa: S101 - every field has a fixed length
        return message

    def _seal_next(self, secret: bytes, plain: bytes) -> bytes:
        self._chain, key = _derive(self._chain, secret, 2)
        sealed = ChaCha20Poly1305(key).encrypt(bytes(12), plain, self._transcript)
        self._transcript = _hash(self._transcript, sealed)
        return sealed

    def is_cookie(self, message: bytes) -> bool:
        """Whether the server asks us to prove our address first, as it does under load."""
        head = struct.pack("<II", self._types.cookie, self._index)
        return len(message) == COOKIE_BYTES and message.startswith(head)

    def session(self, message: bytes) -> "Session":
        """The session that an answer opens. Raises `NotForUs`."""
        if len(message) != RESPONSE_BYTES:
            raise NotForUs
        kind, server_index, our_index, ephemeral, empty, _macs = RESPONSE.unpack(message)
        if kind != self._types.response or our_index != self._index:
            raise NotForUs
        try:
            theirs = X25519PublicKey.from_public_bytes(ephemeral)
            chain = _derive(self._chain, ephemeral, 1)[0]
            transcript = _hash(self._transcript, ephemeral)
            chain = _derive(chain, self._ephemeral.exchange(theirs), 1)[0]
            chain = _derive(chain, self._static.exchange(theirs), 1)[0]
            chain, mixed, key = _derive(chain, self._preshared, 3)
            ChaCha20Poly1305(key).decrypt(bytes(12), empty, _hash(transcript, mixed))
        except (InvalidTag, ValueError) as error:
            raise NotForUs from error
        sending, receiving = _derive(chain, b"", 2)
        return Session(server_index, self._index, sending, receiving, self._types.transport)


class Session:
    """An open tunnel: packets in, datagrams out, and back."""

    def __init__(
        self, server_index: int, our_index: int, sending: bytes, receiving: bytes, kind: int
    ) -> None:
        self._server_index = server_index
        self._our_index = our_index
        self._sending = ChaCha20Poly1305(sending)
        self._receiving = ChaCha20Poly1305(receiving)
        self._kind = kind
        self._sent = 0

    def seal(self, packet: bytes) -> bytes:
        """The datagram that carries an IP packet; an empty one confirms the session."""
        padded = packet + bytes(-len(packet) % PACKET_PADDING)
        head = TRANSPORT_HEADER.pack(self._kind, self._server_index, self._sent)
        nonce = bytes(4) + struct.pack("<Q", self._sent)
        self._sent += 1
        return head + self._sending.encrypt(nonce, padded, b"")

    def open(self, datagram: bytes) -> bytes:
        """The IP packet in a datagram. Raises `NotForUs`."""
        if len(datagram) < TRANSPORT_HEADER.size:
            raise NotForUs
        kind, index, counter = TRANSPORT_HEADER.unpack_from(datagram)
        if kind != self._kind or index != self._our_index:
            raise NotForUs
        nonce = bytes(4) + struct.pack("<Q", counter)
        try:
            return self._receiving.decrypt(nonce, datagram[TRANSPORT_HEADER.size :], b"")
        except InvalidTag as error:
            raise NotForUs from error


def _hash(*parts: bytes) -> bytes:
    return blake2s(b"".join(parts)).digest()


def _derive(chain: bytes, secret: bytes, count: int) -> list[bytes]:
    """Noise's HKDF: that many keys of 32 bytes."""
    root = hmac.digest(chain, secret, blake2s)
    keys: list[bytes] = []
    previous = b""
    for number in range(1, count + 1):
        previous = hmac.digest(root, previous + bytes([number]), blake2s)
        keys.append(previous)
    return keys
