"""How fast devices may be: as their subscription's plan says, and what is left of its traffic.

A change of speed is a new revision of the device, as everything that its server has to hold is. It
changes nothing that its owner would have to know, so it is carried out quietly.
"""

from collections.abc import Sequence
from uuid import UUID

from domain.devices import DeviceTurn
from domain.ids import DeviceId, UserId
from infra.postgres.pool import Connection, Pool

SPEEDS = """
    (select s.subscription_id,
            least(t.speed_mbit,
                  case when q.used_bytes::numeric >= t.traffic_gb * 1000000000::numeric
                       then t.slow_mbit end) as wanted_mbit
     from subscriptions s
     join tariffs t using (tariff_id)
     left join subscription_traffic q using (subscription_id))
"""
"""The speed of each subscription's devices, null for no limit."""

IS_QUIET = """
    coalesce(d.limited_revision = d.revision and d.held_revision >= d.like_revision, false)
"""
"""Whether the server of device `d` lacks nothing but its newest speed."""

DECIDED_AT_ONCE = 5000
"""All that one server holds: its next reconcile then brings what has not been told one by one."""

_CHANGE = f"""
    update devices d
    set speed_mbit = w.wanted_mbit, revision = d.revision + 1, limited_revision = d.revision + 1,
        like_revision = case when d.limited_revision = d.revision then d.like_revision
                             else d.revision end
    from {SPEEDS} w
    where d.device_id = any($1) and w.subscription_id = d.subscription_id
      and d.is_wanted and d.speed_mbit is distinct from w.wanted_mbit
"""  # noqa: S608  # a text above

_ASTRAY = f"""
    select d.device_id
    from devices d join {SPEEDS} w using (subscription_id)
    where d.is_wanted and d.speed_mbit is distinct from w.wanted_mbit
    order by d.device_id limit $1
    for no key update of d skip locked
"""  # noqa: S608  # a text above

_UNTOLD = f"""
    select d.device_id, d.revision, s.user_id
    from devices d join subscriptions s using (subscription_id)
    where d.is_wanted and d.held_revision < d.revision and {IS_QUIET}
    order by d.device_id limit $1
"""  # noqa: S608  # a text above


async def settle_speeds(connection: Connection, subscription_id: UUID) -> None:
    """Decide for the plan's speed; the caller has locked the subscription's devices."""
    rows = await connection.fetch(
        "select device_id from devices where subscription_id = $1 and is_wanted", subscription_id
    )
    await connection.execute(_CHANGE, [row["device_id"] for row in rows])


class PostgresSpeedLedger:
    """Fulfils `domain.ports.SpeedLedger`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def settle(self, limit: int) -> Sequence[DeviceTurn]:
        """Decide for the speeds that plans have now; what servers have not heard of, at most.

        In two statements: the second sees what those decided who held the locks before.
        """
        async with self._pool.acquire() as connection:
            async with connection.transaction():
                rows = await connection.fetch(_ASTRAY, DECIDED_AT_ONCE)
                await connection.execute(_CHANGE, [row["device_id"] for row in rows])
            untold = await connection.fetch(_UNTOLD, limit)
        return [
            DeviceTurn(
                device_id=DeviceId(row["device_id"]),
                user_id=UserId(row["user_id"]),
                revision=row["revision"],
                is_quiet=True,
            )
            for row in untold
        ]
