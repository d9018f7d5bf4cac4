"""What the payment page says, in Russian and English."""

from collections.abc import Mapping
from types import MappingProxyType

from sandbox.yookassa.page_words import ENGLISH, RUSSIAN
from sandbox.yookassa.payments import Locale

TEXTS: Mapping[Locale, Mapping[str, str]] = MappingProxyType(
    {Locale.RUSSIAN: MappingProxyType(RUSSIAN), Locale.ENGLISH: MappingProxyType(ENGLISH)}
)
"""Every text by locale and key."""

_TEENS = range(11, 15)
_FEW = range(2, 5)


def reason_in_words(locale: Locale, reason: str) -> str:
    """A cancellation reason as people say it; the code itself where there are no words."""
    return TEXTS[locale].get(f"reason_{reason}", reason)


def decline_in_words(locale: Locale, reason: str) -> str:
    """A sentence without its full stop, about a card that did not pay."""
    return TEXTS[locale]["card_declined"].format(reason=reason_in_words(locale, reason))


def scenario_in_words(locale: Locale, scenario: str) -> str:
    """What a test card leads to."""
    return TEXTS[locale].get(f"card_{scenario}") or decline_in_words(locale, scenario)


def shop_in_words(locale: Locale, shop_id: str) -> str:
    """What a shop without a name is called."""
    return TEXTS[locale]["nameless_shop"].format(shop_id=shop_id)


def minutes_in_words(locale: Locale, minutes: int) -> str:
    """How long the payer still has."""
    return TEXTS[locale][_plural("left", locale, minutes)].format(minutes=minutes)


def preferred_locale(accept_language: str) -> Locale:
    """The page's language for a browser, where no shop has said it; Russian unless English leads.

    Args:
        accept_language: The browser's header, such as `en-GB,en;q=0.9`.
    """
    first = accept_language.partition(",")[0].strip().lower()
    return Locale.ENGLISH if first.startswith("en") else Locale.RUSSIAN


def _plural(key: str, locale: Locale, number: int) -> str:
    if locale is Locale.ENGLISH:
        return f"{key}_one" if number == 1 else f"{key}_many"
    last, is_teen = number % 10, number % 100 in _TEENS
    if last == 1 and not is_teen:
        return f"{key}_one"
    return f"{key}_few" if last in _FEW and not is_teen else f"{key}_many"
