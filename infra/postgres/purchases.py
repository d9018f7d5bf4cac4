"""Purchases as the bot, the API and support see them."""

from datetime import datetime

from asyncpg import Record

from domain.errors import SoldOut
from domain.ids import PurchaseId, UserId
from domain.payments import Cancellation
from domain.purchases import PurchaseKind, PurchaseOrder, PurchaseRecord, PurchaseStage, StuckReason
from infra.postgres.addresses import has_address, is_open, places_with_room
from infra.postgres.discount_uses import hold_discounts
from infra.postgres.pool import Connection, Pool

_SELECT = """
    select p.*, u.email, i.attempt, i.confirmation_url, i.expires_at
    from purchases p
    join users u using (user_id)
    left join lateral (
        select attempt, confirmation_url, expires_at from invoices
        where purchase_id = p.purchase_id order by attempt desc limit 1
    ) i on true
"""


class Purchases:
    """The table `purchases`, with the newest payment page of each."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def open(self, order: PurchaseOrder, now: datetime) -> bool:
        """Write down the intention to buy, and hold its discounts; False when it was before.

        Raises:
            PromoRefused: A discount can no longer be had; nothing is written.
            SoldOut: No server has room for it; nothing is written.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            is_new = await insert_purchase(connection, order, now)
            if is_new:
                await _require_room(connection, order)
                await hold_discounts(connection, order, now)
        return is_new

    async def require_room(self, order: PurchaseOrder) -> None:
        """Before a purchase is tried again. Raises `SoldOut`."""
        async with self._pool.acquire() as connection:
            await _require_room(connection, order)

    async def find(self, purchase_id: PurchaseId) -> PurchaseRecord | None:
        """The purchase, if there is one."""
        row = await self._pool.fetchrow(f"{_SELECT} where p.purchase_id = $1", purchase_id)
        return None if row is None else _record(row)

    async def latest_of(self, user_id: UserId) -> PurchaseRecord | None:
        """The customer's newest purchase."""
        row = await self._pool.fetchrow(
            f"{_SELECT} where p.user_id = $1 order by p.created_at desc limit 1", user_id
        )
        return None if row is None else _record(row)

    async def latest_for_themselves_of(self, user_id: UserId) -> PurchaseRecord | None:
        """The customer's newest purchase that was no gift for somebody else."""
        row = await self._pool.fetchrow(
            f"""
            {_SELECT}
            where p.user_id = $1 and p.order_document ->> 'kind' is distinct from 'gift'
            order by p.created_at desc limit 1
            """,
            user_id,
        )
        return None if row is None else _record(row)

    async def latest_decided_of(self, user_id: UserId) -> PurchaseRecord | None:
        """The customer's newest purchase that was paid or declined: no page that nobody used."""
        row = await self._pool.fetchrow(
            f"""
            {_SELECT}
            where p.user_id = $1 and p.price > 0
              and p.stage not in ('preparing', 'awaiting_payment', 'expired')
            order by p.created_at desc limit 1
            """,
            user_id,
        )
        return None if row is None else _record(row)


async def _require_room(connection: Connection, order: PurchaseOrder) -> None:
    """Refuse money for what cannot be delivered now.

    Whoever has an address keeps it, so they may renew; a gift is opened later, when there may be
    room. A shop without any server has not been set up yet: what it sells waits for the first.
    """
    if order.kind is PurchaseKind.GIFT or await has_address(connection, order.user_id):
        return
    if not await connection.fetchval("select exists (select from vpn_servers)"):
        return
    locations = await connection.fetchval(
        "select locations from tariffs where tariff_id = $1", order.plan_id
    )
    if not is_open(locations, await places_with_room(connection)):
        raise SoldOut("no server that the plan may use has room")


async def insert_purchase(connection: Connection, order: PurchaseOrder, now: datetime) -> bool:
    """Write an order down, inside a transaction; False when it was written before."""
    status = await connection.execute(
        """
        insert into purchases
            (purchase_id, user_id, tariff_id, price, currency, order_document, stage, created_at)
        values ($1, $2, $3, $4, $5, $6, 'preparing', $7)
        on conflict (purchase_id) do nothing
        """,
        order.purchase_id,
        order.user_id,
        order.plan_id,
        order.price.amount,
        order.price.currency,
        # The e-mail address has one home, `users`, so that it can be erased.
        order.model_dump(mode="json", exclude={"receipt_email"}),
        now,
    )
    return bool(status == "INSERT 0 1")


def order_of(row: Record, email: str | None = None) -> PurchaseOrder:
    """The order of a row of `purchases`."""
    return PurchaseOrder.model_validate({**row["order_document"], "receipt_email": email})


def cancellation_of(row: Record) -> Cancellation | None:
    """Why the provider took no money, if that is so."""
    cancellation = row["cancellation"]
    return None if cancellation is None else Cancellation.model_validate(cancellation)


def _record(row: Record) -> PurchaseRecord:
    return PurchaseRecord(
        order=order_of(row, row["email"]),
        stage=PurchaseStage(row["stage"]),
        stuck_reason=None if row["stuck_reason"] is None else StuckReason(row["stuck_reason"]),
        cancellation=cancellation_of(row),
        confirmation_url=row["confirmation_url"],
        expires_at=row["expires_at"],
        attempt=row["attempt"] or 1,
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
