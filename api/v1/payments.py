"""Payments: what the API calls a purchase and its payment page. `payment_id` is the purchase's."""

from typing import Annotated
from uuid import UUID

import structlog
from fastapi import APIRouter, Header

from api.parts import ApiParts, PartsDep
from api.problems import Kind, Refusal, documented
from api.tokens import ServiceDep
from api.v1.ordering import open_order, purchase_id_for, purchase_record
from api.v1.payment_documents import (
    Payment,
    PaymentRequest,
    RetryRequest,
    payment_document,
    pending_document,
)
from api.v1.payment_status import PaymentStatus, failure_reason, payment_status
from domain.errors import ProviderUnavailable
from domain.payments import Invoice
from domain.purchases import PurchaseOrder, PurchaseRecord, PurchaseStage

router = APIRouter(prefix="/api/v1/payments", tags=["payments"])

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
        Kind.PROMO_REFUSED,
        Kind.EMAIL_NEEDED,
        Kind.UNAUTHENTICATED,
        Kind.SOLD_OUT,
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
    purchase_id = purchase_id_for(request.user_id, idempotency_key)
    structlog.contextvars.bind_contextvars(purchase_id=str(purchase_id))
    earlier = await parts.purchases.find(purchase_id) if idempotency_key else None
    if earlier is None:
        earlier = await open_order(purchase_id, request, parts)
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
    return payment_document(await purchase_record(payment_id, parts))


@router.post(
    "/{payment_id}/retry",
    summary="Try again to pay",
    responses=documented(
        Kind.UNAUTHENTICATED,
        Kind.NOT_FOUND,
        Kind.ALREADY_PAID,
        Kind.PROMO_REFUSED,
        Kind.SOLD_OUT,
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
    await parts.purchases.require_room(record.order)
    await parts.offers.hold_again(record.order, parts.clock())
    again = record.order.for_attempt(record.attempt + 1)
    return pending_document(record, await _invoice(again, parts))


async def _with_payment_page(record: PurchaseRecord, parts: ApiParts) -> Payment:
    """The payment as it stands, waiting for its page if it has none yet."""
    if record.stage is not PurchaseStage.PREPARING:
        return payment_document(record)
    # While a second page is being made, the record still shows the first.
    pages_before = record.attempt if record.confirmation_url is not None else 0
    order = record.order.for_attempt(pages_before + 1)
    return pending_document(record, await _invoice(order, parts))


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
