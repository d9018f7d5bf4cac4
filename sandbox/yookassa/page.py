"""The hosted payment page as HTML: plain forms that a script can submit as well as a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from html import escape
from pathlib import Path
from string import Template

from sandbox.yookassa.cards import Cancellation
from sandbox.yookassa.checkout import CardForm, FormError
from sandbox.yookassa.objects import Amount
from sandbox.yookassa.page_cards import all_outcomes, quick_cards
from sandbox.yookassa.page_outcomes import outcome_of
from sandbox.yookassa.page_texts import TEXTS, decline_in_words, minutes_in_words
from sandbox.yookassa.payments import PAGE_LIFE, Locale, Payment, PaymentStatus, Saving

_TEMPLATES = Path(__file__).parent / "templates"

_SAVING = {Saving.ALWAYS: "saving_always.html", Saving.OFFERED: "saving_offered.html"}


@dataclass(frozen=True)
class Facts:
    """What every page of a payment shows."""

    payment: Payment
    shop_name: str
    state_url: str
    """Where the page's script looks whether the payment went on."""
    now: datetime

    @property
    def locale(self) -> Locale:
        """The payer's language, as the shop said."""
        return self.payment.terms.locale


@dataclass(frozen=True)
class Attempt:
    """What the payer tried already, so that the page can answer it."""

    form: CardForm | None = None
    error: FormError | None = None
    """What is wrong with the form."""
    declined: Cancellation | None = None
    """Why the previous card was declined, if another may be tried."""


def card_page(facts: Facts, attempt: Attempt) -> str:
    """The card form of a pending payment."""
    texts = TEXTS[facts.locale]
    typed = attempt.form or CardForm(number="", expiry="", csc="")
    saving = _SAVING.get(facts.payment.terms.saving)
    checked = {"checked": " checked" if typed.save else ""}
    markup = {
        "declined": _alert(facts.locale, attempt.declined),
        "saving": _fill(saving, {**_escaped(texts), **checked}) if saving else "",
        "quick_cards": quick_cards(facts.locale),
        "all_outcomes": all_outcomes(facts.locale),
        **_field_states(attempt.error),
    }
    fields = {
        "number": typed.number,
        "expiry": typed.expiry,
        "expiry_example": f"12/{(facts.now.year + 3) % 100:02}",
        "left": time_left(facts.payment, facts.now),
        **_field_errors(facts.locale, attempt.error),
    }
    title = f"{texts['title']}: {_money(facts.payment.amount, facts.locale)}"
    return _page("card.html", facts, title, fields, markup)


def three_d_secure_page(facts: Facts, last4: str) -> str:
    """The bank's question for a code."""
    title = TEXTS[facts.locale]["bank_title"]
    return _page("three_d_secure.html", facts, title, {"card": f"•• {last4}"})


def outcome_page(facts: Facts, *, just_now: bool) -> str:
    """How the payment ended, with the way back to the shop.

    Args:
        facts: What is shown.
        just_now: Whether the payer comes from the form, rather than back to an old page.
    """
    outcome = outcome_of(facts.payment, just_now=just_now)
    texts = TEXTS[facts.locale]
    fields = {
        "tone": outcome.tone,
        "sign": outcome.sign,
        "head": texts[outcome.head],
        "text": outcome.text(facts.locale),
        "back": texts[outcome.back],
    }
    return _page("outcome.html", facts, texts[outcome.head], fields)


def unknown_page(locale: Locale) -> str:
    """For an address that no payment has."""
    texts = TEXTS[locale]
    return _laid_out("unknown.html", texts, texts["unknown_title"], _escaped(texts))


def state_of(payment: Payment) -> str:
    """What the page looks different for."""
    return f"{payment.status}{'-refunded' if payment.refunded_amount else ''}"


def time_left(payment: Payment, now: datetime) -> str:
    """How long the payer still has, in words."""
    if payment.status is not PaymentStatus.PENDING:
        return ""
    left = payment.created_at + PAGE_LIFE - now
    return minutes_in_words(payment.terms.locale, max(1, -(-left // timedelta(minutes=1))))


def _page(
    template: str,
    facts: Facts,
    title: str,
    fields: Mapping[str, str],
    markup: Mapping[str, str] | None = None,
) -> str:
    payment, texts = facts.payment, TEXTS[facts.locale]
    plain = {
        **texts,
        "amount": _money(payment.amount, facts.locale),
        "description": payment.description or texts["order"],
        "shop_name": facts.shop_name,
        "initial": facts.shop_name[:1].upper(),
        "return_url": payment.terms.return_url or "",
        "state_url": facts.state_url,
        "seen": state_of(payment),
        **fields,
    }
    return _laid_out(template, texts, title, {**_escaped(plain), **(markup or {})})


def _laid_out(
    template: str, texts: Mapping[str, str], title: str, fields: Mapping[str, str]
) -> str:
    return _fill(
        "layout.html",
        {
            **_escaped({**texts, "title": title}),
            "main": _fill(template, fields),
            "style": _text_of("style.css"),
            "script": _text_of("page.js"),
        },
    )


def _field_states(error: FormError | None) -> dict[str, str]:
    wrong = ' aria-invalid="true" autofocus'
    return {f"{field}_state": wrong if field is error else "" for field in FormError}


def _field_errors(locale: Locale, error: FormError | None) -> dict[str, str]:
    texts = TEXTS[locale]
    return {
        f"{field}_error": texts[f"{field}_wrong"] if field is error else "" for field in FormError
    }


def _alert(locale: Locale, declined: Cancellation | None) -> str:
    if declined is None:
        return ""
    words = f"{decline_in_words(locale, declined.reason)}. {TEXTS[locale]['try_again']}"
    return f'<p role="alert">{escape(words)}</p>'


def _money(amount: Amount, locale: Locale) -> str:
    written = f"{amount.value:,.2f}"
    if locale is Locale.RUSSIAN:
        written = written.replace(",", "\N{NO-BREAK SPACE}").replace(".", ",")
    sign = "₽" if amount.currency == "RUB" else amount.currency
    return f"{written}\N{NO-BREAK SPACE}{sign}"


def _escaped(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: escape(text) for name, text in texts.items()}


def _fill(template: str, fields: Mapping[str, str]) -> str:
    return _template(template).substitute(fields)


@cache
def _template(name: str) -> Template:
    return Template(_text_of(name))


@cache
def _text_of(name: str) -> str:
    return (_TEMPLATES / name).read_text("utf-8")
