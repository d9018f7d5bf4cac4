"""WireGuard keys, made on our side: a configuration can be handed out again, a server rebuilt.

A server never sees a device's private key; at rest all are encrypted (see `domain.ports.Sealer`).
"""

import base64
import os
import secrets

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pydantic import SecretStr

from domain.obfuscation import PLAIN_MESSAGE_TYPES, Obfuscation
from domain.servers import DeviceKeys

PRESHARED_KEY_BYTES = 32


def new_device_keys() -> DeviceKeys:
    """A fresh X25519 key pair and pre-shared key, as `wg genkey`, `pubkey` and `genpsk` make them.

    Curve25519 clamps a private key when it is used (RFC 7748, section 5), so the 32 random bytes
    are kept as they are and agree with `wg pubkey`.
    """
    private_key = X25519PrivateKey.generate()
    return DeviceKeys(
        public_key=_base64(private_key.public_key().public_bytes_raw()),
        private_key=SecretStr(_base64(private_key.private_bytes_raw())),
        preshared_key=SecretStr(_base64(os.urandom(PRESHARED_KEY_BYTES))),
    )


def new_private_key() -> SecretStr:
    """A fresh private key, for a server."""
    return SecretStr(_base64(X25519PrivateKey.generate().private_bytes_raw()))


def new_obfuscation() -> Obfuscation:
    """Parameters of AmneziaWG for a new server, unlike any other's: a pattern could be blocked."""
    first, second = secrets.randbelow(120) + 15, secrets.randbelow(40) + 10
    headers = secrets.SystemRandom().sample(range(PLAIN_MESSAGE_TYPES + 1, 2**31), 4)
    h1, h2, h3, h4 = headers
    return Obfuscation(s1=first, s2=first + second, h1=h1, h2=h2, h3=h3, h4=h4)


def public_key_of(private_key: SecretStr) -> str:
    """What `wg pubkey` makes of a private key. Raises `ValueError` when it is none."""
    raw = base64.b64decode(private_key.get_secret_value(), validate=True)
    return _base64(X25519PrivateKey.from_private_bytes(raw).public_key().public_bytes_raw())


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
