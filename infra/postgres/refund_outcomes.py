"""What becomes of a payment, and of the access, when a refund is made or given up."""

from datetime import datetime, timedelta
from uuid import UUID

from asyncpg import Record

from domain.ids import (
    PaymentId,
    PurchaseId,
    RefundId,
    restored_grant_id_of,
)
from domain.money import Money
from domain.subscriptions import SubscriptionStatus
from infra.postgres.discount_uses import release_discounts
from infra.postgres.free_grants import Cause
from infra.postgres.freezing import thaw
from infra.postgres.holdings import add_grant
from infra.postgres.pool import Connection
from infra.postgres.rewards import cancel_reward
from infra.postgres.settling import settle_devices


async def settle_payment(connection: Connection, payment_id: PaymentId) -> None:
    """Note how much of the payment went back; what went back whole bought nothing."""
    row = await connection.fetchrow(
        """
        update payments p set status = case
            when exists (select from refund_parts where payment_id = $1 and state = 'owed')
                then 'refunding'
            when back.total = p.amount then 'refunded'
            when back.total > 0 then 'partially_refunded'
            else 'succeeded' end
        from (select coalesce(sum(amount), 0) as total from refunds where payment_id = $1) back
        where p.payment_id = $1
        returning p.purchase_id, p.status
        """,
        payment_id,
    )
    assert row is not None  # noqa: S101  # a part references its payment
    if row["status"] == "refunded":
        await connection.execute(
            "update purchases set stage = 'refunded', stuck_reason = null where purchase_id = $1",
            row["purchase_id"],
        )
        await release_discounts(connection, PurchaseId(row["purchase_id"]), even_spent=True)
        await cancel_reward(connection, PurchaseId(row["purchase_id"]))


async def restore(connection: Connection, part: Record, now: datetime) -> None:
    """Grant the time again that was taken for money that stays; the money stands behind it."""
    if part["lost"] == timedelta(0):
        await _put_money_back(connection, part)
        return
    subscription = await connection.fetchrow(
        "select * from subscriptions where subscription_id = $1 for no key update",
        part["subscription_id"],
    )
    assert subscription is not None  # noqa: S101  # a case references it
    if subscription["status"] == SubscriptionStatus.FROZEN:
        subscription = await thaw(connection, subscription, now)
    is_active = subscription["status"] == SubscriptionStatus.ACTIVE
    since = subscription["expires_at"] if is_active else now
    until = since + part["lost"]
    await _reopen(connection, part["subscription_id"], now, until, is_active=is_active)
    payment_id = PaymentId(part["payment_id"])
    money = Money(amount=part["amount"], currency=part["currency"])
    await add_grant(
        connection,
        grant_id=restored_grant_id_of(RefundId(part["refund_id"]), payment_id),
        subscription_id=part["subscription_id"],
        cause=Cause.RESTORED,
        starts_at=since,
        expires_at=until,
        money=((payment_id, money),),
    )
    await settle_devices(connection, part["subscription_id"])


async def _reopen(
    connection: Connection,
    subscription_id: UUID,
    now: datetime,
    until: datetime,
    *,
    is_active: bool,
) -> None:
    await connection.execute(
        """
        update subscriptions
        set status = 'active', starts_at = case when $4 then starts_at else $2 end,
            expires_at = $3, end_set_at = $2, revision = revision + 1,
            frozen_for = case when $4 then frozen_for else '0' end
        where subscription_id = $1
        """,
        subscription_id,
        now,
        until,
        is_active,
    )
    await connection.execute(
        "insert into subscription_events (subscription_id, kind, details) "
        "values ($1, 'restored', $2)",
        subscription_id,
        {"expires_at": until.isoformat()},
    )


async def _put_money_back(connection: Connection, part: Record) -> None:
    """The money stands behind the grant that it had bought again; no time was taken for it."""
    await connection.execute(
        """
        update grant_money m set amount = m.amount + $2
        from grants g where g.grant_id = m.grant_id and g.payment_id = m.payment_id
        and m.payment_id = $1
        """,
        part["payment_id"],
        part["amount"],
    )
