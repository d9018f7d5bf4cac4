"""Keys for a customer's device, made on our side so that a configuration can be handed out again.

The server never sees the private key; at rest it is encrypted (see `domain.ports.Sealer`).
"""

import base64
import os

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pydantic import SecretStr

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


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
