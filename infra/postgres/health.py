"""Which VPN servers are well."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from domain.errors import FleetRefused
from domain.health import Census, Health, HealthRecord, Look, Patient
from domain.ids import ServerId
from domain.ports import Sealer
from domain.servers import Server
from infra.postgres.addresses import is_open, places_with_room
from infra.postgres.fleet import canary_in
from infra.postgres.pool import Pool
from infra.postgres.servers import server_in

# Confirmed peers and the canary must be there; what is on its way in or out may be, and so may
# strangers that were left alone.
_CENSUS = """
    with belonging as (
        select d.held_revision >= d.revision as is_confirmed
        from tunnel_addresses a join devices d using (device_id)
        where a.server_id = $1 and a.leaving_revision is null and d.is_wanted
    )
    select (select count(*) from belonging where is_confirmed) as least,
           (select count(*) from belonging)
           + (select count(*) from server_canaries where server_id = $1)
           + (select count(*) from tunnel_addresses a join devices d using (device_id)
              where a.server_id = $1
                and (a.leaving_revision is not null
                     or (not d.is_wanted and d.absent_since is null)))
           + (select count(*) from retired_keys where server_id = $1 and gone_at is null)
           + coalesce((select cardinality(strangers) from server_drifts where server_id = $1
                       order by generation desc limit 1), 0) as most,
           exists (select from device_traffic
                   where server_id = $1
                     and latest_handshake > now() - interval '4 minutes') as has_guests
"""


# One whose first installation is under way is nobody's yet.
_PATIENTS = """
    select * from vpn_servers
    where state <> 'down' and (private_key_sealed is null or installed_at is not null)
    order by slug
"""

_WRITE = """
    insert into server_health (server_id, health, symptom, detail, bad_looks, good_looks, since,
                               looked_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (server_id) do update
    set health = excluded.health, symptom = excluded.symptom, detail = excluded.detail,
        bad_looks = excluded.bad_looks, good_looks = excluded.good_looks,
        since = excluded.since, looked_at = excluded.looked_at
"""


class PostgresHealthLedger:
    """The table `server_health`; fulfils `domain.ports.HealthLedger`."""

    def __init__(self, pool: Pool, sealer: Sealer) -> None:
        self._pool = pool
        self._sealer = sealer

    async def patients(self) -> Sequence[Patient]:
        """The servers to look at: those that nobody has declared down."""
        async with self._pool.acquire() as connection:
            rows = await connection.fetch(_PATIENTS)
            canaries = await connection.fetch("select * from server_canaries")
        by_server = {row["server_id"]: canary_in(row, self._sealer) for row in canaries}
        return [
            Patient(server=tried_at(row), canary=by_server.get(row["server_id"])) for row in rows
        ]

    async def census(self, server_id: ServerId) -> Census:
        """How many peers a server that was just asked should have told of."""
        row = await self._pool.fetchrow(_CENSUS, server_id)
        assert row is not None  # noqa: S101  # a select of sums always has a row
        return Census(least=row["least"], most=row["most"], has_guests=row["has_guests"])

    async def note_look(self, server_id: ServerId, look: Look, now: datetime) -> HealthRecord:
        """Add a look; what is known then. Raises `FleetRefused`."""
        async with self._pool.acquire() as connection, connection.transaction():
            # Its row is there for the first look too, so two looks never count as one.
            slug = await connection.fetchval(
                "select slug from vpn_servers where server_id = $1 for no key update", server_id
            )
            if slug is None:
                raise FleetRefused(f"there is no server {server_id} any more")
            row = await connection.fetchrow(
                "select * from server_health where server_id = $1", server_id
            )
            known = (
                HealthRecord(server_id=server_id, slug=slug, since=now)
                if row is None
                else _record(slug, row)
            )
            record = known.after(look, now)
            await connection.execute(
                _WRITE,
                server_id,
                record.health,
                record.symptom,
                record.detail,
                record.bad_looks,
                record.good_looks,
                record.since,
                now,
            )
        return record

    async def note_told(self, server_id: ServerId, health: Health) -> None:
        """The staff know that the server is so."""
        await self._pool.execute(
            "update server_health set told = $2 where server_id = $1", server_id, health
        )

    async def plans_without_room(self) -> tuple[str, ...]:
        """The slugs of plans on offer that nobody could be served with now."""
        async with self._pool.acquire() as connection:
            if not await connection.fetchval("select exists (select from vpn_servers)"):
                return ()
            plans = await connection.fetch(
                "select slug, locations from tariffs where is_for_sale order by position, tariff_id"
            )
            open_places = await places_with_room(connection)
        return tuple(plan["slug"] for plan in plans if not is_open(plan["locations"], open_places))


def tried_at(row: Record) -> Server:
    """The server as the canary tries it: the name in a standby's files leads to its principal."""
    server = server_in(row)
    return server if row["standby_of"] is None else server.at_its_own_address()


def _record(slug: str, row: Record) -> HealthRecord:
    values = {name: row[name] for name in HealthRecord.model_fields if name != "slug"}
    return HealthRecord.model_validate({**values, "slug": slug})
