"""The choice of a language."""

from aiogram.types import InlineKeyboardButton

from bot.buttons import Speak, back_to_menu
from bot.phrasebook import N_, Phrasebook
from bot.screens.screen import Screen
from domain.languages import Language

# Each language is named in itself, whatever the screen's own language.
_NAMES = {
    Language.RUSSIAN: N_("language.russian"),
    Language.ENGLISH: N_("language.english"),
}


def language_screen(phrases: Phrasebook) -> Screen:
    """Every language that the shop speaks."""
    choices = tuple(
        InlineKeyboardButton(
            text=phrases.label(_NAMES[language]), callback_data=Speak(language=language).pack()
        )
        for language in Language
    )
    return Screen(text=phrases.say("language.choose"), rows=(choices, back_to_menu(phrases)))
