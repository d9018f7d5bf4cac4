"""The catalogues are complete, agree with the code, and keep to Telegram's limits.

`make messages` brings `messages.pot` and both catalogues in step with the code.
"""

from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from bot.buttons import Platform
from bot.phrasebook import phrasebook
from bot.screens.declines import REASONS
from domain.languages import Language

LOCALES = Path("bot/locales")
KEYWORDS = {"say": None, "label": None, "N_": None, "count": (1, 1)}
FORMS = {Language.RUSSIAN: 3, Language.ENGLISH: 2}
TAGS = {"b", "blockquote", "i", "code", "pre", "a"}  # of those that Telegram knows, the ones we use


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as po:
        return read_po(po)


def of(language: Language) -> Catalog:
    return catalogue(LOCALES / language / "LC_MESSAGES" / "messages.po")


def messages(catalog: Catalog) -> dict[str, Message]:
    return {key(message.id): message for message in catalog if message.id}


def key(message_id: str | tuple[str, ...] | list[str]) -> str:
    return message_id if isinstance(message_id, str) else message_id[0]


def texts(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def said_in_the_code() -> set[str]:
    found = extract_from_dir("bot", keywords=KEYWORDS)
    return {key(message_id) for _, _, message_id, _, _ in found}


@pytest.fixture(params=list(Language))
def language(request: pytest.FixtureRequest) -> Language:
    return request.param


def test_the_template_is_in_step_with_the_code() -> None:
    assert set(messages(catalogue(LOCALES / "messages.pot"))) == said_in_the_code()


def test_nothing_is_missing_or_unused(language: Language) -> None:
    assert set(messages(of(language))) == said_in_the_code()


def test_nothing_is_empty_fuzzy_or_obsolete(language: Language) -> None:
    catalog = of(language)
    assert not catalog.obsolete
    for name, message in messages(catalog).items():
        assert not message.fuzzy, name
        assert all(text.strip() for text in texts(message)), name


def test_every_plural_form_is_there(language: Language) -> None:
    plurals = [each for each in messages(of(language)).values() if each.pluralizable]
    assert plurals
    for message in plurals:
        assert len(texts(message)) == FORMS[language], message.id
        assert all(placeholders(text) == {"n"} for text in texts(message)), message.id


def test_both_languages_fill_in_the_same_values() -> None:
    russian, english = messages(of(Language.RUSSIAN)), messages(of(Language.ENGLISH))
    for name, message in russian.items():
        wanted = placeholders(texts(english[name])[0])
        assert all(placeholders(text) == wanted for text in texts(message)), name


def test_markup_is_balanced_and_known_to_telegram(language: Language) -> None:
    for name, message in messages(of(language)).items():
        for text in texts(message):
            Markup().check(text, name)


@pytest.mark.parametrize(
    ("names", "limit"),
    [(("button.", "platform.", "repair.retry"), 40), (("command.",), 256)],
)
def test_labels_are_short_plain_texts(
    language: Language, names: tuple[str, ...], limit: int
) -> None:
    for name, message in messages(of(language)).items():
        if name.startswith(names) and not name.endswith(".explained"):
            assert len(texts(message)[0]) <= limit, name
            assert "<" not in texts(message)[0], name


TOASTS = (
    "config.no_access",
    "config.not_yet",
    "config.sent",
    "checkout.again",
    "checkout.under_way",
    "checkout.not_started_again",
    "fallback.stale_button",
    "failure.apology",
    "language.chosen",
    "promo.dropped",
    "trial.not_for_you",
    "repair.unknown",
    "repair.unavailable",
    "repair.not_staff",
)


@pytest.mark.parametrize("name", TOASTS)
def test_answers_to_taps_fit_their_200_characters(language: Language, name: str) -> None:
    text = phrasebook(language).label(name)
    assert text != name
    assert len(text) <= 200


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (1, "1 день"),
        (2, "2 дня"),
        (5, "5 дней"),
        (11, "11 дней"),
        (21, "21 день"),
        (112, "112 дней"),
    ],
)
def test_russian_plurals_are_right(n: int, said: str) -> None:
    assert phrasebook(Language.RUSSIAN).count("days", n) == said


def test_every_documented_reason_of_a_decline_has_its_own_words(language: Language) -> None:
    phrases = phrasebook(language)
    assert len({phrases.label(text) for text in REASONS.values()}) == len(REASONS) == 22


def test_every_platform_has_steps(language: Language) -> None:
    for platform in Platform:
        assert phrasebook(language).say(f"steps.{platform}") != f"steps.{platform}"


class Markup(HTMLParser):
    """Fails on tags that are unknown, crossed or left open."""

    def check(self, text: str, name: str) -> None:
        self.open: list[str] = []
        self.name = name
        self.feed(text)
        self.close()
        assert self.open == [], name

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        assert tag in TAGS, (self.name, tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, self.name
