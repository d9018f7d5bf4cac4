"""Payments: what the API calls a purchase and its payment page. `payment_id` is the purchase's."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID, uuid4, uuid5

import structlog
from fastapi import APIRouter, Header
from pydantic import BaseModel, ConfigDict, Field

from api.parts import ApiParts, PartsDep
from api.problems import Kind, Refusal, documented
from api.tokens import ServiceDep
from api.v1.payment_status import PaymentStatus, failure_reason, payment_status
from api.v1.users import TelegramId, Username
from domain.customers import Customer, Introduction
from domain.errors import ProviderUnavailable
from domain.ids import PlanId, PurchaseId, UserId
from domain.money import Currency
from domain.payments import Invoice
from domain.plans import Plan
from domain.purchases import PurchaseOrder, PurchaseRecord

router = APIRouter(prefix="/api/v1/payments", tags=["payments"])

_IDEMPOTENCY_NAMESPACE = UUID("2f6ab0c8-4a0f-4f57-9d6a-0f0f9f1a9d3e")
"""Where purchase ids come from that are derived from an Idempotency-Key. Never change it."""

_EXAMPLE_ID = "6f1c2f4e-8f0e-4d57-9a35-6f6f6b1f7d10"

LARGEST_PLAN_ID = 2**31 - 1


class PaymentRequest(BaseModel):
    """An order for a tariff. Price and currency are the tariff's; given ones have to agree."""

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
    payment_method: Annotated[str, Field(max_length=50)] | None = None
    """A wish; the payer chooses on the payment page."""


class RetryRequest(BaseModel):
    """Another try at paying for the same order."""

    payment_method: Annotated[str, Field(max_length=50)] | None = None
    """A wish; the payer chooses on the payment page."""


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
    confirmation_url: str | None
    """The page where the customer pays."""
    failure_reason: str | None = None
    """In words, when the payment failed or led to no access."""
    created_at: datetime
    expires_at: datetime | None
    """When the payment page closes."""


IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=128,
        description="With the same key and user, a repeat returns the same payment.",
        examples=["order-1042"],
    ),
]


@router.post(
    "/create",
    summary="Order a tariff",
    status_code=201,
    responses=documented(
        Kind.UNKNOWN_TARIFF,
        Kind.PRICE_MISMATCH,
        Kind.UNAUTHENTICATED,
        Kind.REFUSED,
        Kind.MALFORMED,
        Kind.KEY_REUSED,
        Kind.PROVIDER_AWAY,
        Kind.SHOP_AWAY,
    ),
)
async def create(
    request: PaymentRequest,
    _service: ServiceDep,
    parts: PartsDep,
    idempotency_key: IdempotencyKey = None,
) -> Payment:
    """Begins a purchase and answers with its payment page; an unknown user is registered.

    Send an `Idempotency-Key`, so that a repeat after a lost answer is the same purchase.
    """
    purchase_id = _purchase_id(request.user_id, idempotency_key)
    structlog.contextvars.bind_contextvars(purchase_id=str(purchase_id))
    earlier = await parts.purchases.find(purchase_id) if idempotency_key else None
    if earlier is None:
        earlier = await _open(purchase_id, request, parts)
    if earlier.order.plan_id != request.tariff_id:
        raise Refusal(Kind.KEY_REUSED, f"the key ordered tariff {earlier.order.plan_id}")
    return await _with_payment_page(earlier, parts)


@router.get(
    "/{payment_id}",
    summary="A payment as it stands",
    responses=documented(Kind.UNAUTHENTICATED, Kind.NOT_FOUND, Kind.MALFORMED, Kind.SHOP_AWAY),
)
async def payment(payment_id: UUID, _service: ServiceDep, parts: PartsDep) -> Payment:
    """From the ledger, which follows the payment provider within seconds."""
    return _payment(await purchase_record(payment_id, parts))


@router.post(
    "/{payment_id}/retry",
    summary="Try again to pay",
    responses=documented(
        Kind.UNAUTHENTICATED,
        Kind.NOT_FOUND,
        Kind.ALREADY_PAID,
        Kind.REFUSED,
        Kind.MALFORMED,
        Kind.PROVIDER_AWAY,
        Kind.SHOP_AWAY,
    ),
)
async def retry(
    payment_id: UUID,
    _service: ServiceDep,
    parts: PartsDep,
    _request: RetryRequest | None = None,
) -> Payment:
    """A fresh payment page after a decline or expiry; the open one while it is still good."""
    record = await purchase_record(payment_id, parts)
    if payment_status(record.stage) is PaymentStatus.PENDING:
        return await _with_payment_page(record, parts)
    if record.stage.is_paid:
        raise Refusal(Kind.ALREADY_PAID)
    if not record.stage.is_unpaid_end:
        raise Refusal(Kind.REFUSED, failure_reason(record))
    again = record.order.model_copy(update={"attempt": record.attempt + 1})
    return _pending(record, await _invoice(again, parts))


async def purchase_record(payment_id: UUID, parts: ApiParts) -> PurchaseRecord:
    """The purchase that the API calls by this payment id. Refuses with 404."""
    structlog.contextvars.bind_contextvars(purchase_id=str(payment_id))
    record = await parts.purchases.find(PurchaseId(payment_id))
    if record is None:
        raise Refusal(Kind.NOT_FOUND, f"there is no payment {payment_id}")
    return record


def _purchase_id(user_id: int, idempotency_key: str | None) -> PurchaseId:
    if idempotency_key is None:
        return PurchaseId(uuid4())
    return PurchaseId(uuid5(_IDEMPOTENCY_NAMESPACE, f"{user_id}/{idempotency_key}"))


async def _open(
    purchase_id: PurchaseId, request: PaymentRequest, parts: ApiParts
) -> PurchaseRecord:
    """Write the order down; when two requests race with one key, the first one's order holds."""
    plan = await _agreed_plan(request, parts)
    customer = await _customer(request, parts)
    now = parts.clock()
    order = _order(purchase_id, plan, customer, parts)
    if await parts.purchases.open(order, now):
        parts.metrics.note_purchase()
    return await purchase_record(purchase_id, parts)


async def _agreed_plan(request: PaymentRequest, parts: ApiParts) -> Plan:
    plan = await parts.plans.find(PlanId(request.tariff_id))
    if plan is None:
        raise Refusal(Kind.UNKNOWN_TARIFF, f"tariff {request.tariff_id} is not on offer")
    if request.amount not in {None, plan.price.amount}:
        raise Refusal(Kind.PRICE_MISMATCH, f"the tariff costs {plan.price}")
    if request.currency not in {None, plan.price.currency}:
        raise Refusal(Kind.PRICE_MISMATCH, f"the tariff costs {plan.price}")
    return plan


async def _customer(request: PaymentRequest, parts: ApiParts) -> Customer:
    user_id = UserId(request.user_id)
    known = await parts.customers.find(user_id)
    if known is not None:
        return known
    introduction = Introduction(user_id=user_id, username=request.telegram_username)
    return await parts.customers.greet(introduction, parts.clock())


def _order(
    purchase_id: PurchaseId, plan: Plan, customer: Customer, parts: ApiParts
) -> PurchaseOrder:
    return PurchaseOrder(
        purchase_id=purchase_id,
        user_id=customer.user_id,
        plan_id=plan.plan_id,
        plan_name=plan.name.within(customer.language),
        price=plan.price,
        duration=plan.duration,
        language=customer.language,
        receipt_email=customer.email,
        policy=parts.options.policy,
    )


async def _with_payment_page(record: PurchaseRecord, parts: ApiParts) -> Payment:
    """The payment as it stands, waiting for its page if it has none yet."""
    is_pending = payment_status(record.stage) is PaymentStatus.PENDING
    if record.confirmation_url is not None or not is_pending:
        return _payment(record)
    order = record.order.model_copy(update={"attempt": record.attempt})
    return _pending(record, await _invoice(order, parts))


async def _invoice(order: PurchaseOrder, parts: ApiParts) -> Invoice:
    try:
        return await parts.starter.invoice(order, parts.options.invoice_patience)
    except ProviderUnavailable as error:
        raise Refusal(
            Kind.PROVIDER_AWAY,
            f"payment {order.purchase_id} is begun and its page is still being made: repeat "
            "with the same Idempotency-Key, or ask for the payment",
            retry_after=error.retry_after,
        ) from error


def _payment(record: PurchaseRecord) -> Payment:
    order = record.order
    return Payment(
        payment_id=order.purchase_id,
        user_id=order.user_id,
        tariff_id=order.plan_id,
        payment_status=payment_status(record.stage),
        amount=order.price.amount,
        currency=order.price.currency,
        confirmation_url=record.confirmation_url,
        failure_reason=failure_reason(record),
        created_at=record.created_at,
        expires_at=record.expires_at,
    )


def _pending(record: PurchaseRecord, invoice: Invoice) -> Payment:
    """The payment with a page that is newer than the record."""
    return _payment(record).model_copy(
        update={
            "payment_status": PaymentStatus.PENDING,
            "confirmation_url": invoice.confirmation_url,
            "failure_reason": None,
            "expires_at": invoice.expires_at,
        }
    )
