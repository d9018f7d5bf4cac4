"""The hosted payment page as HTML: plain forms that a script can submit as well as a person."""

from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path
from string import Template

from sandbox.yookassa.cards import TEST_CARDS, CardType, TestCard
from sandbox.yookassa.checkout import FormError
from sandbox.yookassa.objects import Amount
from sandbox.yookassa.page_texts import TEXTS, reason_in_words, scenario_in_words
from sandbox.yookassa.payments import Locale, Payment, PaymentStatus, Saving

_TEMPLATES = Path(__file__).parent / "templates"

_OUTCOMES = {
    PaymentStatus.SUCCEEDED: ("good", "paid_title", "paid_text"),
    PaymentStatus.WAITING_FOR_CAPTURE: ("good", "held_title", "held_text"),
    PaymentStatus.PENDING: ("wait", "pending_title", "pending_text"),
}


def card_page(
    payment: Payment, *, form_error: FormError | None = None, declined: str | None = None
) -> str:
    """The card form of a payment.

    Args:
        payment: A pending payment.
        form_error: What is wrong with the form that was just submitted.
        declined: The reason why the previous card was declined, if another may be tried.
    """
    locale = payment.terms.locale
    alert = _alert(locale, form_error, declined)
    return _page(
        "card.html",
        payment,
        alert=alert,
        saves=_paragraph(TEXTS[locale]["saves"]) if payment.terms.saving is Saving.ALWAYS else "",
        test_cards=_test_cards(locale, of_one_network=True),
        other_cards=_test_cards(locale, of_one_network=False),
    )


def three_d_secure_page(payment: Payment) -> str:
    """The bank's question for a code."""
    return _page("three_d_secure.html", payment)


def outcome_page(payment: Payment) -> str:
    """How the payment ended, with the way back to the shop."""
    texts = TEXTS[payment.terms.locale]
    if payment.status is PaymentStatus.CANCELED:
        reason = payment.cancellation_details
        words = reason_in_words(payment.terms.locale, reason.reason) if reason else ""
        text = texts["canceled_text"].format(reason=words)
        return _page("outcome.html", payment, tone="bad", head=texts["canceled_title"], text=text)
    tone, head, text = _OUTCOMES[payment.status]
    return _page("outcome.html", payment, tone=tone, head=texts[head], text=texts[text])


def unknown_page() -> str:
    """For an address that no payment has."""
    texts = TEXTS[Locale.RUSSIAN]
    return _fill("unknown.html", {**_escaped(texts), "style": _style()})


def _page(template: str, payment: Payment, **fields: str) -> str:
    texts = TEXTS[payment.terms.locale]
    plain = {
        "amount": _money(payment.amount, payment.terms.locale),
        "description": payment.description or texts["order"],
        "order_id": payment.id,
        "return_url": payment.terms.return_url or "",
        **{name: text for name, text in fields.items() if name not in _MARKUP},
    }
    markup = {name: text for name, text in fields.items() if name in _MARKUP}
    return _fill(template, {**_escaped(texts), **_escaped(plain), **markup, "style": _style()})


_MARKUP = frozenset({"alert", "saves", "test_cards", "other_cards"})


def _test_cards(locale: Locale, *, of_one_network: bool) -> str:
    return "".join(
        _test_card(locale, card)
        for card in TEST_CARDS.values()
        if (card.card_type is CardType.MASTERCARD) is of_one_network
    )


def _test_card(locale: Locale, card: TestCard) -> str:
    words = escape(scenario_in_words(locale, card.scenario))
    network = "" if card.card_type is CardType.MASTERCARD else f"{card.card_type} "
    return (
        f'<button class="test" name="test_card" value="{card.number}" formnovalidate>'
        f"<span>{words}</span><small>{network}*{card.last4}</small></button>\n"
    )


def _alert(locale: Locale, form_error: FormError | None, declined: str | None) -> str:
    texts = TEXTS[locale]
    if form_error is not None:
        return _paragraph(texts[f"error.{form_error}"], role="alert")
    if declined is not None:
        words = f"{scenario_in_words(locale, declined)}. {texts['try_again']}"
        return _paragraph(words, role="alert")
    return ""


def _paragraph(text: str, role: str = "note") -> str:
    return f'<p role="{role}">{escape(text)}</p>'


def _money(amount: Amount, locale: Locale) -> str:
    written = f"{amount.value:,.2f}"
    if locale is Locale.RUSSIAN:
        written = written.replace(",", "\N{NO-BREAK SPACE}").replace(".", ",")
    sign = "₽" if amount.currency == "RUB" else amount.currency
    return f"{written}\N{NO-BREAK SPACE}{sign}"


def _escaped(texts: Mapping[str, str]) -> dict[str, str]:
    return {name.replace(".", "_").replace("3ds", "tds"): escape(t) for name, t in texts.items()}


def _fill(template: str, fields: Mapping[str, str]) -> str:
    return _template(template).substitute(fields)


@cache
def _template(name: str) -> Template:
    return Template((_TEMPLATES / name).read_text("utf-8"))


@cache
def _style() -> str:
    return (_TEMPLATES / "style.css").read_text("utf-8")
