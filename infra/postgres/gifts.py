"""Gifts: bought by one customer, opened by whoever has the link."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from domain.errors import GiftGone
from domain.gifts import Gift, gift_opening_id_of
from domain.ids import PlanId, PurchaseId, UserId
from domain.languages import Wording
from domain.purchases import PurchaseOrder
from infra.postgres.pool import Connection, Pool
from infra.postgres.purchases import insert_purchase

_CODE_BYTES = 16
"""A link is money: 128 random bits, which fit a Telegram deep link behind `gift_`."""

_SELECT = """
    select g.*, p.user_id as giver_id, p.tariff_id, t.name_ru, t.name_en,
           (p.order_document ->> 'duration')::interval as duration, u.first_name as opener_name
    from gifts g
    join purchases p using (purchase_id)
    join tariffs t using (tariff_id)
    left join users u on u.user_id = g.opened_by
"""


class Gifts:
    """The table `gifts`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, code: str) -> Gift | None:
        """The gift behind a link."""
        return await self._one("g.code = $1", code)

    async def bought_as(self, purchase_id: PurchaseId) -> Gift | None:
        """The gift that a purchase paid for."""
        return await self._one("g.purchase_id = $1", purchase_id)

    async def opened_as(self, purchase_id: PurchaseId) -> Gift | None:
        """The gift whose opening that purchase is."""
        return await self._one("g.opened_as = $1", purchase_id)

    async def given_by(self, user_id: UserId) -> Sequence[Gift]:
        """All gifts of one giver, the newest first."""
        rows = await self._pool.fetch(
            f"{_SELECT} where p.user_id = $1 and g.voided_at is null order by g.created_at desc",
            user_id,
        )
        return tuple(_gift(row) for row in rows)

    async def open(self, order: PurchaseOrder, code: str, now: datetime) -> bool:
        """Let the order be the gift's opening; False when it was already.

        Raises:
            GiftGone: Somebody else has opened it, or its money was given back.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                "select * from gifts where code = $1 for no key update", code
            )
            if row is None or row["voided_at"] is not None:
                raise GiftGone("there is no such gift any more")
            if row["opened_as"] == order.purchase_id and row["opened_by"] == order.user_id:
                return False
            wanted = gift_opening_id_of(PurchaseId(row["purchase_id"]), row["opening"])
            if row["opened_by"] is not None or wanted != order.purchase_id:
                raise GiftGone("the gift has been opened already")
            await insert_purchase(connection, order, now)
            await connection.execute(
                "update gifts set opened_by = $2, opened_as = $3, opened_at = $4 where code = $1",
                code,
                order.user_id,
                order.purchase_id,
                now,
            )
        return True

    async def _one(self, condition: str, key: str | PurchaseId) -> Gift | None:
        row = await self._pool.fetchrow(f"{_SELECT} where {condition}", key)
        return None if row is None else _gift(row)


async def wrap_gift(connection: Connection, purchase_id: PurchaseId, now: datetime) -> None:
    """The purchase was paid: there is something to open. A repeat changes nothing."""
    await connection.execute(
        "insert into gifts (purchase_id, code, created_at) values ($1, $2, $3) "
        "on conflict (purchase_id) do nothing",
        purchase_id,
        secrets.token_urlsafe(_CODE_BYTES),
        now,
    )


async def close_gift(connection: Connection, opening_id: PurchaseId) -> None:
    """The opening came to nothing: the link can be opened once more."""
    await connection.execute(
        """
        update gifts
        set opened_by = null, opened_as = null, opened_at = null, opening = opening + 1
        where opened_as = $1
        """,
        opening_id,
    )


async def void_gift(connection: Connection, purchase_id: PurchaseId, now: datetime) -> None:
    """The gift's money was given back: a link that nobody has used is worth nothing."""
    await connection.execute(
        "update gifts set voided_at = $2 where purchase_id = $1 and opened_by is null",
        purchase_id,
        now,
    )


def _gift(row: Record) -> Gift:
    return Gift(
        purchase_id=PurchaseId(row["purchase_id"]),
        code=row["code"],
        giver_id=UserId(row["giver_id"]),
        plan_id=PlanId(row["tariff_id"]),
        plan_name=Wording(ru=row["name_ru"], en=row["name_en"]),
        duration=row["duration"],
        opening=row["opening"],
        opened_by=None if row["opened_by"] is None else UserId(row["opened_by"]),
        opener_name=row["opener_name"],
        opened_at=row["opened_at"],
        is_void=row["voided_at"] is not None,
    )
