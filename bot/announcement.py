"""Tells Telegram where updates go and which commands there are; one process does it at a start."""

from aiogram import Bot, Dispatcher
from aiogram.types import BotCommand

from bot.phrasebook import N_, Phrasebook, phrasebook
from domain.languages import Language
from infra.telegram import telegram_errors

_MAX_CONNECTIONS = 100
"""How many chats Telegram may serve at once; within one chat it waits for each answer."""

_COMMANDS = {
    "start": N_("command.start"),
    "plans": N_("command.plans"),
    "promo": N_("command.promo"),
    "my": N_("command.my"),
    "setup": N_("command.setup"),
    "help": N_("command.help"),
    "language": N_("command.language"),
}


async def announce_webhook(bot: Bot, dispatcher: Dispatcher, *, url: str, secret: str) -> None:
    """Have updates sent to `url`, signed with `secret`; updates that wait are kept.

    The kinds of updates are always named: without them the previous setting would stay.
    """
    with telegram_errors():
        await bot.set_webhook(
            url,
            secret_token=secret,
            allowed_updates=dispatcher.resolve_used_update_types(),
            max_connections=_MAX_CONNECTIONS,
        )


async def announce_commands(bot: Bot) -> None:
    """Fill the command menu in every language; English also where we speak none of theirs."""
    with telegram_errors():
        await bot.set_my_commands(_commands(phrasebook(Language.ENGLISH)))
        for language in Language:
            await bot.set_my_commands(_commands(phrasebook(language)), language_code=language.value)


def _commands(phrases: Phrasebook) -> list[BotCommand]:
    return [
        BotCommand(command=command, description=phrases.label(key))
        for command, key in _COMMANDS.items()
    ]
