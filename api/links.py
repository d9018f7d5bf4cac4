"""Addresses of a device's configuration file and QR picture: signed, and good for a while only.

Whoever holds such an address holds the device's keys, so it is never logged, and it is signed
with a secret of its own.
"""

from datetime import datetime, timedelta
from uuid import UUID

import jwt
from pydantic import BaseModel, Field, SecretStr

from domain.ids import DeviceId

SHORTEST_LIFE = timedelta(minutes=15)
LONGEST_LIFE = timedelta(hours=24)
DEFAULT_LIFE = timedelta(hours=1)

CONFIG_FILE = "wireguard.conf"
QR_FILE = "qr.png"

_AUDIENCE = "config"
_ALGORITHM = "HS256"


class LinkUnknown(Exception):
    """The address was never given out, or was changed."""


class LinkExpired(Exception):
    """The address was good once."""


class ConfigAddresses(BaseModel):
    """Where a device's configuration can be fetched for a while."""

    config_url: str = Field(examples=["https://shop.example.com/c/eyJ.../wireguard.conf"])
    config_qr_code_url: str = Field(examples=["https://shop.example.com/c/eyJ.../qr.png"])


class ConfigLinks:
    """Gives out addresses and recognises its own."""

    def __init__(self, secret: SecretStr, base_url: str, life: timedelta = DEFAULT_LIFE) -> None:
        """Make a desk that signs.

        Args:
            secret: Signs the addresses; at least 32 bytes, used for nothing else.
            base_url: The shop's public address, without a trailing slash.
            life: How long an address is good: 15 minutes to 24 hours.
        """
        if not SHORTEST_LIFE <= life <= LONGEST_LIFE:
            raise ValueError(f"a link lives {SHORTEST_LIFE} to {LONGEST_LIFE}, not {life}")
        self._secret = secret
        self._base_url = base_url
        self._life = life

    def addresses_of(self, device_id: DeviceId, now: datetime) -> ConfigAddresses:
        """The device's addresses, good from `now` on."""
        claims = {"aud": _AUDIENCE, "sub": str(device_id), "exp": now + self._life}
        token = jwt.encode(claims, self._secret.get_secret_value(), algorithm=_ALGORITHM)
        return ConfigAddresses(
            config_url=f"{self._base_url}/c/{token}/{CONFIG_FILE}",
            config_qr_code_url=f"{self._base_url}/c/{token}/{QR_FILE}",
        )

    def device_of(self, token: str) -> DeviceId:
        """The device that an address was given out for.

        Raises:
            LinkUnknown: Not one of ours.
            LinkExpired: One of ours, too late.
        """
        try:
            claims = jwt.decode(
                token,
                self._secret.get_secret_value(),
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                options={"require": ["aud", "sub", "exp"]},
            )
            return DeviceId(UUID(claims["sub"]))
        except jwt.ExpiredSignatureError:
            raise LinkExpired from None
        except (jwt.InvalidTokenError, ValueError):
            raise LinkUnknown from None
