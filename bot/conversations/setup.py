"""How to connect, step by step."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.buttons import Guide, Open, Place
from bot.phrasebook import Phrasebook
from bot.replies import reply, turn_page
from bot.screens.setup import guide_screen, setup_screen
from bot.shop import Shop


def setup_router() -> Router:
    """Shows the steps."""
    router = Router(name="setup")
    router.message.register(setup_command, Command("setup"))
    router.callback_query.register(open_setup, Open.filter(F.place == Place.SETUP))
    router.callback_query.register(open_guide, Guide.filter())
    return router


async def setup_command(message: Message, shop: Shop, phrases: Phrasebook) -> None:
    """Show the platforms in a new message."""
    await reply(shop.messenger, message, setup_screen(phrases))


async def open_setup(
    tap: CallbackQuery, callback_data: Open, shop: Shop, phrases: Phrasebook
) -> None:
    """Turn the message into the choice of a platform."""
    await turn_page(shop.messenger, tap, setup_screen(phrases), fresh=callback_data.fresh)


async def open_guide(
    tap: CallbackQuery, callback_data: Guide, shop: Shop, phrases: Phrasebook
) -> None:
    """Turn the message into the steps for a platform."""
    screen = guide_screen(phrases, callback_data.platform)
    await turn_page(shop.messenger, tap, screen, fresh=callback_data.fresh)
