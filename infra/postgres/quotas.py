"""Traffic that subscriptions have used of what their plans include, period by period."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from domain.ids import SubscriptionId, UserId
from domain.quotas import PERIOD, Quota, QuotaMark, QuotaNotice, Usage
from infra.postgres.pool import Connection, Pool

_FORGET_PERIOD = "period_since = $2, used_bytes = 0, told = null, told_gb = null"

# A period that another count, or a renewal, has begun meanwhile is gone on with.
_ADD = """
    insert into subscription_traffic as q (subscription_id, period_since, used_bytes)
    values ($1, $2, $3)
    on conflict (subscription_id) do update
    set used_bytes = excluded.used_bytes
                     + case when q.period_since < excluded.period_since then 0
                            else q.used_bytes end,
        told = case when q.period_since < excluded.period_since then null else q.told end,
        told_gb = case when q.period_since < excluded.period_since then null else q.told_gb end,
        period_since = greatest(q.period_since, excluded.period_since)
"""

_USAGES = """
    select s.subscription_id, coalesce(q.period_since, s.starts_at) as period_since
    from subscriptions s left join subscription_traffic q using (subscription_id)
    where s.subscription_id = any($1)
"""

_OVER = """
    select subscription_id, period_since from subscription_traffic
    where period_since <= $1 order by subscription_id for no key update skip locked
"""

_NOT_TOLD = """
    select q.*, s.user_id, s.expires_at, t.traffic_gb, t.slow_mbit
    from subscription_traffic q
    join subscriptions s using (subscription_id)
    join tariffs t using (tariff_id)
    where s.status = 'active' and q.used_bytes::numeric >= t.traffic_gb * 800000000::numeric
      and (q.told_gb is distinct from t.traffic_gb
           or (q.told = 'nearly' and q.used_bytes::numeric >= t.traffic_gb * 1000000000::numeric))
    order by q.subscription_id limit $1
"""


async def add_traffic(connection: Connection, transferred: dict[UUID, int], now: datetime) -> None:
    """Count what subscriptions' devices have transferred, each in its present period."""
    rows = await connection.fetch(_USAGES, list(transferred))
    since = {row["subscription_id"]: Usage(since=row["period_since"]).at(now).since for row in rows}
    # In one order, or two counts of servers would wait for each other.
    added = [(each, since[each], transferred[each]) for each in sorted(since)]
    await connection.executemany(_ADD, added)


async def renew_quota(connection: Connection, before: Record, now: datetime) -> None:
    """A purchase begins a new period where the traffic of the present one was used up.

    Where some is left the period goes on: what is left, and the next, are more than one anew.
    So they do where the plan had a quota, and begin where it had none.

    Args:
        connection: inside the purchase's transaction, which has extended the subscription.
        before: the subscription as it was.
        now: the purchase's time.
    """
    await connection.execute(
        f"""
        update subscription_traffic q set {_FORGET_PERIOD}
        from subscriptions s join tariffs t using (tariff_id), tariffs b
        where q.subscription_id = $1 and s.subscription_id = $1 and b.tariff_id = $3
          and (q.period_since < s.starts_at
               or q.used_bytes::numeric
                  >= least(t.traffic_gb, b.traffic_gb) * 1000000000::numeric)
        """,  # noqa: S608  # a text above
        before["subscription_id"],
        now,
        before["tariff_id"],
    )


async def carry_quota(connection: Connection, before: Record, now: datetime) -> None:
    """A change of plan keeps what was used; it counts from here where nothing was counted before.

    Else changing to and fro, which is free, would be as good as a renewal.
    """
    await connection.execute(
        f"""
        update subscription_traffic set {_FORGET_PERIOD}
        where subscription_id = $1
          and (select traffic_gb from tariffs where tariff_id = $3) is null
        """,  # noqa: S608  # a text above
        before["subscription_id"],
        now,
        before["tariff_id"],
    )


def quota_in(row: Record) -> Quota | None:
    """The quota in a row of `tariffs`."""
    if row["traffic_gb"] is None:
        return None
    return Quota(traffic_gb=row["traffic_gb"], slow_mbit=row["slow_mbit"])


class PostgresQuotaLedger:
    """The table `subscription_traffic`; fulfils `domain.ports.QuotaLedger`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def settle(self, now: datetime, limit: int) -> Sequence[QuotaNotice]:
        """Begin the periods that are due; who has come to a mark and has not heard of it."""
        async with self._pool.acquire() as connection:
            async with connection.transaction():
                over = await connection.fetch(_OVER, now - PERIOD)
                await connection.executemany(
                    f"update subscription_traffic set {_FORGET_PERIOD} "  # noqa: S608  # a text above
                    "where subscription_id = $1",
                    _begun(over, now),
                )
            rows = await connection.fetch(_NOT_TOLD, limit)
        found = (_notice(row) for row in rows)
        return [notice for notice in found if notice is not None]

    async def note_told(self, notice: QuotaNotice) -> None:
        """The customer hears of it; one that belongs to an earlier period changes nothing."""
        await self._pool.execute(
            """
            update subscription_traffic set told = $3, told_gb = $4
            where subscription_id = $1 and period_since = $2
            """,
            notice.subscription_id,
            notice.usage.since,
            notice.mark,
            notice.quota.traffic_gb,
        )


def _begun(over: Iterable[Record], now: datetime) -> list[tuple[UUID, datetime]]:
    return [
        (row["subscription_id"], Usage(since=row["period_since"]).at(now).since) for row in over
    ]


def _notice(row: Record) -> QuotaNotice | None:
    quota = quota_in(row)
    usage = Usage(since=row["period_since"], used_bytes=row["used_bytes"])
    mark = None if quota is None else usage.mark(quota)
    if quota is None or mark is None:
        return None
    return QuotaNotice(
        subscription_id=SubscriptionId(row["subscription_id"]),
        user_id=UserId(row["user_id"]),
        mark=QuotaMark(mark),
        quota=quota,
        usage=usage,
        expires_at=row["expires_at"],
    )
