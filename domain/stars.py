"""Paying with Telegram Stars: what an invoice carries, what Telegram asks, what it tells.

https://core.telegram.org/bots/payments-stars
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.ids import ProviderPaymentId, PurchaseId, UserId
from domain.model import Value
from domain.money import Money
from domain.payments import Provider, RefundRequest
from domain.plans import Plan
from domain.purchases import PurchaseRecord, PurchaseStage


class StarCharge(Value):
    """Stars that a person paid for a purchase."""

    charge_id: ProviderPaymentId
    """Telegram's `telegram_payment_charge_id`."""
    purchase_id: PurchaseId
    payer: UserId | None
    """Who paid and would get the Stars back; None once their data was erased."""
    amount: Money
    paid_at: datetime


class Surplus(Value):
    """A second payment of a purchase."""

    purchase_id: PurchaseId
    user_id: UserId
    provider: Provider
    request: RefundRequest


class Checkout(Value):
    """What Telegram asks before it takes the Stars; it waits ten seconds for the answer."""

    payer: UserId
    amount: Money


class CheckoutRefusal(StrEnum):
    """Why a payment must not happen."""

    UNKNOWN = "unknown"
    """No purchase of ours asked for it."""
    STRANGER = "stranger"
    """Somebody else's invoice: the Stars would go back to another person than the access."""
    PAID = "paid"
    CLOSED = "closed"
    """The time to pay is over; the customer may try again."""
    PRICE = "price"
    """The plan is no longer sold at this price."""


def invoice_payload(purchase_id: PurchaseId, attempt: int) -> ProviderPaymentId:
    """What an invoice carries, 1 to 128 bytes; our own id of the payment until it is made."""
    return ProviderPaymentId(f"{purchase_id}:{attempt}")


def purchase_of_payload(payload: str) -> PurchaseId | None:
    """The purchase that an invoice was made for; None when we did not make it."""
    try:
        return PurchaseId(UUID(payload.partition(":")[0]))
    except ValueError:
        return None


def checkout_refusal(
    asked: Checkout, record: PurchaseRecord | None, plan: Plan | None, *, is_paid: bool
) -> CheckoutRefusal | None:
    """Why the payment must not happen, or None when it may.

    Telegram's invoices live for ever and can be paid by anybody, so all that a payment page of
    a bank would see to is compared here. `is_paid`: Stars for this purchase have arrived.
    """
    if record is None or record.order.price.currency != asked.amount.currency:
        return CheckoutRefusal.UNKNOWN
    order = record.order
    if order.user_id != asked.payer:
        return CheckoutRefusal.STRANGER
    if is_paid or record.stage.is_paid:
        return CheckoutRefusal.PAID
    if record.stage is not PurchaseStage.AWAITING_PAYMENT:
        return CheckoutRefusal.CLOSED
    listed = None if plan is None else plan.price_by(order.provider)
    if asked.amount != order.price or listed != order.list_price:
        return CheckoutRefusal.PRICE
    return None
