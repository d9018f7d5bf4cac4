"""The shop's words in one language: texts from the catalogues, prices, dates, plurals.

The catalogues are ordinary gettext files, `locales/<language>/LC_MESSAGES/messages.po`. They are
compiled in memory at the first use, so an installed package needs nothing but the `.po`.
"""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from gettext import GNUTranslations
from html import escape
from importlib.resources import files
from io import BytesIO

from babel import Locale
from babel.dates import format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from domain.languages import Language
from domain.money import ROUBLE, STAR, Money

MOSCOW = timezone(timedelta(hours=3))
"""Moscow's time: without daylight saving since 2014, so it needs no time zone database."""

_DAYS_FROM = timedelta(days=2)
"""From here on time left is told in days, below in hours."""

_NEXT_SIZE = 1000


_SIGNS = {ROUBLE: "₽", STAR: "⭐"}
"""English too: Unicode's data calls the first "RUB" there, and does not know the second."""


def N_(key: str) -> str:  # noqa: N802  # gettext's own name for "translated later"
    """Mark a key for the extraction of messages where it is not yet said."""
    return key


_SIZES = (N_("size.kb"), N_("size.mb"), N_("size.gb"), N_("size.tb"))


class Phrasebook:
    """Says things in one language."""

    def __init__(self, language: Language, catalogue: GNUTranslations) -> None:
        self.language = language
        self._catalogue = catalogue
        self._locale = Locale(language)

    def say(self, key: str, **values: object) -> str:
        """A text of Telegram's HTML; the values are escaped."""
        escaped = {name: escape(str(value), quote=False) for name, value in values.items()}
        return self._catalogue.gettext(key).format(**escaped)

    def label(self, key: str, **values: object) -> str:
        """A text without markup: for a button, an alert, a command."""
        return self._catalogue.gettext(key).format(**values)

    def count(self, key: str, n: int) -> str:
        """`count("days", 3)`: a number of things, in the right plural."""
        return self._catalogue.ngettext(key, key, n).format(n=n)

    def price(self, money: Money) -> str:
        """`2 990 ₽`; kopecks only where there are any, and spaces that a search finds."""
        is_whole = money.amount == money.amount.to_integral_value()
        amount = format_decimal(money.amount, "#,##0" if is_whole else "#,##0.00", self._locale)
        sign = _SIGNS.get(money.currency, money.currency)
        return f"{amount} {sign}".replace("\N{NO-BREAK SPACE}", " ")

    def moment(self, moment: datetime) -> str:
        """`5 March 2027, 14:30 MSK (UTC+3)`: a date and time that cannot be mistaken."""
        local = format_datetime(
            moment.astimezone(MOSCOW), "d MMMM y, HH:mm", tzinfo=MOSCOW, locale=self._locale
        )
        return self.label("moment", local=local)

    def duration(self, left: timedelta) -> str:
        """`29 days`, `23 hours`, `5 minutes`: roughly, for a person."""
        if left >= _DAYS_FROM:
            return self.count("days", round(left / timedelta(days=1)))
        if left >= timedelta(hours=1):
            return self.count("hours", round(left / timedelta(hours=1)))
        return self.count("minutes", max(1, round(left / timedelta(minutes=1))))

    def ago(self, since: timedelta) -> str:
        """`5 minutes ago`, roughly."""
        if since >= _DAYS_FROM:
            return self.count("days_ago", round(since / timedelta(days=1)))
        if since >= timedelta(hours=1):
            return self.count("hours_ago", round(since / timedelta(hours=1)))
        return self.count("minutes_ago", max(1, round(since / timedelta(minutes=1))))

    def size(self, size_in_bytes: int) -> str:
        """`12.3 GB`, in decimal units, as carriers count."""
        number = Decimal(size_in_bytes) / _NEXT_SIZE
        unit, *larger = _SIZES
        while number >= _NEXT_SIZE and larger:
            number /= _NEXT_SIZE
            unit = larger.pop(0)
        amount = format_decimal(number, "#,##0.#", self._locale)
        return self.label(unit, amount=amount.replace("\N{NO-BREAK SPACE}", " "))

    def place(self, location: str) -> str:
        """`🇳🇱 Netherlands` for `nl`; a location that is no ISO 3166 code is named as it is."""
        code = location.upper()
        name = self._locale.territories.get(code)
        if name is None or len(code) != len("NL"):
            return location
        flag = "".join(chr(ord("🇦") + ord(letter) - ord("A")) for letter in code)
        return f"{flag} {name}"


@cache
def phrasebook(language: Language) -> Phrasebook:
    """The phrasebook of a language."""
    source = files("bot") / "locales" / language / "LC_MESSAGES" / "messages.po"
    compiled = BytesIO()
    with source.open("rb") as po_file:
        write_mo(compiled, read_po(po_file, locale=language, abort_invalid=True))
    compiled.seek(0)
    return Phrasebook(language, GNUTranslations(compiled))
