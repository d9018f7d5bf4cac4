"""Who buys."""

from datetime import datetime

from domain.ids import UserId
from domain.languages import Language
from domain.model import Value

_SIGN = r"[^@\s.,;:<>()\[\]\\\"]"  # of what stands between the dots: RFC 5322, 3.2.3
EMAIL_PATTERN = rf"^{_SIGN}+(\.{_SIGN}+)*@({_SIGN}+\.)+{_SIGN}{{2,}}$"
"""What the shop takes for an e-mail address: one that a receipt can be sent to."""

EMAIL_LENGTH = 254
"""RFC 5321, 4.5.3.1.3, less the angle brackets."""


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
