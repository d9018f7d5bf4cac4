"""What a shop may send, with the limits of the official OpenAPI file."""

from decimal import Decimal
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from sandbox.yookassa.bodies import AskedAmount, Body, Metadata
from sandbox.yookassa.payments import Locale
from sandbox.yookassa.receipts import Receipt

_CARD_LIMITS = (Decimal(1), Decimal(350_000))


def _payable_by_card(amount: AskedAmount) -> AskedAmount:
    lowest, highest = _CARD_LIMITS
    if not lowest <= amount.value <= highest:
        raise PydanticCustomError("amount", "Card payments are from 1.00 to 350000.00 RUB")
    return amount


def _somewhere_to_go(url: str) -> str:
    parts = urlsplit(url)
    if not parts.scheme or not parts.netloc or parts.scheme == "javascript":
        raise PydanticCustomError("url", "return_url must be an address with its scheme")
    return url


class RedirectConfirmation(Body):
    """The payer is sent to YooKassa's page and back."""

    type: Literal["redirect"]
    return_url: Annotated[str, StringConstraints(max_length=2048), AfterValidator(_somewhere_to_go)]
    locale: Annotated[Locale, Field(strict=False)] = Locale.RUSSIAN


class MethodData(Body):
    """The means that the payer must use; a test shop has no SBP, the sandbox only cards."""

    type: Literal["bank_card"]


class PaymentRequest(Body):
    """Body of `POST /payments`."""

    amount: Annotated[AskedAmount, AfterValidator(_payable_by_card)]
    capture: bool = False
    description: Annotated[str, StringConstraints(max_length=128)] | None = None
    confirmation: RedirectConfirmation | None = None
    metadata: Metadata | None = None
    merchant_customer_id: Annotated[str, StringConstraints(max_length=200)] | None = None
    save_payment_method: bool | None = None
    """Left out, the page offers the payer to save the card."""
    payment_method_id: str | None = None
    payment_method_data: MethodData | None = None
    receipt: Receipt | None = None

    @model_validator(mode="after")
    def _says_how_to_pay(self) -> Self:
        if self.payment_method_id is None and self.confirmation is None:
            raise PydanticCustomError("how", "Pass confirmation, or a saved payment_method_id")
        return self


class CaptureRequest(Body):
    """Body of `POST /payments/{id}/capture`; empty for the whole amount."""

    amount: AskedAmount | None = None
    receipt: Receipt | None = None


class CancelRequest(Body):
    """Body of `POST /payments/{id}/cancel`: nothing."""


class RefundRequest(Body):
    """Body of `POST /refunds`."""

    payment_id: Annotated[str, StringConstraints(min_length=36, max_length=36)]
    amount: AskedAmount
    description: Annotated[str, StringConstraints(max_length=250)] | None = None
    metadata: Metadata | None = None
    receipt: Receipt | None = None
