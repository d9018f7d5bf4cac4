"""Help."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.buttons import Open, Place
from bot.phrasebook import Phrasebook
from bot.replies import reply, turn_page
from bot.screens.help import help_screen
from bot.screens.screen import Screen
from bot.shop import Shop

# The last three Telegram asks of bots that sell: https://core.telegram.org/bots/payments
_COMMANDS = ("help", "support", "paysupport", "terms")


def help_router() -> Router:
    """Shows answers and the contact."""
    router = Router(name="help")
    router.message.register(help_command, Command(*_COMMANDS))
    router.callback_query.register(open_help, Open.filter(F.place == Place.HELP))
    return router


async def help_command(message: Message, shop: Shop, phrases: Phrasebook) -> None:
    """Show the help in a new message."""
    await reply(shop.messenger, message, _help(shop, phrases))


async def open_help(
    tap: CallbackQuery, callback_data: Open, shop: Shop, phrases: Phrasebook
) -> None:
    """Turn the message into the help."""
    await turn_page(shop.messenger, tap, _help(shop, phrases), fresh=callback_data.fresh)


def _help(shop: Shop, phrases: Phrasebook) -> Screen:
    return help_screen(phrases, shop.support_contact, receipts=shop.receipts)
