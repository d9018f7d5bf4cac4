"""Keeps secrets and personal data out of the log, whichever library wrote the line."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from uuid import UUID

MASK = "***"

_SECRET_NAME = re.compile(
    r"token|secret|passw|private|preshared|authoriz|cookie|e_?mail|phone|(^|_)keys?($|_)"
    r"|api_?key|username|first_name|last_name|(^|_)card($|_)",
    re.IGNORECASE,
)
_PUBLIC_NAME = re.compile(r"public_key|key_id|idempotence_key", re.IGNORECASE)

_SECRET_TEXT: tuple[tuple[re.Pattern[str], str], ...] = (
    # Private keys in PEM.
    (
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*-----|\Z)", re.DOTALL),
        MASK,
    ),
    # The secret lines of a WireGuard configuration.
    (re.compile(r"\b(PrivateKey|PresharedKey)\s*=\s*\S+", re.IGNORECASE), rf"\1 = {MASK}"),
    # A Telegram bot's token, in an address or alone (core.telegram.org/bots/api).
    (re.compile(r"(?<!\d)(\d{3,}):[A-Za-z0-9_-]{20,}"), rf"\1:{MASK}"),
    (re.compile(r"/bot(\d+):[^/\s\"']+"), rf"/bot\1:{MASK}"),
    # HTTP authorization, as a header or inside a printed dictionary of headers.
    (re.compile(r"\b(Basic|Bearer)\s+[A-Za-z0-9+/=._~-]{16,}", re.IGNORECASE), rf"\1 {MASK}"),
    (
        re.compile(r"(authorization['\"]?\s*[:=]\s*['\"]?)(\w+\s+)?[^\s'\",}]+", re.IGNORECASE),
        rf"\1\2{MASK}",
    ),
    # The password inside an address.
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s/@]+@", re.IGNORECASE), rf"\1:{MASK}@"),
    # YooKassa's secret keys.
    (re.compile(r"\b(live|test)_[A-Za-z0-9_-]{16,}"), rf"\1_{MASK}"),
    # `secret=...` in a query or a message.
    (
        re.compile(r"\b([\w-]*(?:token|secret|password|signature))=[^\s&\"']+", re.IGNORECASE),
        rf"\1={MASK}",
    ),
    # E-mail addresses.
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), MASK),
)

_CARD_NUMBER = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)")
_LARGEST_DIGIT = 9
"""Luhn's sum takes nine off a doubled digit above this (ISO/IEC 7812-1)."""


def mask_text(text: str) -> str:
    """The text without the secrets and personal data that have a recognisable shape."""
    for pattern, replacement in _SECRET_TEXT:
        text = pattern.sub(replacement, text)
    return _CARD_NUMBER.sub(_mask_card, text)


def mask_named(name: str, value: object) -> object:
    """The value of a log field: hidden by its name, or else searched for secrets."""
    if value is not None and _SECRET_NAME.search(name) and not _PUBLIC_NAME.search(name):
        return MASK
    return mask_value(value)


def mask_value(value: object) -> object:
    """The value with secrets masked, however deeply they lie; unknown types become masked text."""
    match value:
        case None | bool() | int() | float() | Decimal() | UUID() | date() | timedelta() | Enum():
            return value
        case str():
            return mask_text(value)
        case Mapping():
            return {name: mask_named(str(name), inner) for name, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [mask_value(inner) for inner in value]
        case _:
            return mask_text(repr(value))


def _mask_card(match: re.Match[str]) -> str:
    digits = [int(character) for character in match[0] if character.isdigit()]
    return MASK if _passes_luhn(digits) else match[0]


def _passes_luhn(digits: list[int]) -> bool:
    """Whether the check digit fits, so that a Telegram chat id is not taken for a card."""
    doubled = (2 * digit for digit in digits[-2::-2])
    folded = (digit - 9 if digit > _LARGEST_DIGIT else digit for digit in doubled)
    return (sum(digits[-1::-2]) + sum(folded)) % 10 == 0
