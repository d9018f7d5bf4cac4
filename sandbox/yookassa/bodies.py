"""What every request body is made of: strict fields, amounts, metadata, and a refusal by name."""

import re
from decimal import Decimal
from typing import Annotated, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from sandbox.yookassa.objects import Amount
from sandbox.yookassa.refusals import Refusal, invalid_request

SHOP_CURRENCY = "RUB"

_FRACTIONAL = re.compile(r"\d{1,10}\.\d{2}")


def _fractional(value: object) -> object:
    if not isinstance(value, str) or not _FRACTIONAL.fullmatch(value):
        raise PydanticCustomError(
            "amount", "Amount must be a string with a dot and two digits after it: 100.00"
        )
    return value


def _shop_currency(value: str) -> str:
    if value != SHOP_CURRENCY:
        raise PydanticCustomError("currency", "Currency is not available to this shop: use RUB")
    return value


class Body(BaseModel):
    """Strict about what it knows, silent about the rest: the API has more than the sandbox."""

    model_config = ConfigDict(frozen=True, strict=True)


class AskedAmount(Body):
    """An amount as a shop must write it."""

    value: Annotated[Decimal, BeforeValidator(_fractional), Field(gt=0, strict=False)]
    currency: Annotated[str, AfterValidator(_shop_currency)]

    def to_amount(self) -> Amount:
        """The amount as the API's objects hold it."""
        return Amount(value=self.value, currency=self.currency)


Metadata = Annotated[
    dict[
        Annotated[str, StringConstraints(max_length=32)],
        Annotated[str, StringConstraints(max_length=512)],
    ],
    Field(max_length=16),
]
"""The shop's own data: at most 16 keys of 32 characters with values of 512."""

BodyT = TypeVar("BodyT", bound=Body)


def parse(model: type[BodyT], body: bytes) -> BodyT:
    """Read a request's JSON; raises Refusal with the first offending parameter."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _refusal(error.errors(include_url=False, include_context=False)[0]) from None


def _refusal(detail: ErrorDetails) -> Refusal:
    parameter = ".".join(str(part) for part in detail["loc"] if part != "[key]")
    return invalid_request(f"{detail['msg']}.", parameter or None)
