"""What is sent and answered about payments."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.v1.payment_status import PaymentStatus, failure_reason, payment_status
from api.v1.users import TelegramId, Username
from domain.customers import EMAIL_LENGTH, EMAIL_PATTERN
from domain.money import Currency
from domain.payments import Invoice
from domain.pricing import Discount, DiscountReason
from domain.purchases import PurchaseRecord, PurchaseStage

_EXAMPLE_ID = "6f1c2f4e-8f0e-4d57-9a35-6f6f6b1f7d10"

LARGEST_PLAN_ID = 2**31 - 1


class PaymentMethod(StrEnum):
    """How to pay. The shop is set up for cards; the payment page asks for one."""

    BANK_CARD = "bank_card"


_METHOD = Field(description="Cards, also when left out: nothing else is offered.")


class PaymentRequest(BaseModel):
    """An order for a tariff. Price and currency are the customer's; given ones have to agree."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user_id": 700000001,
                    "telegram_username": "anna",
                    "tariff_id": 1,
                    "amount": "299.00",
                    "currency": "RUB",
                }
            ]
        }
    )

    user_id: TelegramId
    telegram_username: Username | None = None
    """For a customer who was never here before."""
    tariff_id: Annotated[int, Field(gt=0, le=LARGEST_PLAN_ID)]
    tariff_name: Annotated[str, Field(max_length=200)] | None = None
    """For the caller's own log; the tariff's name is the shop's."""
    amount: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)] | None = None
    currency: Currency | None = None
    description: Annotated[str, Field(max_length=128)] | None = None
    """For the caller's own log; the payer reads the tariff's name."""
    email: Annotated[str, Field(max_length=EMAIL_LENGTH, pattern=EMAIL_PATTERN)] | None = None
    """Where the receipt (54-FZ) goes; needed where receipts are on and none is known yet."""
    promo_code: Annotated[str, Field(max_length=64)] | None = None
    """Entered for the customer, as in the bot: it counts until it is used or replaced."""
    payment_method: Annotated[PaymentMethod | None, _METHOD] = None


class RetryRequest(BaseModel):
    """Another try at paying for the same order."""

    payment_method: Annotated[PaymentMethod | None, _METHOD] = None


class PriceCut(BaseModel):
    """Something that came off the tariff's price, or days on top of it."""

    reason: DiscountReason
    saved: Decimal
    percent: int | None
    days: int
    code: str | None


class Payment(BaseModel):
    """A payment as it stands."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "payment_id": _EXAMPLE_ID,
                    "user_id": 700000001,
                    "tariff_id": 1,
                    "payment_status": "pending",
                    "amount": "299.00",
                    "currency": "RUB",
                    "full_amount": "299.00",
                    "discounts": [],
                    "duration_days": 30,
                    "confirmation_url": "https://yoomoney.ru/checkout/payments/v2/contract?orderId=2f",
                    "failure_reason": None,
                    "created_at": "2026-11-22T10:00:00Z",
                    "expires_at": "2026-11-22T11:00:00Z",
                }
            ]
        }
    )

    payment_id: UUID
    user_id: int
    tariff_id: int
    payment_status: PaymentStatus
    amount: Decimal
    currency: str
    full_amount: Decimal
    """The tariff's price, before what came off."""
    discounts: list[PriceCut] = []
    duration_days: int
    """The days that it buys, with those that a code puts on top."""
    confirmation_url: str | None
    """The page where the customer pays, while it is open."""
    failure_reason: str | None = None
    """In words, when the payment failed or led to no access."""
    created_at: datetime
    expires_at: datetime | None
    """When the payment page closes."""


def payment_document(record: PurchaseRecord) -> Payment:
    """The payment as the ledger knows it."""
    order = record.order
    is_open = record.stage is PurchaseStage.AWAITING_PAYMENT
    return Payment(
        payment_id=order.purchase_id,
        user_id=order.user_id,
        tariff_id=order.plan_id,
        payment_status=payment_status(record.stage),
        amount=order.price.amount,
        currency=order.price.currency,
        full_amount=order.list_price.amount,
        duration_days=order.duration.days,
        discounts=[_price_cut(discount) for discount in order.discounts],
        confirmation_url=record.confirmation_url if is_open else None,
        failure_reason=failure_reason(record),
        created_at=record.created_at,
        expires_at=record.expires_at if is_open else None,
    )


def _price_cut(discount: Discount) -> PriceCut:
    return PriceCut(
        reason=discount.reason,
        saved=discount.saved.amount,
        percent=discount.percent,
        days=discount.days,
        code=discount.code,
    )


def pending_document(record: PurchaseRecord, invoice: Invoice) -> Payment:
    """The payment with a page that is newer than the record."""
    return payment_document(record).model_copy(
        update={
            "payment_status": PaymentStatus.PENDING,
            "confirmation_url": invoice.confirmation_url,
            "failure_reason": None,
            "expires_at": invoice.expires_at,
        }
    )
