"""From a request to an order that is written down."""

from uuid import UUID, uuid4, uuid5

import structlog

from api.parts import ApiParts
from api.problems import Kind, Refusal
from api.v1.payment_documents import PaymentRequest
from domain.customers import Customer, Introduction
from domain.ids import PlanId, PurchaseId, UserId
from domain.plans import Plan
from domain.pricing import Quote, quote
from domain.purchases import PurchaseOrder, PurchaseRecord

_IDEMPOTENCY_NAMESPACE = UUID("2f6ab0c8-4a0f-4f57-9d6a-0f0f9f1a9d3e")
"""Where purchase ids come from that are derived from an Idempotency-Key. Never change it."""


async def purchase_record(payment_id: UUID, parts: ApiParts) -> PurchaseRecord:
    """The purchase that the API calls by this payment id. Refuses with 404."""
    structlog.contextvars.bind_contextvars(purchase_id=str(payment_id))
    record = await parts.purchases.find(PurchaseId(payment_id))
    if record is None:
        raise Refusal(Kind.NOT_FOUND, f"there is no payment {payment_id}")
    return record


def purchase_id_for(user_id: int, idempotency_key: str | None) -> PurchaseId:
    """A fresh id, or with a key always the same one for that customer."""
    if idempotency_key is None:
        return PurchaseId(uuid4())
    return PurchaseId(uuid5(_IDEMPOTENCY_NAMESPACE, f"{user_id}/{idempotency_key}"))


async def open_order(
    purchase_id: PurchaseId, request: PaymentRequest, parts: ApiParts
) -> PurchaseRecord:
    """Write the order down; when two requests race with one key, the first one's order holds."""
    plan = await _plan(request, parts)
    customer = await _with_receipt_address(await _customer(request, parts), request, parts)
    now = parts.clock()
    quote = await _agreed_quote(plan, customer, request, parts)
    order = _order(purchase_id, quote, customer, parts)
    if await parts.purchases.open(order, now):
        parts.metrics.note_purchase()
    return await purchase_record(purchase_id, parts)


async def _plan(request: PaymentRequest, parts: ApiParts) -> Plan:
    plan = await parts.plans.find(PlanId(request.tariff_id))
    if plan is None:
        raise Refusal(Kind.UNKNOWN_TARIFF, f"tariff {request.tariff_id} is not on offer")
    return plan


async def _agreed_quote(
    plan: Plan, customer: Customer, request: PaymentRequest, parts: ApiParts
) -> Quote:
    """The customer's price; another than the caller expects is told instead of charged."""
    now = parts.clock()
    if request.promo_code is not None:
        await parts.offers.enter_code(customer.user_id, request.promo_code, now)
    quoted = quote(plan, await parts.offers.of(customer.user_id, now))
    price = quoted.price
    if request.amount not in {None, price.amount} or request.currency not in {None, price.currency}:
        raise Refusal(Kind.PRICE_MISMATCH, f"the tariff costs {price}{_instead_of(quoted)}")
    return quoted


def _instead_of(quoted: Quote) -> str:
    return f" for this customer instead of {quoted.full_price}" if quoted.discounts else ""


async def _customer(request: PaymentRequest, parts: ApiParts) -> Customer:
    user_id = UserId(request.user_id)
    known = await parts.customers.find(user_id)
    if known is not None:
        return known
    introduction = Introduction(user_id=user_id, username=request.telegram_username)
    return await parts.customers.greet(introduction, parts.clock())


async def _with_receipt_address(
    customer: Customer, request: PaymentRequest, parts: ApiParts
) -> Customer:
    """The customer with the address that came with the order; it is kept for the next one."""
    if not parts.options.receipts:
        return customer
    email = request.email or customer.email
    if email is None:
        raise Refusal(Kind.EMAIL_NEEDED, "send `email`: this shop sends receipts")
    if email != customer.email:
        await parts.customers.save_email(customer.user_id, email)
    return customer.model_copy(update={"email": email})


def _order(
    purchase_id: PurchaseId, quoted: Quote, customer: Customer, parts: ApiParts
) -> PurchaseOrder:
    return PurchaseOrder(
        purchase_id=purchase_id,
        user_id=customer.user_id,
        plan_id=quoted.plan.plan_id,
        plan_name=quoted.plan.name.within(customer.language),
        price=quoted.price,
        full_price=quoted.full_price if quoted.discounts else None,
        discounts=quoted.discounts,
        duration=quoted.duration,
        language=customer.language,
        receipt_email=customer.email,
        policy=parts.options.policy,
    )
