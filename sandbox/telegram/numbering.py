"""Where a run's ids begin: beyond those of earlier runs, which a bot may remember.

The sandbox forgets its chats when it stops; the bot's database does not. If ids began anew, the
bot would take new updates for repeats and edit other messages than it means.
"""

from datetime import UTC, datetime

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_UPDATES_A_SECOND = 50
"""More than a demo ever sees on average; it keeps ids within 31 bits for some time."""


def first_update_id() -> int:
    """The first `update_id` of a run that starts now."""
    return _seconds() * _UPDATES_A_SECOND


def first_message_id() -> int:
    """The first `message_id` in private chats of a run that starts now."""
    return _seconds()


def _seconds() -> int:
    return int((datetime.now(UTC) - _EPOCH).total_seconds())
