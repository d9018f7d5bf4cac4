"""Promo codes as the owner keeps them."""

from collections.abc import Collection, Sequence

import asyncpg
from asyncpg import Record

from domain.errors import SettingsError
from domain.ids import PlanId, PromoId
from domain.model import Value
from domain.promotions import PromoCode, PromoKind, PromoTerms
from infra.postgres.pool import Pool


class PromoCodeReport(Value):
    """A code, and how far it is used."""

    code: PromoCode
    spent: int
    held: int
    """On payment pages that are still open."""


class PromoCodes:
    """The table `promo_codes`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def plans_named(self, slugs: Collection[str]) -> tuple[PlanId, ...]:
        """The plans with these slugs.

        Raises:
            SettingsError: There is none with one of them.
        """
        rows = await self._pool.fetch(
            "select tariff_id, slug from tariffs where slug = any($1)", list(slugs)
        )
        unknown = set(slugs) - {row["slug"] for row in rows}
        if unknown:
            raise SettingsError(f"there is no plan {', '.join(sorted(unknown))}")
        return tuple(PlanId(row["tariff_id"]) for row in rows)

    async def create(self, codes: Sequence[str], terms: PromoTerms) -> None:
        """Add codes with the same terms: all of them, or none.

        Raises:
            SettingsError: One of them is there already.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            try:
                await connection.executemany(_INSERT, [_row(code, terms) for code in codes])
            except asyncpg.UniqueViolationError as error:
                raise SettingsError(f"a code is taken already: {error.detail}") from error

    async def all(self) -> tuple[PromoCodeReport, ...]:
        """Every code, the newest first."""
        rows = await self._pool.fetch(
            """
            select c.*, count(u.*) filter (where u.state = 'spent') as spent,
                   count(u.*) filter (where u.state = 'held' and u.held_until > now()) as held
            from promo_codes c left join discount_uses u using (promo_id)
            group by c.promo_id order by c.promo_id desc
            """
        )
        return tuple(
            PromoCodeReport(code=promo_from(row), spent=row["spent"], held=row["held"])
            for row in rows
        )

    async def disable(self, code: str) -> None:
        """Let nobody use the code from now on; pages that are open keep their price.

        Raises:
            SettingsError: There is no such code.
        """
        status = await self._pool.execute(
            "update promo_codes set is_enabled = false where code = $1", code
        )
        if status == "UPDATE 0":
            raise SettingsError(f"there is no code {code}")


_INSERT = """
    insert into promo_codes (code, kind, worth, max_uses, max_uses_each, starts_at, ends_at,
                             tariffs, is_for_first_purchase, combines)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


def _row(code: str, terms: PromoTerms) -> tuple[object, ...]:
    return (
        code,
        terms.kind,
        terms.worth,
        terms.max_uses,
        terms.max_uses_each,
        terms.starts_at,
        terms.ends_at,
        list(terms.plans),
        terms.is_for_first_purchase,
        terms.combines,
    )


def promo_from(row: Record) -> PromoCode:
    """The code in a row of the table."""
    return PromoCode(
        promo_id=PromoId(row["promo_id"]),
        code=row["code"],
        kind=PromoKind(row["kind"]),
        worth=row["worth"],
        max_uses=row["max_uses"],
        max_uses_each=row["max_uses_each"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        plans=tuple(PlanId(each) for each in row["tariffs"]),
        is_for_first_purchase=row["is_for_first_purchase"],
        combines=row["combines"],
        is_enabled=row["is_enabled"],
    )
