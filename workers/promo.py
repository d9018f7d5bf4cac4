"""The owner's work on promo codes, from the command line."""

import csv
import secrets
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal

from pydantic import ValidationError

from domain.errors import SettingsError
from domain.model import Value
from domain.promotions import PromoKind, PromoTerms, is_wellformed, normal_form
from infra.postgres.pool import open_pool
from infra.postgres.promo_codes import PromoCodeReport, PromoCodes
from infra.settings import DatabaseSettings, load

_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without those that look alike."""

_RANDOM_LETTERS = 10
"""50 bits: nobody guesses one of ten thousand."""


class PromoRequest(Value):
    """What the owner asked for, as options."""

    percent: int | None = None
    fixed: Decimal | None = None
    days: int | None = None
    max_uses: int | None = None
    max_uses_each: int = 1
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    plans: tuple[str, ...] = ()
    """By their slugs."""
    is_for_first_purchase: bool = False
    combines: bool = False


async def create_codes(codes: Sequence[str], request: PromoRequest) -> None:
    """Write codes into the ledger. Raises `SettingsError`."""
    names = [normal_form(code) for code in codes]
    for name in names:
        if not is_wellformed(name):
            raise SettingsError(f"{name!r}: a code is 3 to 32 of A-Z, 0-9, _ and -")
    async with _promo_codes() as promo_codes:
        plans = await promo_codes.plans_named(request.plans)
        kind, worth = _worth(request)
        try:
            terms = PromoTerms.model_validate(
                {**request.model_dump(), "kind": kind, "worth": worth, "plans": plans}
            )
        except ValidationError as error:
            problems = "; ".join(detail["msg"] for detail in error.errors())
            raise SettingsError(f"the code's terms are wrong: {problems}") from None
        await promo_codes.create(names, terms)


def random_codes(count: int, prefix: str) -> tuple[str, ...]:
    """So many different codes that nobody guesses."""
    codes: set[str] = set()
    while len(codes) < count:
        letters = "".join(secrets.choice(_LETTERS) for _ in range(_RANDOM_LETTERS))
        codes.add(f"{normal_form(prefix)}{letters}")
    return tuple(sorted(codes))


async def print_codes() -> None:
    """Every code as CSV."""
    async with _promo_codes() as promo_codes:
        reports = await promo_codes.all()
    lines = [_line(report) for report in reports]
    writer = csv.DictWriter(sys.stdout, fieldnames=_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)


async def disable_code(code: str) -> None:
    """Switch a code off. Raises `SettingsError`."""
    async with _promo_codes() as promo_codes:
        await promo_codes.disable(normal_form(code))


_COLUMNS = (
    *("code", "kind", "worth", "spent", "held", "max_uses", "max_uses_each"),
    *("starts_at", "ends_at", "plans", "is_for_first_purchase", "combines", "is_enabled"),
)


def _line(report: PromoCodeReport) -> dict[str, object]:
    code = report.code.model_dump(include=set(_COLUMNS))
    plans = " ".join(map(str, report.code.plans))
    return {**code, "plans": plans, "spent": report.spent, "held": report.held}


def _worth(request: PromoRequest) -> tuple[PromoKind, Decimal]:
    given = [
        (kind, Decimal(worth))
        for kind, worth in (
            (PromoKind.PERCENT, request.percent),
            (PromoKind.FIXED, request.fixed),
            (PromoKind.DAYS, request.days),
        )
        if worth is not None
    ]
    if len(given) != 1:
        raise SettingsError("say what the code gives: one of --percent, --fixed and --days")
    return given[0]


@asynccontextmanager
async def _promo_codes() -> AsyncIterator[PromoCodes]:
    dsn = load(DatabaseSettings).url.get_secret_value()
    async with await open_pool(dsn, size=1) as pool:
        yield PromoCodes(pool)
