"""Long polling: the shop without a public address.

aiogram's own polling confirms an update to Telegram while its handler still runs, so a crash
would lose a tap. Here an update is confirmed when it has been handled; what a crash or an outage
leaves half-done comes again, and handlers are safe to run twice.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable

import structlog
from aiogram import Bot, Dispatcher
from aiogram.types import Update
from aiogram.types.update import UpdateTypeLookupError

from bot.fetching import fetch_updates
from bot.outages import OUTAGES
from bot.progress import Progress
from domain.errors import ShopError
from infra.telegram import telegram_errors

_log = structlog.get_logger(__name__)

_PAUSE_SECONDS = 3.0
"""Between two attempts while Telegram, PostgreSQL or Temporal is away."""


async def poll(bot: Bot, dispatcher: Dispatcher, stop: asyncio.Event) -> None:
    """Handle updates until `stop` is set; the batch under way is finished first.

    Updates that wait are kept. A webhook is taken down, or Telegram would answer 409.
    """
    webhook_is_gone, progress = False, Progress()
    while not stop.is_set():
        try:
            if not webhook_is_gone:
                with telegram_errors():
                    await bot.delete_webhook(drop_pending_updates=False)
                webhook_is_gone = True
            updates = await _next_batch(bot, dispatcher, progress.offset, stop)
        except ShopError as error:
            _log.warning("updates could not be fetched", why=str(error))
            await _pause(stop)
            continue
        await _handle(bot, dispatcher, updates, progress)
        progress.confirm(updates)
        if progress.is_held_back:
            await _pause(stop)


async def _next_batch(
    bot: Bot, dispatcher: Dispatcher, offset: int | None, stop: asyncio.Event
) -> list[Update]:
    """The updates since `offset`; none when `stop` is set meanwhile."""
    fetching = asyncio.create_task(fetch_updates(bot, dispatcher, offset))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({fetching, stopping}, return_when=asyncio.FIRST_COMPLETED)
        # Nothing is lost by leaving a request: an offset that was not sent confirms nothing.
        return await fetching if fetching.done() else []
    finally:
        fetching.cancel()
        stopping.cancel()


async def _handle(
    bot: Bot, dispatcher: Dispatcher, updates: Iterable[Update], progress: Progress
) -> None:
    """Handle a batch: chats side by side, each chat's updates in their order.

    What could not be read, or is of a kind that aiogram does not know, is only confirmed.
    """
    by_chat: defaultdict[int, list[Update]] = defaultdict(list)
    for update in updates:
        if not _is_understood(update):
            _log.warning("an update is passed over", update_id=update.update_id)
        elif not progress.is_settled(update):
            by_chat[_chat_of(update)].append(update)
    chats = (_handle_in_order(bot, dispatcher, chat, progress) for chat in by_chat.values())
    await asyncio.gather(*chats)


async def _handle_in_order(
    bot: Bot, dispatcher: Dispatcher, updates: list[Update], progress: Progress
) -> None:
    """Handle a chat's updates up to one that meets an outage; the rest wait behind it."""
    for update in updates:
        try:
            await dispatcher.feed_update(bot, update)
        except OUTAGES as error:
            if progress.hold(update):
                why = f"{type(error).__name__}: {error}"
                _log.warning("an update waits", update_id=update.update_id, why=why)
                return
            _log.exception("an update is given up", update_id=update.update_id)
        except Exception:  # noqa: BLE001  # one update must not stop the shop for everybody else
            _log.exception("an update is left unhandled", update_id=update.update_id)
        progress.settle(update)


def _is_understood(update: Update) -> bool:
    try:
        return bool(update.event_type)
    except UpdateTypeLookupError:
        return False


def _chat_of(update: Update) -> int:
    """The chat, or the person where there is no chat, as with a question before a payment."""
    event = update.event
    message = getattr(event, "message", event)
    whose = getattr(message, "chat", None) or getattr(event, "from_user", None)
    return 0 if whose is None else int(whose.id)


async def _pause(stop: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(_PAUSE_SECONDS):
            await stop.wait()
    except TimeoutError:
        return
