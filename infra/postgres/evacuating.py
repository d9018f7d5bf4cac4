"""Whether a server may be evacuated to another, what that would mean, and its beginning."""

from asyncpg import Record

from domain.errors import FleetRefused
from domain.evacuation import EvacuationOrder, Forecast
from domain.servers import ServerState
from infra.postgres.fleet import log_act
from infra.postgres.pool import Connection, Pool

_PAIR = """
    select * from vpn_servers where slug in ($1, $2) order by server_id for no key update
"""

_FORECAST = """
    select
        (select count(*) from tunnel_addresses a join devices d using (device_id)
         where a.server_id = s.server_id and a.leaving_revision is null and d.is_wanted) as devices,
        (select count(*) from tunnel_addresses a join devices d using (device_id)
         where a.server_id = s.server_id and a.leaving_revision is null
           and not d.is_wanted) as resting,
        (select count(*) from tunnel_addresses a left join devices d using (device_id)
         where a.server_id = t.server_id and a.leaving_revision is null
           and (a.device_id is null or d.absent_since is not null)) as room,
        (select count(*) from tunnel_addresses a join devices d using (device_id)
            join subscriptions using (subscription_id) join tariffs p using (tariff_id)
         where a.server_id = s.server_id and a.leaving_revision is null and d.is_wanted
           and cardinality(p.locations) > 0 and t.location <> all (p.locations)) as elsewhere,
        (s.endpoint_host, s.endpoint_port, s.public_key, s.dns, s.mtu, s.obfuscation,
         s.network_v4, s.network_v6)
        is not distinct from
        (t.endpoint_host, t.endpoint_port, t.public_key, t.dns, t.mtu, t.obfuscation,
         t.network_v4, t.network_v6) as keeps_files
    from vpn_servers s, vpn_servers t
    where s.slug = $1 and t.slug = $2
"""


async def forecast(pool: Pool, order: EvacuationOrder) -> Forecast:
    """What it would mean. Raises `FleetRefused`."""
    async with pool.acquire() as connection, connection.transaction():
        await _pair(connection, order)
        row = await connection.fetchrow(_FORECAST, order.source, order.target)
    assert row is not None  # noqa: S101  # both were found
    return Forecast.model_validate(dict(row))


async def begin_evacuation(connection: Connection, order: EvacuationOrder) -> Record:
    """The source takes nobody any more; a standby of it takes its place, and it that one's.

    One that is under way is found again. Raises `FleetRefused`.
    """
    source, target = await _pair(connection, order)
    known = await connection.fetchrow(
        "select * from evacuations where source_id = $1 and finished_at is null",
        source["server_id"],
    )
    if known is not None:
        return known
    await connection.execute(
        "update vpn_servers set state = 'draining' where server_id = $1 and state = 'selling'",
        source["server_id"],
    )
    if target["standby_of"] == source["server_id"]:
        await _swap(connection, source, target)
    await log_act(connection, "cli", f"server_evacuated_to_{target['slug']}", source["slug"])
    row = await connection.fetchrow(
        """
        insert into evacuations (cause, source_id, target_id) values ('evacuation', $1, $2)
        returning *
        """,
        source["server_id"],
        target["server_id"],
    )
    assert row is not None  # noqa: S101  # inserted
    return row


async def _pair(connection: Connection, order: EvacuationOrder) -> tuple[Record, Record]:
    """Both servers, locked. Raises `FleetRefused` where the one cannot go to the other."""
    rows = {row["slug"]: row for row in await connection.fetch(_PAIR, order.source, order.target)}
    for slug in (order.source, order.target):
        if slug not in rows:
            raise FleetRefused(f"there is no server {slug!r}: `wgshop server list` names them")
    source, target = rows[order.source], rows[order.target]
    if source is target:
        raise FleetRefused(f"{order.source} cannot be evacuated to itself")
    if target["state"] == ServerState.DOWN:
        raise FleetRefused(f"{order.target} is down: `wgshop server check {order.target}`")
    if target["standby_of"] not in {None, source["server_id"]}:
        raise FleetRefused(f"{order.target} waits to take another server's place")
    await refuse_crossing(connection, source, target)
    return source, target


async def refuse_crossing(connection: Connection, source: Record, target: Record) -> None:
    """Another evacuation must neither take these customers elsewhere nor bring them back."""
    other = await connection.fetchrow(
        """
        select s.slug as source, t.slug as target
        from evacuations e
        join vpn_servers s on s.server_id = e.source_id
        join vpn_servers t on t.server_id = e.target_id
        where e.finished_at is null and not (e.source_id = $1 and e.target_id = $2)
          and (e.source_id in ($1, $2) or e.target_id = $1)
        """,
        source["server_id"],
        target["server_id"],
    )
    if other is not None:
        raise FleetRefused(
            f"the customers of {other['source']} are being served by another such command, towards "
            f"{other['target']}: let that end first"
        )


async def _swap(connection: Connection, source: Record, target: Record) -> None:
    """The standby sells from now on, and the old server waits to take its place one day."""
    await connection.execute(
        "update vpn_servers set standby_of = null, state = 'selling' where server_id = $1",
        target["server_id"],
    )
    await connection.execute(
        "update vpn_servers set standby_of = $2 where server_id = $1",
        source["server_id"],
        target["server_id"],
    )
