"""Sends a notice once, as far as that can be known."""

from collections.abc import Awaitable, Callable
from enum import Enum

from domain.errors import CustomerUnreachable, TelegramUnavailable
from domain.ids import MessageId, UserId
from domain.notices import Claim, ClaimedNotice
from domain.ports import NoticeBook

Send = Callable[[], Awaitable[MessageId]]


class Doubt(Enum):
    """What to do when an earlier attempt may or may not have arrived."""

    REPEAT = "repeat"
    """A second one is harmless, none is not."""
    KEEP_SILENT = "keep_silent"
    """None is better than two."""


async def send_once(
    book: NoticeBook, key: str, user_id: UserId | None, send: Send, *, in_doubt: Doubt
) -> ClaimedNotice:
    """Send under a claim, so that a repeat of the whole step sends nothing again.

    Returns:
        What became of it: the claim as it was found (SENT: it went out earlier), and the
        message, where that is known.

    Raises:
        TelegramUnavailable, CustomerUnreachable: It is known not to have gone out; the claim is
            released, and the next attempt starts afresh.
        TelegramOutcomeUnknown: It may have gone out; the claim stays, so the next attempt finds
            it in doubt.
    """
    claimed = await book.claim(key, user_id)
    if claimed.claim is Claim.SENT:
        return claimed
    if claimed.claim is Claim.UNCERTAIN and in_doubt is Doubt.KEEP_SILENT:
        return claimed
    try:
        message_id = await send()
    except (TelegramUnavailable, CustomerUnreachable):
        await book.release(key)
        raise
    await book.confirm(key, message_id)
    return claimed.model_copy(update={"message_id": message_id})
