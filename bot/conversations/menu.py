"""The menu: /start, and the way back to it."""

from aiogram import F, Router
from aiogram.filters import Command, CommandStart
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from bot.buttons import Open, Place
from bot.phrasebook import Phrasebook
from bot.replies import reply, turn_page
from bot.screens.menu import menu_screen
from bot.screens.screen import Screen
from bot.shop import Shop
from bot.standing import standing_of
from domain.customers import Customer


def menu_router() -> Router:
    """Opens the menu."""
    router = Router(name="menu")
    router.message.register(start, CommandStart())
    router.message.register(start, Command("menu"))
    router.callback_query.register(open_menu, Open.filter(F.place == Place.MENU))
    return router


async def start(
    message: Message,
    *,
    shop: Shop,
    customer: Customer,
    phrases: Phrasebook,
    state: FSMContext,
    raw_state: str | None,
) -> None:
    """Show the menu; a question that waited for an answer is dropped."""
    if raw_state is not None:
        await state.clear()
    await reply(shop.messenger, message, await menu_of(shop, customer, phrases))


async def open_menu(
    tap: CallbackQuery, callback_data: Open, shop: Shop, customer: Customer, phrases: Phrasebook
) -> None:
    """Turn the message into the menu."""
    screen = await menu_of(shop, customer, phrases)
    await turn_page(shop.messenger, tap, screen, fresh=callback_data.fresh)


async def menu_of(shop: Shop, customer: Customer, phrases: Phrasebook) -> Screen:
    """The menu for where the customer stands."""
    standing = await standing_of(shop, customer.user_id)
    return menu_screen(phrases, standing, shop.now(), first_name=customer.first_name)
