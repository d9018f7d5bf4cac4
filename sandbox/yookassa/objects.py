"""What every object of the API is made of: amounts, moments and identifiers."""

import secrets
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, PlainSerializer

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

Timestamp = Annotated[
    datetime,
    PlainSerializer(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"),
]
"""An aware UTC moment, written with milliseconds: 2017-11-03T11:52:31.827Z."""


class ApiObject(BaseModel):
    """An immutable object that the API shows; a change makes a new one."""

    model_config = ConfigDict(frozen=True)

    def to_api(self) -> dict[str, Any]:
        """The object as JSON types, without the fields that have no value."""
        return self.model_dump(mode="json", exclude_none=True)

    def but(self, **changes: object) -> Self:
        """The same object with some fields changed."""
        return self.model_copy(update=changes)


class Amount(ApiObject):
    """Money as the API writes it: `{"value": "299.00", "currency": "RUB"}`."""

    value: Annotated[Decimal, PlainSerializer(lambda value: f"{value:.2f}")]
    currency: str

    def plus(self, other: "Amount") -> "Amount":
        """The sum of two amounts of one currency."""
        return self.but(value=self.value + other.value)

    def minus(self, other: "Amount") -> "Amount":
        """The difference of two amounts of one currency."""
        return self.but(value=self.value - other.value)


class Recipient(ApiObject):
    """The shop that a payment is for."""

    account_id: str
    gateway_id: str


def new_id(now: datetime, kind: str) -> str:
    """A 36-character id of YooKassa's shape: it looks like a UUID but has no valid version.

    Args:
        now: The moment of creation; its seconds since the year 2000 are the first part.
        kind: Four hexadecimal digits that tell kinds of objects apart.
    """
    seconds = int((now - _EPOCH).total_seconds())
    return f"{seconds:08x}-{kind}-5000-{8 + secrets.randbelow(4):x}000-{secrets.token_hex(6)}"
