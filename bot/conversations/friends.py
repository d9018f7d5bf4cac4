"""Inviting friends, and arriving by a friend's link."""

from aiogram import F, Router
from aiogram.filters import CommandObject, CommandStart
from aiogram.types import CallbackQuery, Message

from bot.buttons import Open, Place
from bot.conversations.menu import menu_of
from bot.phrasebook import Phrasebook
from bot.replies import reply, turn_page
from bot.screens.friends import LINK_PREFIX, friends_screen, welcome_line
from bot.shop import Shop
from domain.customers import Customer


def friends_router() -> Router:
    """Invites, and welcomes."""
    router = Router(name="friends")
    router.message.register(
        come_by_link, CommandStart(deep_link=True, magic=F.args.startswith(LINK_PREFIX))
    )
    router.callback_query.register(open_friends, Open.filter(F.place == Place.FRIENDS))
    return router


async def open_friends(
    tap: CallbackQuery, callback_data: Open, shop: Shop, customer: Customer, phrases: Phrasebook
) -> None:
    """Show the customer's link and what it has brought."""
    invitation = await shop.referrals.invitation_of(customer.user_id)
    link = await shop.messenger.link(f"{LINK_PREFIX}{invitation.code}")
    screen = friends_screen(phrases, invitation, link)
    await turn_page(shop.messenger, tap, screen, fresh=callback_data.fresh)


async def come_by_link(
    message: Message, command: CommandObject, shop: Shop, customer: Customer, phrases: Phrasebook
) -> None:
    """Remember who invited a newcomer; anybody else just gets the menu."""
    code = (command.args or "").removeprefix(LINK_PREFIX)
    menu = await menu_of(shop, customer, phrases)
    if await shop.referrals.bind(customer.user_id, code, shop.now()):
        percent = await shop.referrals.welcome_percent()
        menu = menu.under(welcome_line(phrases, percent))
    await reply(shop.messenger, message, menu)
