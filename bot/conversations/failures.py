"""What a person sees when a handler fails: an apology; in an outage the answer, later."""

from typing import Any

import structlog
from aiogram import Router
from aiogram.dispatcher.event.bases import UNHANDLED
from aiogram.enums import ChatType
from aiogram.types import ErrorEvent, User

from bot.outages import OUTAGES
from bot.phrasebook import Phrasebook, phrasebook
from bot.shop import Shop
from domain.errors import CustomerUnreachable, ShopError
from domain.ids import ChatId
from domain.languages import language_of

_log = structlog.get_logger(__name__)


def failures_router() -> Router:
    """Answers for what went wrong elsewhere."""
    router = Router(name="failures")
    router.errors.register(apologise)
    return router


async def apologise(
    event: ErrorEvent,
    shop: Shop,
    event_from_user: User | None = None,
    phrases: Phrasebook | None = None,
) -> Any:
    """Log the failure and tell the person to try again.

    When a part of the shop is away, the error goes on up instead: the update does not count as
    handled, Telegram sends it again, and the person gets the answer itself. So it does where there
    is nobody to tell (somebody blocked the bot).
    """
    error, update = event.exception, event.update
    log = _log.bind(update_id=update.update_id)
    if isinstance(error, CustomerUnreachable):
        return log.info("the customer left before the answer", why=str(error))
    if isinstance(error, OUTAGES):
        return UNHANDLED
    log.error("an update could not be handled", exc_info=error)
    if phrases is None:
        phrases = phrasebook(
            language_of(event_from_user.language_code if event_from_user else None)
        )
    text = phrases.label("failure.apology")
    try:
        if update.callback_query is not None:
            return await shop.messenger.answer_tap(update.callback_query.id, text, alert=True)
        message = update.message or update.edited_message
        if message is not None and message.chat.type == ChatType.PRIVATE:
            return await shop.messenger.send_text(ChatId(message.chat.id), text)
    except ShopError as second:
        return log.warning("the apology could not be sent either", why=str(second))
    return UNHANDLED
