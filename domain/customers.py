"""Who buys."""

from datetime import datetime

from domain.ids import UserId
from domain.languages import Language
from domain.model import Value


class Customer(Value):
    """A customer as Telegram introduced them, with the language they chose."""

    user_id: UserId
    username: str | None = None
    first_name: str = ""
    last_name: str | None = None
    language: Language
    email: str | None = None
    """Asked for only when receipts (54-FZ) are on."""
    blocked_bot_at: datetime | None = None
    created_at: datetime


class Introduction(Value):
    """What Telegram says of a person who writes to the bot."""

    user_id: UserId
    username: str | None = None
    first_name: str = ""
    last_name: str | None = None
    language_code: str | None = None
