"""The test cards on the payment page: the usual ones first, every other outcome behind a click."""

from html import escape
from itertools import groupby

from sandbox.yookassa.cards import (
    PAID,
    PAID_AFTER_3DS,
    TEST_CARDS,
    Cancellation,
    CardType,
    Party,
    TestCard,
    card_for,
)
from sandbox.yookassa.page_texts import TEXTS, reason_in_words, scenario_in_words
from sandbox.yookassa.payments import Locale

_QUICK = (PAID, PAID_AFTER_3DS, "insufficient_funds")

_GROUPS: dict[Party | None, str] = {
    None: "group_paid",
    Party.PAYMENT_NETWORK: "group_network",
    Party.YOO_MONEY: "group_yoo_money",
}


def quick_cards(locale: Locale) -> str:
    """A button for each of the three outcomes that are wanted most."""
    return "\n".join(_quick_card(locale, card_for(scenario)) for scenario in _QUICK)


def all_outcomes(locale: Locale) -> str:
    """Every outcome under who decides it, with a button for each network's card."""
    return "\n".join(
        f"<h3>{escape(TEXTS[locale][title])}</h3>\n"
        f'<ul class="outcomes">\n{_outcomes(locale, party)}\n</ul>'
        for party, title in _GROUPS.items()
    )


def _quick_card(locale: Locale, card: TestCard) -> str:
    look = "fails" if card.decline else "works"
    words = escape(scenario_in_words(locale, card.scenario))
    return f"{_button(card, look)}{words}<small>•{card.last4}</small></button>"


def _outcomes(locale: Locale, party: Party | None) -> str:
    cards = [card for card in TEST_CARDS.values() if _decider(card.decline) is party]
    return "\n".join(
        _outcome(locale, scenario, list(same))
        for scenario, same in groupby(cards, key=lambda card: card.scenario)
    )


def _outcome(locale: Locale, scenario: str, cards: list[TestCard]) -> str:
    if cards[0].decline is None:
        words = escape(scenario_in_words(locale, scenario))
    else:
        reason = reason_in_words(locale, scenario)
        words = f"{escape(reason[0].upper() + reason[1:])}<code>{scenario}</code>"
    buttons = "\n".join(_network_button(locale, card) for card in cards)
    return f"<li>{words}<span>\n{buttons}\n</span></li>"


def _network_button(locale: Locale, card: TestCard) -> str:
    network = escape(_name(locale, card.card_type))
    spoken = escape(f"{scenario_in_words(locale, card.scenario)}, {network} {card.last4}")
    return f"{_button(card, 'network-card', spoken)}{network} •{card.last4}</button>"


def _button(card: TestCard, look: str, spoken: str = "") -> str:
    label = f' aria-label="{spoken}"' if spoken else ""
    return (
        f'<button class="{look}" form="card" name="test_card" value="{card.number}"'
        f"{label} formnovalidate>"
    )


def _name(locale: Locale, network: CardType) -> str:
    return TEXTS[locale]["mir"] if network is CardType.MIR else network.value


def _decider(decline: Cancellation | None) -> Party | None:
    return None if decline is None else decline.party
