"""The kinds of values that settings have, as they are written in the environment."""

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_SHORTEST_SECRET = 32


def _as_base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("expected an http:// or https:// address")
    return text.rstrip("/")


def _long_enough(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value().encode()) < _SHORTEST_SECRET:
        raise ValueError(f"expected at least {_SHORTEST_SECRET} bytes")
    return secret


def _split_at_commas(value: object) -> object:
    if isinstance(value, str):
        return [item.strip() for item in value.split(",") if item.strip()]
    return value


def _as_seconds(value: object) -> object:
    if isinstance(value, str):
        try:
            return timedelta(seconds=float(value))
        except (ValueError, OverflowError):
            raise ValueError("expected a number of seconds") from None
    return value


BaseUrl = Annotated[str, AfterValidator(_as_base_url)]
"""An http(s) address without the trailing slash."""

LongSecret = Annotated[SecretStr, AfterValidator(_long_enough)]
"""At least 32 bytes, the key size of HMAC-SHA256 (RFC 7518, 3.2)."""

Networks = Annotated[
    tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_split_at_commas)
]
"""Written as a comma list of CIDRs; a bare address is a network of one."""

Seconds = Annotated[timedelta, BeforeValidator(_as_seconds), Field(gt=timedelta(0))]
"""A time that is written as a number of seconds."""

Port = Annotated[int, Field(ge=0, le=65535)]


class SettingsGroup(BaseSettings):
    """A frozen group of settings; take it with `load`."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        populate_by_name=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )
