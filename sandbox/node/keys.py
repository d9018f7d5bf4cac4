"""The node's own keys, kept in its directory so that they outlive a restart."""

import base64
import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey


def kept_host_key(path: Path) -> str:
    """The SSH host key in `path`, made at the first start; the public half, `ssh-ed25519 AAAA`."""
    if not path.exists():
        private = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.NoEncryption(),
        )
        write_secret(path, private)
    key = serialization.load_ssh_private_key(path.read_bytes(), password=None)
    encoding, form = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    return key.public_key().public_bytes(encoding, form).decode()


def kept_interface_key(path: Path) -> Path:
    """The WireGuard private key's file, as `wg genkey` writes it, made at the first start."""
    if not path.exists():
        write_secret(path, base64.b64encode(X25519PrivateKey.generate().private_bytes_raw()))
    return path


def write_secret(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
