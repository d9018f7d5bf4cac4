"""Encryption at rest with a ring of keys, so that a key can be replaced without a stop.

To rotate: put a new entry first (it seals from now on), re-seal at leisure, drop the old entry
when nothing is sealed with it any more.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = 1
_KEY_BYTES = 32
_NONCE_BYTES = 12
"""96 bits, as NIST SP 800-38D advises for AES-GCM; random, so good for 2^32 seals of one key."""

_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class KeyRing:
    """AES-256-GCM under the ring's first key; opens what any key of the ring has sealed.

    A sealed value is: version (1 byte), length of the key id (1 byte), key id (ASCII),
    nonce (12 bytes), ciphertext with its tag. The header is authenticated with the context.
    """

    def __init__(self, keys: dict[str, bytes]) -> None:
        if not keys:
            raise ValueError("the key ring is empty: give at least one id:key entry")
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._marking = tuple(_marking_key(key) for key in keys.values())
        self._sealing_id = next(iter(keys))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The ring written as `id:base64-of-32-bytes,id:...`; the first entry seals.

        Raises:
            ValueError: An entry is malformed; the message names its id or position, never a key.
        """
        keys: dict[str, bytes] = {}
        entries = [entry.strip() for entry in text.split(",") if entry.strip()]
        for position, entry in enumerate(entries, start=1):
            key_id, key = _parse_entry(entry, position)
            if key_id in keys:
                raise ValueError(f"key id {key_id!r} appears twice")
            keys[key_id] = key
        return cls(keys)

    @staticmethod
    def generate_entry(key_id: str) -> str:
        """A new random entry for `parse`: `id:base64-of-32-bytes`. Secret."""
        if not _KEY_ID.fullmatch(key_id):
            raise ValueError("a key id is 1 to 64 of A-Z a-z 0-9 _ -")
        return f"{key_id}:{base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()}"

    def seal(self, plain: bytes, *, context: bytes) -> bytes:
        """Encrypt with the first key; `context` is authenticated, not stored."""
        header = _header(self._sealing_id)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        cipher = self._ciphers[self._sealing_id]
        return header + nonce + cipher.encrypt(nonce, plain, header + context)

    def unseal(self, sealed: bytes, *, context: bytes) -> bytes:
        """Decrypt with whichever key of the ring sealed it.

        Raises:
            ValueError: The value was not sealed by `seal`, its key is not in the ring (the
                message says which), it was altered, or the context is another.
        """
        key_id = sealing_key_of(sealed)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise ValueError(f"sealed with key {key_id!r}, which is not in ENCRYPTION_KEYS")
        header = _header(key_id)
        nonce_end = len(header) + _NONCE_BYTES
        nonce, ciphertext = sealed[len(header) : nonce_end], sealed[nonce_end:]
        try:
            return cipher.decrypt(nonce, ciphertext, header + context)
        except (InvalidTag, ValueError) as error:
            # ValueError: the nonce itself was cut short.
            raise ValueError(
                f"does not open with key {key_id!r}: altered, cut, or sealed for another context"
            ) from error

    def mark(self, value: str) -> str:
        """A keyed hash by the first key: recognises the value, tells nothing without the key."""
        return self.marks(value)[0]

    def marks(self, value: str) -> tuple[str, ...]:
        """The value's marks by every key of the ring, the first key's first."""
        return tuple(
            hmac.new(key, value.encode(), hashlib.sha256).hexdigest() for key in self._marking
        )


def sealing_key_of(sealed: bytes) -> str:
    """The id of the key that sealed a value, for finding what is left to re-seal.

    Raises:
        ValueError: The value was not sealed by `KeyRing.seal`.
    """
    if len(sealed) < 2 or sealed[0] != _VERSION:  # noqa: PLR2004  # version and length bytes
        raise ValueError("not a sealed value: the version byte is missing or unknown")
    key_id = sealed[2 : 2 + sealed[1]].decode("ascii", errors="replace")
    if len(key_id) != sealed[1] or not _KEY_ID.fullmatch(key_id):
        raise ValueError("not a sealed value: the key id is cut or malformed")
    return key_id


def _marking_key(key: bytes) -> bytes:
    """A key of its own for marks, so that no key serves two purposes (NIST SP 800-57, 5.2)."""
    return hmac.new(key, b"wgshop: marks of former customers", hashlib.sha256).digest()


def _header(key_id: str) -> bytes:
    return bytes((_VERSION, len(key_id))) + key_id.encode("ascii")


def _parse_entry(entry: str, position: int) -> tuple[str, bytes]:
    key_id, separator, encoded = entry.partition(":")
    if not separator or not _KEY_ID.fullmatch(key_id):
        raise ValueError(f"entry {position} is not id:base64, with an id of A-Z a-z 0-9 _ -")
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        # `from None`: the chained error's frames hold the key.
        raise ValueError(f"the key {key_id!r} is not base64") from None
    if len(key) != _KEY_BYTES:
        raise ValueError(f"the key {key_id!r} has {len(key)} bytes, not {_KEY_BYTES}")
    return key_id, key
