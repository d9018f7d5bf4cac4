"""Reads Telegram's queue, also where aiogram does not understand everything in it."""

import structlog
from aiogram import Bot, Dispatcher
from aiogram.exceptions import ClientDecodeError
from aiogram.types import Update
from pydantic import ValidationError

from infra.telegram import telegram_errors

_log = structlog.get_logger(__name__)

_LONG_POLL_SECONDS = 25
_GRACE_SECONDS = 10
"""How much longer than the long poll the request may take."""


async def fetch_updates(bot: Bot, dispatcher: Dispatcher, offset: int | None) -> list[Update]:
    """The updates since `offset`, as soon as there are any.

    aiogram refuses a whole answer for one update that it cannot parse, and the offset would
    never move past it. Such an update is returned as its bare `update_id`, to be confirmed.

    Raises:
        ShopError: Telegram did not answer, or with something that is no list of updates.
    """
    with telegram_errors():
        try:
            return await bot.get_updates(
                offset=offset,
                timeout=_LONG_POLL_SECONDS,
                allowed_updates=dispatcher.resolve_used_update_types(),
                request_timeout=_LONG_POLL_SECONDS + _GRACE_SECONDS,
            )
        except ClientDecodeError as error:
            return [_parsed(raw, bot) for raw in _raw_updates(error)]


def _raw_updates(error: ClientDecodeError) -> list[dict[str, object]]:
    """What Telegram sent; the error again where that is no list of numbered updates."""
    result = error.data.get("result") if isinstance(error.data, dict) else None
    if not isinstance(result, list) or not all(_is_numbered(raw) for raw in result):
        raise error
    return result


def _is_numbered(raw: object) -> bool:
    return isinstance(raw, dict) and isinstance(raw.get("update_id"), int)


def _parsed(raw: dict[str, object], bot: Bot) -> Update:
    try:
        return Update.model_validate(raw, context={"bot": bot})
    except ValidationError as error:
        # Where it went wrong, but not what was written there: that may be a customer's.
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        why = [f"{'.'.join(map(str, fault['loc']))}: {fault['type']}" for fault in faults]
        _log.error(
            "an update cannot be read", update_id=raw["update_id"], why=why
        )  # the traceback would tell the input
        return Update.model_validate({"update_id": raw["update_id"]}, context={"bot": bot})
