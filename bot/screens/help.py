"""Help: the questions that customers ask, and a person to write to."""

from aiogram.types import InlineKeyboardButton

from bot.buttons import Place, Row, back_to_menu, opens
from bot.phrasebook import Phrasebook
from bot.screens.screen import Screen


def help_screen(
    phrases: Phrasebook, support_contact: str | None, *, receipts: bool = False
) -> Screen:
    """Answers, and where to ask the rest; with `receipts` also how to change their address."""
    setup = (opens(phrases.label("button.setup"), Place.SETUP),)
    text = phrases.say("help.answers")
    if receipts:
        change = phrases.say("help.receipts")
        text = f"{text}\n\n{change}"
    if support_contact is not None:
        contact = phrases.say("help.contact", contact=support_contact)
        text = f"{text}\n\n{contact}"
    privacy = (opens(phrases.label("button.privacy"), Place.PRIVACY),)
    rows = (*_contact_row(phrases, support_contact), setup, privacy, back_to_menu(phrases))
    return Screen(text=text, rows=rows)


def _contact_row(phrases: Phrasebook, contact: str | None) -> tuple[Row, ...]:
    """A button where the contact can be opened; an e-mail address is only written out."""
    if contact is None:
        return ()
    if contact.startswith("@"):
        url = f"https://t.me/{contact[1:]}"
    elif contact.startswith(("https://", "http://")):
        url = contact
    else:
        return ()
    return ((InlineKeyboardButton(text=phrases.label("button.contact"), url=url),),)
