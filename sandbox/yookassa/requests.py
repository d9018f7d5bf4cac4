"""What a shop may send, with the limits of the official OpenAPI file."""

import re
from decimal import Decimal
from typing import Annotated, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from sandbox.yookassa.objects import Amount
from sandbox.yookassa.payments import Locale
from sandbox.yookassa.refusals import Refusal, invalid_request

SHOP_CURRENCY = "RUB"

MOST_RECEIPT_ITEMS = 80
"""The limit of «Чеки от ЮKassa»; third-party registers take 100."""

_FRACTIONAL = re.compile(r"\d{1,10}\.\d{2}")
_CARD_LIMITS = (Decimal(1), Decimal(350_000))
_ATOM = r"[^@\s.,;:<>()\[\]]+"
_EMAIL = re.compile(rf"^{_ATOM}(\.{_ATOM})*@({_ATOM}\.)+{_ATOM}$")


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


def _payable_by_card(amount: "AskedAmount") -> "AskedAmount":
    lowest, highest = _CARD_LIMITS
    if not lowest <= amount.value <= highest:
        raise PydanticCustomError("amount", "Card payments are from 1.00 to 350000.00 RUB")
    return amount


class _Request(BaseModel):
    """Strict about what it knows, silent about the rest: the API has more than the sandbox."""

    model_config = ConfigDict(frozen=True, strict=True)


class AskedAmount(_Request):
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


class ReceiptCustomer(_Request):
    """Who gets the receipt; «Чеки от ЮKassa» deliver by e-mail only, others by phone too."""

    full_name: str | None = None
    inn: Annotated[str, StringConstraints(pattern=r"^(\d{10}|\d{12})$")] | None = None
    email: Annotated[str, StringConstraints(max_length=254, pattern=_EMAIL.pattern)] | None = None
    phone: Annotated[str, StringConstraints(pattern=r"^[0-9]{4,15}$")] | None = None

    @model_validator(mode="after")
    def _has_contact(self) -> Self:
        if not self.email and not self.phone:
            raise PydanticCustomError("contact", "Receipt needs customer.email or customer.phone")
        return self


class ReceiptItem(_Request):
    """A line of a receipt."""

    description: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    quantity: Annotated[Decimal, Field(gt=0, strict=False)]
    amount: AskedAmount
    vat_code: Annotated[int, Field(ge=1, le=12)]
    payment_subject: str | None = None
    payment_mode: str | None = None

    @property
    def cost(self) -> Decimal:
        """The price of the whole line."""
        return self.amount.value * self.quantity


class Receipt(_Request):
    """Data for a 54-FZ receipt."""

    customer: ReceiptCustomer
    items: Annotated[tuple[ReceiptItem, ...], Field(min_length=1, max_length=MOST_RECEIPT_ITEMS)]
    tax_system_code: Annotated[int, Field(ge=1, le=6)] | None = None

    def require_total(self, amount: Amount) -> None:
        """Raise Refusal unless the lines add up to the payment's amount."""
        if sum(item.cost for item in self.items) != amount.value:
            raise invalid_request("Receipt total differs from the amount.", "receipt.items")


class RedirectConfirmation(_Request):
    """The payer is sent to YooKassa's page and back."""

    type: Literal["redirect"]
    return_url: Annotated[str, StringConstraints(min_length=1, max_length=2048)]
    locale: Annotated[Locale, Field(strict=False)] = Locale.RUSSIAN


class MethodData(_Request):
    """The means that the payer must use; a test shop has no SBP, the sandbox only cards."""

    type: Literal["bank_card"]


class PaymentRequest(_Request):
    """Body of `POST /payments`."""

    amount: Annotated[AskedAmount, AfterValidator(_payable_by_card)]
    capture: bool = False
    description: Annotated[str, StringConstraints(max_length=128)] | None = None
    confirmation: RedirectConfirmation | None = None
    metadata: Metadata | None = None
    merchant_customer_id: Annotated[str, StringConstraints(max_length=200)] | None = None
    save_payment_method: bool = False
    payment_method_id: str | None = None
    payment_method_data: MethodData | None = None
    receipt: Receipt | None = None

    @model_validator(mode="after")
    def _says_how_to_pay(self) -> Self:
        if self.payment_method_id is None and self.confirmation is None:
            raise PydanticCustomError("how", "Pass confirmation, or a saved payment_method_id")
        return self


class CaptureRequest(_Request):
    """Body of `POST /payments/{id}/capture`; empty for the whole amount."""

    amount: AskedAmount | None = None
    receipt: Receipt | None = None


class CancelRequest(_Request):
    """Body of `POST /payments/{id}/cancel`: nothing."""


class RefundRequest(_Request):
    """Body of `POST /refunds`."""

    payment_id: Annotated[str, StringConstraints(min_length=36, max_length=36)]
    amount: AskedAmount
    description: Annotated[str, StringConstraints(max_length=250)] | None = None
    metadata: Metadata | None = None
    receipt: Receipt | None = None


RequestT = TypeVar("RequestT", bound=_Request)


def parse(model: type[RequestT], body: bytes) -> RequestT:
    """Read a request's JSON; raises Refusal with the first offending parameter."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _refusal(error.errors(include_url=False, include_context=False)[0]) from None


def _refusal(detail: ErrorDetails) -> Refusal:
    parameter = ".".join(str(part) for part in detail["loc"] if part != "[key]")
    return invalid_request(f"{detail['msg']}.", parameter or None)
