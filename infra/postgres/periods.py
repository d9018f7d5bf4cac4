"""How a customer's subscription grows with a purchase and shrinks with a refund.

Functions over one connection, inside the ledger's transactions. Times are added in Python: in SQL
a day of an interval is as long as the session's time zone says.
"""

from datetime import datetime
from uuid import uuid5

from asyncpg import Record

from domain.subscriptions import SubscriptionStatus, end_after
from infra.postgres.auto_renewals import grace_of
from infra.postgres.freezing import thaw
from infra.postgres.pool import Connection
from infra.postgres.quotas import renew_quota


async def extend_subscription(
    connection: Connection, purchase: Record, now: datetime
) -> tuple[Record, bool]:
    """The customer's subscription with its new end, and whether there was one before."""
    # Locked, because its end may be coming at this moment.
    current = await connection.fetchrow(
        """
        select * from subscriptions where user_id = $1
        order by (status in ('active', 'frozen')) desc, expires_at desc limit 1
        for no key update
        """,
        purchase["user_id"],
    )
    if current is None:
        opened = await _open(connection, purchase, now)
        await _tell(connection, opened, "opened", purchase)
        return opened, False
    if current["status"] == SubscriptionStatus.FROZEN:
        # Whoever buys wants to connect: the days until now are kept, and it goes on.
        current = await thaw(connection, current, now)
    extended = await _extend(connection, current, purchase, now)
    await _tell(connection, extended, "extended", purchase)
    return extended, True


async def shorten_subscription(connection: Connection, grant: Record, now: datetime) -> bool:
    """Take the granted time back; True when nothing of the subscription is left.

    A grant of an earlier period, before the access ended and was bought anew, has nothing left
    that could be taken back.
    """
    current = await _locked(connection, grant)
    if grant["starts_at"] < current["starts_at"]:
        return False
    end = current["expires_at"] - (grant["expires_at"] - grant["starts_at"] - grant["taken_back"])
    return await cut_subscription(connection, grant, end, now)


async def cut_subscription(
    connection: Connection, grant: Record, end: datetime, now: datetime
) -> bool:
    """Let the grant's subscription end then; True when that leaves nothing of it."""
    row = await connection.fetchrow(
        """
        update subscriptions
        set expires_at = greatest(starts_at, $2), revision = revision + 1, end_set_at = $3,
            status = case when $2 <= coalesce(frozen_at, $3::timestamptz) then 'revoked'
                          else status end,
            frozen_at = case when $2 <= coalesce(frozen_at, $3::timestamptz) then null
                             else frozen_at end
        where subscription_id = $1 returning *
        """,
        grant["subscription_id"],
        end,
        now,
    )
    assert row is not None  # noqa: S101  # locked above
    await _tell(connection, row, "shortened", grant)
    return bool(row["status"] == SubscriptionStatus.REVOKED)


async def _open(connection: Connection, purchase: Record, now: datetime) -> Record:
    row = await connection.fetchrow(
        """
        insert into subscriptions
            (subscription_id, user_id, tariff_id, status, starts_at, expires_at, end_set_at)
        values ($1, $2, $3, 'active', $4, $5, $4)
        returning *
        """,
        uuid5(purchase["purchase_id"], "subscription"),
        purchase["user_id"],
        purchase["tariff_id"],
        now,
        end_after(None, now, purchase["bought"]),
    )
    assert row is not None  # noqa: S101  # an insert returns its row
    return row


async def _extend(
    connection: Connection, current: Record, purchase: Record, now: datetime
) -> Record:
    is_active = current["status"] == SubscriptionStatus.ACTIVE
    lasts_until = current["expires_at"] + await grace_of(connection, current["user_id"])
    # In its grace the access went on, so the new time begins where the paid time ended.
    bought_at = current["expires_at"] if is_active and now < lasts_until else now
    row = await connection.fetchrow(
        """
        update subscriptions
        set status = 'active', tariff_id = $2, starts_at = $3, expires_at = $4,
            revision = revision + 1, end_set_at = $5, freeze_used = '0',
            frozen_for = case when $6 then frozen_for else '0' end
        where subscription_id = $1
        returning *
        """,
        current["subscription_id"],
        purchase["tariff_id"],
        current["starts_at"] if is_active else now,
        end_after(current["expires_at"] if is_active else None, bought_at, purchase["bought"]),
        now,
        is_active,
    )
    assert row is not None  # noqa: S101  # locked by the caller
    await renew_quota(connection, current, now)
    return row


async def _locked(connection: Connection, grant: Record) -> Record:
    row = await connection.fetchrow(
        "select * from subscriptions where subscription_id = $1 for no key update",
        grant["subscription_id"],
    )
    assert row is not None  # noqa: S101  # a grant references its subscription
    return row


async def _tell(connection: Connection, subscription: Record, kind: str, cause: Record) -> None:
    await connection.execute(
        "insert into subscription_events (subscription_id, kind, details) values ($1, $2, $3)",
        subscription["subscription_id"],
        kind,
        {
            "purchase_id": str(cause["purchase_id"]),
            "expires_at": subscription["expires_at"].isoformat(),
        },
    )
