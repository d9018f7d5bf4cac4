"""Gifts: giving one, looking after those that were given, and opening one by its link."""

from aiogram import F, Router
from aiogram.filters import CommandObject, CommandStart
from aiogram.types import CallbackQuery, Message

from bot.beginning import show_preparing, start_purchase
from bot.buttons import Open, Place, Unwrap
from bot.catalogue import catalogue_of
from bot.phrasebook import Phrasebook
from bot.replies import Toast, reply, tapped_message, turn_page
from bot.screens.gifts import (
    LINK_PREFIX,
    MOST_GIFTS,
    gift_gone_screen,
    gift_offer_screen,
    gift_payload,
    gifts_screen,
    give_screen,
)
from bot.screens.screen import Screen
from bot.shop import Shop
from domain.customers import Customer
from domain.errors import GiftGone
from domain.gifts import Gift
from domain.money import roubles
from domain.purchases import ChatMessage, PurchaseOrder


def gifts_router() -> Router:
    """Gives and opens."""
    router = Router(name="gifts")
    router.message.register(
        gift_by_link, CommandStart(deep_link=True, magic=F.args.startswith(LINK_PREFIX))
    )
    router.callback_query.register(open_give, Open.filter(F.place == Place.GIVE))
    router.callback_query.register(open_gifts, Open.filter(F.place == Place.GIFTS))
    router.callback_query.register(unwrap, Unwrap.filter())
    return router


async def open_give(
    tap: CallbackQuery, callback_data: Open, shop: Shop, customer: Customer, phrases: Phrasebook
) -> None:
    """Show every plan as a gift."""
    catalogue = await catalogue_of(shop, customer.user_id)
    screen = give_screen(phrases, catalogue.for_others)
    await turn_page(shop.messenger, tap, screen, fresh=callback_data.fresh)


async def open_gifts(
    tap: CallbackQuery, callback_data: Open, shop: Shop, customer: Customer, phrases: Phrasebook
) -> None:
    """Show what the customer has given."""
    gifts = (await shop.gifts.given_by(customer.user_id))[:MOST_GIFTS]
    links = [await shop.messenger.link(gift_payload(gift)) for gift in gifts]
    screen = gifts_screen(phrases, tuple(zip(gifts, links, strict=True)))
    await turn_page(shop.messenger, tap, screen, fresh=callback_data.fresh)


async def gift_by_link(
    message: Message, command: CommandObject, shop: Shop, customer: Customer, phrases: Phrasebook
) -> None:
    """Show the gift; looking at it does not open it."""
    gift = await shop.gifts.find((command.args or "").removeprefix(LINK_PREFIX))
    await reply(shop.messenger, message, _shown(gift, customer, phrases))


async def unwrap(
    tap: CallbackQuery, callback_data: Unwrap, shop: Shop, customer: Customer, phrases: Phrasebook
) -> Toast | None:
    """Open the gift; the message with the button tells how it goes from then on."""
    gift = await shop.gifts.find(callback_data.code)
    if gift is None:
        await turn_page(shop.messenger, tap, gift_gone_screen(phrases))
        return None
    message = tapped_message(tap)
    order = _opening(gift, message, shop, customer, phrases)
    try:
        is_new = await shop.gifts.open(order, gift.code, shop.now())
    except GiftGone:
        await turn_page(shop.messenger, tap, gift_gone_screen(phrases))
        return None
    if is_new:
        await show_preparing(order, message, shop, phrases)
    return await start_purchase(order, message, shop, phrases, is_new=is_new)


def _shown(gift: Gift | None, customer: Customer, phrases: Phrasebook) -> Screen:
    if gift is None or gift.is_void:
        return gift_gone_screen(phrases)
    if gift.opened_by is not None:
        return gift_gone_screen(phrases, by_yourself=gift.opened_by == customer.user_id)
    return gift_offer_screen(phrases, gift)


def _opening(
    gift: Gift, message: ChatMessage, shop: Shop, customer: Customer, phrases: Phrasebook
) -> PurchaseOrder:
    return PurchaseOrder(
        purchase_id=gift.opening_id,
        user_id=customer.user_id,
        plan_id=gift.plan_id,
        plan_name=phrases.label("gift.plan", plan=gift.plan_name.within(customer.language)),
        price=roubles(0),
        duration=gift.duration,
        language=customer.language,
        message=message,
        policy=shop.policy,
        gift=gift.purchase_id,
    )
