"""Paying with Telegram Stars: Telegram's question, and its word that they were paid."""

import structlog
from aiogram import F, Router
from aiogram.types import Message, PreCheckoutQuery, SuccessfulPayment

from bot.outages import OUTAGES
from bot.phrasebook import Phrasebook, phrasebook
from bot.screens.refusals import outage_text, refusal_text
from bot.shop import Shop
from domain.ids import ProviderPaymentId, UserId
from domain.money import STAR, stars
from domain.payments import Provider, RefundRequest
from domain.purchases import PurchaseRecord
from domain.stars import (
    Checkout,
    CheckoutRefusal,
    StarCharge,
    Surplus,
    checkout_refusal,
    purchase_of_payload,
)

_log = structlog.get_logger(__name__)


def stars_router() -> Router:
    """Hears of payments; for private chats."""
    router = Router(name="stars")
    router.message.register(paid, F.successful_payment.as_("payment"))
    router.message.register(given_back, F.refunded_payment)
    return router


def checkouts_router() -> Router:
    """Answers Telegram's question before it takes the Stars; it belongs to no chat."""
    router = Router(name="checkouts")
    router.pre_checkout_query.register(allow_or_refuse)
    return router


async def allow_or_refuse(query: PreCheckoutQuery, shop: Shop, phrases: Phrasebook) -> None:
    """Answer within Telegram's ten seconds; whoever cannot be served now is told so."""
    try:
        customer = await shop.customers.find(UserId(query.from_user.id))
        phrases = phrases if customer is None else phrasebook(customer.language)
        refusal = await _refusal(query, shop)
        text = None if refusal is None else refusal_text(phrases, refusal)
    except OUTAGES as error:
        _log.warning("stars.checkout_in_an_outage", why=type(error).__name__)
        text = outage_text(phrases)
    await shop.messenger.answer_checkout(query.id, text)


async def _refusal(query: PreCheckoutQuery, shop: Shop) -> CheckoutRefusal | None:
    purchase_id = purchase_of_payload(query.invoice_payload)
    if purchase_id is None or query.currency != STAR:
        return CheckoutRefusal.UNKNOWN
    record = await shop.purchases.find(purchase_id)
    known = await shop.charges.charge_of(purchase_id)
    asked = Checkout(payer=UserId(query.from_user.id), amount=stars(query.total_amount))
    plan = None if record is None else await shop.plans.find(record.order.plan_id)
    return checkout_refusal(
        asked, record, plan, is_paid=known is not None and known.refunded_at is None
    )


async def paid(message: Message, payment: SuccessfulPayment, shop: Shop) -> None:
    """Note the payment once and let the purchase look; a second one for it goes back.

    The purchase believes Telegram's list, not this message.
    """
    purchase_id = purchase_of_payload(payment.invoice_payload)
    record = None if purchase_id is None else await shop.purchases.find(purchase_id)
    if record is None or payment.currency != STAR:
        _log.error("stars.paid_for_nothing", charge=payment.telegram_payment_charge_id)
        return
    charge = _charge(message, payment, record)
    structlog.contextvars.bind_contextvars(purchase_id=str(charge.purchase_id))
    if await shop.charges.note_told(charge):
        await shop.starter.give_back(_surplus(charge, record))
        return
    await shop.starter.payment_seen(
        record.order.for_attempt(record.attempt), ProviderPaymentId(payment.invoice_payload)
    )


async def given_back(_: Message) -> None:
    """Telegram's own word to the customer that Stars went back: nothing to add."""


def _charge(message: Message, payment: SuccessfulPayment, record: PurchaseRecord) -> StarCharge:
    return StarCharge(
        charge_id=ProviderPaymentId(payment.telegram_payment_charge_id),
        purchase_id=record.order.purchase_id,
        payer=UserId(message.chat.id),
        amount=stars(payment.total_amount),
        paid_at=message.date,
    )


def _surplus(charge: StarCharge, record: PurchaseRecord) -> Surplus:
    return Surplus(
        purchase_id=charge.purchase_id,
        user_id=record.order.user_id,
        provider=Provider.STARS,
        request=RefundRequest(
            provider_payment_id=charge.charge_id,
            amount=charge.amount,
            description=record.order.plan_name,
        ),
    )
