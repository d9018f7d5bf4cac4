"""What a customer holds, read and changed inside the ledger's transactions."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from uuid import UUID

from asyncpg import Record

from domain.holdings import Backing, Holding, Holdings, RefundRule, RefundTerms
from domain.ids import GrantId, PaymentId
from domain.money import Money
from domain.payments import Provider
from domain.purchases import PurchaseStage
from domain.refunds import Lapse, Outgo
from infra.postgres.free_grants import Cause
from infra.postgres.pool import Connection

_GRANTS = """
    select g.grant_id, g.expires_at - g.starts_at - g.taken_back as length,
           m.payment_id, m.amount, p.amount as paid, p.currency, p.provider,
           coalesce(p.captured_at, p.created_at) as paid_at, b.stage,
           t.refund_rule, t.refund_days, t.refund_traffic_bytes
    from grants g
    join subscriptions s using (subscription_id)
    left join money_behind m using (grant_id)
    left join payments p on p.payment_id = m.payment_id
    left join purchases b on b.purchase_id = p.purchase_id
    left join tariffs t on t.tariff_id = b.tariff_id
    where g.subscription_id = $1 and g.revoked_at is null and g.starts_at >= s.starts_at
    order by g.starts_at, g.created_at, g.grant_id, m.payment_id
"""

_TRAFFIC = """
    select coalesce(sum(received_bytes + sent_bytes), 0)::bigint
    from device_traffic join devices using (device_id) where subscription_id = $1
"""


async def holdings_of(connection: Connection, subscription: Record) -> Holdings:
    """The grants of the subscription's present period, with the money behind each."""
    rows = await connection.fetch(_GRANTS, subscription["subscription_id"])
    return Holdings(
        grants=tuple(
            _holding(list(rows_of_one)) for _, rows_of_one in groupby(rows, lambda row: row[0])
        ),
        ends_at=subscription["expires_at"],
        revision=subscription["revision"],
        stands_still_since=subscription["frozen_at"],
        traffic_bytes=await _traffic(connection, subscription["subscription_id"]),
    )


async def take_out(
    connection: Connection, outgoes: Iterable[Outgo], lapses: Iterable[Lapse]
) -> None:
    """Let money leave its grants, and time with it. The subscription's end is the caller's."""
    for outgo in outgoes:
        await connection.execute(
            """
            insert into grant_money (grant_id, payment_id, amount)
            select grant_id, payment_id, amount - $3 from money_behind
            where grant_id = $1 and payment_id = $2
            on conflict (grant_id, payment_id) do update set amount = excluded.amount
            """,
            outgo.grant_id,
            outgo.payment_id,
            outgo.amount.amount,
        )
    for lapse in lapses:
        await connection.execute(
            "update grants set taken_back = taken_back + $2 where grant_id = $1",
            lapse.grant_id,
            lapse.time,
        )


async def add_grant(
    connection: Connection,
    *,
    grant_id: GrantId,
    subscription_id: UUID,
    cause: Cause,
    starts_at: datetime,
    expires_at: datetime,
    money: Iterable[tuple[PaymentId, Money]],
) -> None:
    """A grant that no purchase made, with the money behind it."""
    await connection.execute(
        """
        insert into grants (grant_id, subscription_id, device_id, starts_at, expires_at,
                            is_renewal, cause)
        select $1, $2, d.device_id, $4, $5, true, $3
        from devices d where d.subscription_id = $2 and d.removed_at is null
        order by d.created_at, d.device_id limit 1
        """,
        grant_id,
        subscription_id,
        cause,
        starts_at,
        expires_at,
    )
    await connection.executemany(
        "insert into grant_money (grant_id, payment_id, amount) values ($1, $2, $3)",
        [(grant_id, payment_id, amount.amount) for payment_id, amount in money],
    )


async def _traffic(connection: Connection, subscription_id: UUID) -> int:
    """What all the devices have transferred."""
    return int(await connection.fetchval(_TRAFFIC, subscription_id))


def _holding(rows: list[Record]) -> Holding:
    return Holding(
        grant_id=GrantId(rows[0]["grant_id"]),
        length=rows[0]["length"],
        backings=tuple(_backing(row) for row in rows if row["payment_id"] is not None),
    )


def _backing(row: Record) -> Backing:
    return Backing(
        payment_id=PaymentId(row["payment_id"]),
        provider=Provider(row["provider"]),
        amount=Money(amount=row["amount"], currency=row["currency"]),
        paid=Money(amount=row["paid"], currency=row["currency"]),
        paid_at=row["paid_at"],
        terms=RefundTerms(
            rule=RefundRule(row["refund_rule"]),
            days=row["refund_days"],
            traffic_bytes=row["refund_traffic_bytes"],
        ),
        is_settled=row["stage"] in {PurchaseStage.DONE, PurchaseStage.REFUNDED},
    )
