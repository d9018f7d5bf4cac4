"""A subscription that stands still: its days are kept to the microsecond, and so are its keys.

Functions over one connection, inside the ledger's transactions, with the customer locked.
"""

from datetime import datetime, timedelta

from asyncpg import Record

from domain.errors import RefundRefused
from domain.subscriptions import SubscriptionStatus
from infra.postgres.peers import withdraw_devices
from infra.postgres.pool import Connection
from infra.postgres.settling import settle_devices

_NOTHING = timedelta(0)


async def freeze(connection: Connection, subscription: Record, now: datetime) -> None:
    """Let it stand still; a repeat changes nothing.

    Raises:
        RefundRefused: It gives no access, or the plan allows no more of it.
    """
    if subscription["status"] == SubscriptionStatus.FROZEN:
        return
    if subscription["status"] != SubscriptionStatus.ACTIVE or subscription["expires_at"] <= now:
        raise RefundRefused("there is no access that could be put on hold")
    if await allowance_of(connection, subscription) <= _NOTHING:
        raise RefundRefused("the plan allows no further hold in this period")
    subscription_id = subscription["subscription_id"]
    await connection.execute(
        """
        update subscriptions set status = 'frozen', frozen_at = $2, revision = revision + 1
        where subscription_id = $1
        """,
        subscription_id,
        now,
    )
    await withdraw_devices(connection, subscription_id)
    await _tell(connection, subscription, "frozen", subscription["expires_at"])


async def resume(connection: Connection, subscription: Record, now: datetime) -> None:
    """Let it go on, with its devices; a repeat changes nothing."""
    if subscription["status"] == SubscriptionStatus.FROZEN:
        await thaw(connection, subscription, now)
        await settle_devices(connection, subscription["subscription_id"])


async def thaw(connection: Connection, subscription: Record, now: datetime) -> Record:
    """The subscription as it goes on, its end as much later as it stood still."""
    still = max(now - subscription["frozen_at"], _NOTHING)
    end = subscription["expires_at"] + still
    row = await connection.fetchrow(
        """
        update subscriptions
        set status = 'active', frozen_at = null, expires_at = $2, revision = revision + 1,
            end_set_at = $3, frozen_for = frozen_for + $4, freeze_used = freeze_used + $4
        where subscription_id = $1 returning *
        """,
        subscription["subscription_id"],
        end,
        now,
        still,
    )
    assert row is not None  # noqa: S101  # locked by the caller
    await _tell(connection, subscription, "resumed", end)
    return row


async def allowance_of(connection: Connection, subscription: Record) -> timedelta:
    """How long it may still stand still in the present period."""
    days = await connection.fetchval(
        "select freeze_days_per_period from tariffs where tariff_id = $1",
        subscription["tariff_id"],
    )
    left: timedelta = timedelta(days=days) - subscription["freeze_used"]
    return max(left, _NOTHING)


async def _tell(connection: Connection, subscription: Record, kind: str, end: datetime) -> None:
    await connection.execute(
        "insert into subscription_events (subscription_id, kind, details) values ($1, $2, $3)",
        subscription["subscription_id"],
        kind,
        {"expires_at": end.isoformat()},
    )
