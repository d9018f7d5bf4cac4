"""Cancelling the subscription: the offer first, and only what was offered is done."""

from datetime import UTC, datetime

from aiogram import F, Router
from aiogram.types import CallbackQuery

from bot.buttons import Cancel, Open, Place
from bot.phrasebook import Phrasebook
from bot.replies import Toast, turn_page
from bot.screens.cancelling import cancel_screen, cancelled_screen, changed_cancel_screen
from bot.screens.screen import Screen
from bot.screens.subscription import subscription_screen
from bot.shop import Shop
from domain.customers import Customer
from domain.errors import OfferChanged, RefundRefused, TemporalUnavailable
from domain.ids import RefundId, SubscriptionId
from domain.refund_orders import CancelOrder


def cancelling_router() -> Router:
    """Cancels subscriptions."""
    router = Router(name="cancelling")
    router.callback_query.register(offer_cancel, Open.filter(F.place == Place.CANCEL))
    router.callback_query.register(cancel, Cancel.filter())
    return router


async def offer_cancel(
    tap: CallbackQuery, callback_data: Open, shop: Shop, customer: Customer, phrases: Phrasebook
) -> None:
    """What cancelling would give back now, and what would be lost."""
    screen = await _offer(shop, customer, phrases)
    await turn_page(shop.messenger, tap, screen, fresh=callback_data.fresh)


async def cancel(
    tap: CallbackQuery, callback_data: Cancel, shop: Shop, customer: Customer, phrases: Phrasebook
) -> Toast | None:
    """Do what the button offered; where that has changed, show it again instead."""
    subscription = await shop.subscriptions.subscription_of(customer.user_id)
    if subscription is None:
        return Toast(text=phrases.label("fallback.stale_button"), alert=True)
    order = _order(callback_data, subscription.subscription_id)
    try:
        decision = await shop.starter.cancel(order)
    except OfferChanged:
        screen = await _offer(shop, customer, phrases, has_changed=True)
    except RefundRefused:
        screen = await _after_refusal(order.refund_id, shop, customer, phrases)
    except TemporalUnavailable:
        return Toast(text=phrases.label("cancel.unavailable"), alert=True)
    else:
        screen = cancelled_screen(phrases, decision.totals)
    await turn_page(shop.messenger, tap, screen)
    return None


async def _after_refusal(
    refund_id: RefundId, shop: Shop, customer: Customer, phrases: Phrasebook
) -> Screen:
    """A second tap finds the cancelling done, and says the same again."""
    decision = await shop.refunds.decision(refund_id)
    if decision is not None and decision.user_id == customer.user_id:
        return cancelled_screen(phrases, decision.totals)
    return await _offer(shop, customer, phrases)


async def _offer(
    shop: Shop, customer: Customer, phrases: Phrasebook, *, has_changed: bool = False
) -> Screen:
    # To the second, because that is what fits into the button.
    offered = await shop.refunds.offer(customer.user_id, shop.now().replace(microsecond=0))
    if offered is None:
        subscription = await shop.subscriptions.subscription_of(customer.user_id)
        return subscription_screen(phrases, subscription, shop.now())
    draw = changed_cancel_screen if has_changed else cancel_screen
    return draw(phrases, offered[1])


def _order(button: Cancel, subscription_id: SubscriptionId) -> CancelOrder:
    return CancelOrder(
        refund_id=RefundId(button.refund),
        subscription_id=subscription_id,
        made_at=datetime.fromtimestamp(button.at, UTC),
        fingerprint=button.mark,
    )
