"""Passing a link on."""

from urllib.parse import urlencode

from aiogram.types import InlineKeyboardButton

from bot.buttons import Row
from bot.phrasebook import Phrasebook


def shares(phrases: Phrasebook, link: str, words: str) -> Row:
    """A button that lets the customer choose a chat to send the link to.

    Telegram's own share link: https://core.telegram.org/widgets/share
    """
    url = f"https://t.me/share/url?{urlencode({'url': link, 'text': words})}"
    return (InlineKeyboardButton(text=phrases.label("button.share"), url=url),)
