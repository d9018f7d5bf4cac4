"""The languages that the shop speaks."""

from enum import StrEnum

from domain.model import Value


class Language(StrEnum):
    """A language with a complete catalogue of texts."""

    RUSSIAN = "ru"
    ENGLISH = "en"


def language_of(telegram_code: str | None) -> Language:
    """The best language for Telegram's `language_code` (an IETF tag such as `ru` or `en-GB`)."""
    primary = (telegram_code or "").split("-")[0].lower()
    return Language.RUSSIAN if primary == Language.RUSSIAN else Language.ENGLISH


class Wording(Value):
    """An owner's own text, such as a plan's name, in every language."""

    ru: str
    en: str

    def within(self, language: Language) -> str:
        """The text in that language."""
        return self.ru if language is Language.RUSSIAN else self.en
