"""Money: a decimal amount and its ISO 4217 currency."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from pydantic import Field, field_validator

from domain.model import Value

KOPECK = Decimal("0.01")

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code. Open, because a provider may report a currency that we never asked for."""

ROUBLE: Currency = "RUB"

STAR: Currency = "XTR"
"""Telegram Stars, as the Bot API names them; there are no parts of one."""


class Money(Value):
    """A non-negative amount in whole units of its currency, exact to two decimals."""

    amount: Annotated[Decimal, Field(ge=0, max_digits=12)]
    currency: Currency = ROUBLE

    @field_validator("amount")
    @classmethod
    def _to_kopecks(cls, amount: Decimal) -> Decimal:
        rounded = amount.quantize(KOPECK, rounding=ROUND_HALF_UP)
        if rounded != amount:
            raise ValueError(f"{amount} has a fraction of a kopeck")
        return rounded

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


def roubles(amount: str | int | Decimal) -> Money:
    """`roubles("299.00")`: an amount in roubles."""
    return Money(amount=Decimal(amount))


def stars(amount: int) -> Money:
    """`stars(250)`: an amount in Telegram Stars."""
    return Money(amount=Decimal(amount), currency=STAR)
