"""What YooKassa's objects mean to the shop, as its OpenAPI file of 2026-07-01 describes them.

Reading is tolerant: only id, status, amount and creation time must make sense. All else may be
missing, of another type or new, because the answer arrives after the money has moved.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, TypeVar

import structlog
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from domain.errors import ProviderUnavailable
from domain.ids import ProviderPaymentId, ProviderRefundId, SavedMethodId
from domain.money import Money
from domain.payments import (
    Cancellation,
    Invoice,
    PaymentSnapshot,
    PaymentStatus,
    RefundSnapshot,
    RefundStatus,
)
from infra.yookassa.answers import Json

PAGE_LIFE = timedelta(hours=1)
"""A pending payment's life for cards, SBP, YooMoney, SberPay and T-Pay
(https://yookassa.ru/developers/payment-acceptance/getting-started/payment-methods)."""

_log = structlog.get_logger(__name__)

T = TypeVar("T")


def _or_nothing(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    try:
        return validate(value)
    except ValidationError:
        return None


def _known_payment_status(status: object) -> object:
    return _known(PaymentStatus, status, PaymentStatus.PENDING)


def _known_refund_status(status: object) -> object:
    return _known(RefundStatus, status, RefundStatus.PENDING)


Tolerated = Annotated[T | None, WrapValidator(_or_nothing)]
"""A value that is nothing where it is missing or malformed."""


class AmountBody(BaseModel):
    """An amount of money."""

    value: Decimal
    currency: str

    def money(self) -> Money:
        """As the shop counts it."""
        return Money(amount=self.value, currency=self.currency)


class RecipientBody(BaseModel):
    """Who receives the money."""

    account_id: str


class ConfirmationBody(BaseModel):
    """How the payer confirms."""

    confirmation_url: str


class MethodBody(BaseModel):
    """What the payer pays with."""

    title: Tolerated[str] = None
    id: Tolerated[str] = None
    saved: Tolerated[bool] = None

    @property
    def kept(self) -> SavedMethodId | None:
        """Its id, where YooKassa keeps it for us."""
        return SavedMethodId(self.id) if self.saved and self.id else None


class MetadataBody(BaseModel):
    """What we attached to the payment."""

    purchase_id: str


class PaymentBody(BaseModel):
    """A payment."""

    id: str
    status: Annotated[PaymentStatus, BeforeValidator(_known_payment_status)]
    amount: AmountBody
    created_at: AwareDatetime
    captured_at: Tolerated[AwareDatetime] = None
    recipient: Tolerated[RecipientBody] = None
    confirmation: Tolerated[ConfirmationBody] = None
    payment_method: Tolerated[MethodBody] = None
    metadata: Tolerated[MetadataBody] = None
    cancellation_details: Tolerated[Cancellation] = None
    test: Tolerated[bool] = None


class RefundBody(BaseModel):
    """A refund."""

    id: str
    payment_id: str
    status: Annotated[RefundStatus, BeforeValidator(_known_refund_status)]
    amount: AmountBody
    cancellation_details: Tolerated[Cancellation] = None


def invoice_of(answer: Json, *, return_url: str) -> Invoice:
    """The payment page of a payment that was just made, or made earlier with the same key.

    One that has been decided meanwhile has no page; then the address leads back to the shop.

    Raises:
        ProviderUnavailable: The answer makes no sense.
    """
    payment = payment_of(answer)
    return Invoice(
        provider_payment_id=payment.provider_payment_id,
        confirmation_url=payment.confirmation_url or return_url,
        created_at=payment.created_at,
        expires_at=payment.created_at + PAGE_LIFE,
    )


def payment_of(answer: Json) -> PaymentSnapshot:
    """The payment that YooKassa describes.

    Raises:
        ProviderUnavailable: The answer makes no sense; what became of the payment is unknown.
    """
    try:
        body = PaymentBody.model_validate(answer)
        return PaymentSnapshot(
            provider_payment_id=ProviderPaymentId(body.id),
            status=body.status,
            amount=body.amount.money(),
            purchase_id=body.metadata.purchase_id if body.metadata else None,
            shop_id=body.recipient.account_id if body.recipient else None,
            cancellation=body.cancellation_details,
            created_at=body.created_at,
            captured_at=body.captured_at,
            method_title=body.payment_method.title if body.payment_method else None,
            is_test=bool(body.test),
            saved_method=body.payment_method.kept if body.payment_method else None,
            confirmation_url=body.confirmation.confirmation_url if body.confirmation else None,
        )
    except ValidationError as error:
        raise _senseless("payment", error) from None


def refund_of(answer: Json) -> RefundSnapshot:
    """The refund that YooKassa describes.

    Raises:
        ProviderUnavailable: The answer makes no sense; what became of the refund is unknown.
    """
    try:
        body = RefundBody.model_validate(answer)
        return RefundSnapshot(
            provider_refund_id=ProviderRefundId(body.id),
            provider_payment_id=ProviderPaymentId(body.payment_id),
            status=body.status,
            amount=body.amount.money(),
            cancellation=body.cancellation_details,
        )
    except ValidationError as error:
        raise _senseless("refund", error) from None


def _known(
    statuses: type[PaymentStatus] | type[RefundStatus],
    status: object,
    otherwise: PaymentStatus | RefundStatus,
) -> object:
    """A status that YooKassa invents later is neither paid nor lost yet: keep watching."""
    if isinstance(status, str) and status not in set(statuses):
        _log.warning("yookassa.unknown_status", status=status, treated_as=otherwise)
        return otherwise
    return status


def _senseless(what: str, error: ValidationError) -> ProviderUnavailable:
    places = ", ".join(".".join(map(str, problem["loc"])) for problem in error.errors())
    return ProviderUnavailable(f"YooKassa's {what} makes no sense at: {places}")
