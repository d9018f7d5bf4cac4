"""The demo's own secrets: random, made at the first start, kept with its data."""

import base64
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)
from pydantic import BaseModel, ConfigDict, Field


def _text() -> str:
    return secrets.token_urlsafe(32)


def _bot_token() -> str:
    return f"7000000001:{_text()}"


def _encryption_keys() -> str:
    return f"demo:{base64.b64encode(secrets.token_bytes(32)).decode()}"


def _ssh_key() -> str:
    return (
        Ed25519PrivateKey.generate()
        .private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        .decode()
    )


class DemoSecrets(BaseModel):
    """What in production the owner sets."""

    model_config = ConfigDict(frozen=True)

    bot_token: str = Field(default_factory=_bot_token)
    webhook_secret: str = Field(default_factory=_text)
    yookassa_key: str = Field(default_factory=lambda: f"test_{_text()}")
    encryption_keys: str = Field(default_factory=_encryption_keys)
    jwt_secret: str = Field(default_factory=_text)
    link_secret: str = Field(default_factory=_text)
    codec_token: str = Field(default_factory=_text)
    ssh_key: str = Field(default_factory=_ssh_key)

    @property
    def ssh_public_key(self) -> str:
        """What a VPN node lets in, as in authorized_keys."""
        key = load_ssh_private_key(self.ssh_key.encode(), password=None)
        return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def kept_secrets(data: Path) -> DemoSecrets:
    """The secrets of this data directory; made now if it is new."""
    path = data / "secrets.json"
    if path.exists():
        return DemoSecrets.model_validate_json(path.read_bytes())
    made = DemoSecrets()
    # Renamed when it is whole: a start that is interrupted leaves no half of it.
    draft = path.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(made.model_dump_json(indent=2))
    draft.replace(path)
    return made
