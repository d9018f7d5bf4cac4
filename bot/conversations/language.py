"""The customer's language."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.buttons import Open, Place, Speak
from bot.conversations.menu import menu_of
from bot.phrasebook import Phrasebook, phrasebook
from bot.replies import Toast, reply, turn_page
from bot.screens.language import language_screen
from bot.shop import Shop
from domain.customers import Customer


def language_router() -> Router:
    """Shows and changes the language."""
    router = Router(name="language")
    router.message.register(language_command, Command("language"))
    router.callback_query.register(open_language, Open.filter(F.place == Place.LANGUAGE))
    router.callback_query.register(choose_language, Speak.filter())
    return router


async def language_command(message: Message, shop: Shop, phrases: Phrasebook) -> None:
    """Show the languages in a new message."""
    await reply(shop.messenger, message, language_screen(phrases))


async def open_language(
    tap: CallbackQuery, callback_data: Open, shop: Shop, phrases: Phrasebook
) -> None:
    """Turn the message into the choice of a language."""
    await turn_page(shop.messenger, tap, language_screen(phrases), fresh=callback_data.fresh)


async def choose_language(
    tap: CallbackQuery, callback_data: Speak, shop: Shop, customer: Customer
) -> Toast:
    """Speak this language from now on, beginning with the menu."""
    await shop.customers.choose_language(customer.user_id, callback_data.language)
    phrases = phrasebook(callback_data.language)
    await turn_page(shop.messenger, tap, await menu_of(shop, customer, phrases))
    return Toast(text=phrases.label("language.chosen"))
