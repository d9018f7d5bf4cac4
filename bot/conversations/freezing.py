"""Putting the subscription on hold, and letting it go on."""

from aiogram import F, Router
from aiogram.types import CallbackQuery

from bot.buttons import Freeze, Open, Place, Resume
from bot.phrasebook import Phrasebook
from bot.replies import Toast, turn_page
from bot.screens.freezing import freeze_screen, resumed_screen
from bot.screens.subscription import subscription_screen
from bot.shop import Shop
from domain.customers import Customer
from domain.errors import RefundRefused, TemporalUnavailable


def freezing_router() -> Router:
    """Holds subscriptions."""
    router = Router(name="freezing")
    router.callback_query.register(offer_freeze, Open.filter(F.place == Place.FREEZE))
    router.callback_query.register(freeze, Freeze.filter())
    router.callback_query.register(resume, Resume.filter())
    return router


async def offer_freeze(
    tap: CallbackQuery, callback_data: Open, shop: Shop, customer: Customer, phrases: Phrasebook
) -> None:
    """What a hold is, and how long it may be."""
    allowance = await shop.changes.allowance(customer.user_id)
    screen = freeze_screen(phrases, allowance, shop.now())
    await turn_page(shop.messenger, tap, screen, fresh=callback_data.fresh)


async def freeze(
    tap: CallbackQuery, shop: Shop, customer: Customer, phrases: Phrasebook
) -> Toast | None:
    """Hold it; a second tap finds it on hold."""
    subscription = await shop.subscriptions.subscription_of(customer.user_id)
    if subscription is None:
        return Toast(text=phrases.label("fallback.stale_button"), alert=True)
    try:
        await shop.starter.freeze(subscription.subscription_id)
    except RefundRefused:
        pass  # what the customer has now is shown in any case
    except TemporalUnavailable:
        return Toast(text=phrases.label("cancel.unavailable"), alert=True)
    now_has = await shop.subscriptions.subscription_of(customer.user_id)
    await turn_page(shop.messenger, tap, subscription_screen(phrases, now_has, shop.now()))
    return None


async def resume(
    tap: CallbackQuery, shop: Shop, customer: Customer, phrases: Phrasebook
) -> Toast | None:
    """Let it go on; a second tap finds that it does."""
    subscription = await shop.subscriptions.subscription_of(customer.user_id)
    if subscription is None:
        return Toast(text=phrases.label("fallback.stale_button"), alert=True)
    try:
        state = await shop.starter.resume(subscription.subscription_id)
    except RefundRefused:
        screen = subscription_screen(phrases, subscription, shop.now())
    except TemporalUnavailable:
        return Toast(text=phrases.label("cancel.unavailable"), alert=True)
    else:
        screen = resumed_screen(phrases, state.expires_at)
    await turn_page(shop.messenger, tap, screen)
    return None
