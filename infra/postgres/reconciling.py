"""What a server has to hold, and how far from it it was."""

from collections.abc import Sequence

from asyncpg import Record
from pydantic import SecretStr

from domain.errors import FleetRefused
from domain.ids import DeviceId, ServerId
from domain.ports import Sealer
from domain.reconciling import DepartedPeer, Drift, Listing, Muster, ReconcileOrder, Roll
from domain.servers import Peer, Server
from infra.postgres.fleet import canary_in
from infra.postgres.peers import device_context
from infra.postgres.pool import Connection, Pool
from infra.postgres.servers import server_in

_BELONGING = """
    select d.device_id, d.public_key, d.preshared_key_sealed, d.revision, d.held_revision,
           a.ipv4, a.ipv6, d.speed_mbit
    from tunnel_addresses a join devices d using (device_id)
    where a.server_id = $1 and a.leaving_revision is null and d.is_wanted
    order by a.ipv4
"""

# A device that belongs elsewhere, or nowhere, and each key that a reissue replaced. One that the
# server had not yet confirmed to be gone is on its way out, not back; one that moved to another
# server cannot be told from one that leaves in this second.
_DEPARTED = """
    select d.public_key, d.revision,
           not exists (select from tunnel_addresses a
                       where a.device_id = d.device_id and a.server_id = $1
                         and a.leaving_revision is not null)
           and not d.is_wanted and coalesce(d.absent_since < $3, false) as was_gone
    from devices d
    where d.public_key = any($2) and not (d.is_wanted and exists (
        select from tunnel_addresses a
        where a.device_id = d.device_id and a.server_id = $1 and a.leaving_revision is null))
    union all
    select public_key, last_revision, coalesce(gone_at < $3, false)
    from retired_keys where public_key = any($2)
"""

# In one statement, and so at one moment: no key of ours may seem a stranger's.
_MUSTER = f"""
    select true as belongs, device_id, public_key, preshared_key_sealed, revision, ipv4, ipv6,
           speed_mbit, false as was_gone
    from ({_BELONGING}) as belonging
    union all
    select false, null, public_key, null, revision, null, null, null, was_gone
    from ({_DEPARTED}) as departed
"""  # noqa: S608  # both are texts above


class PostgresReconcileLedger:
    """Fulfils `domain.ports.ReconcileLedger`."""

    def __init__(self, pool: Pool, sealer: Sealer) -> None:
        self._pool = pool
        self._sealer = sealer

    async def roll(self, server_id: ServerId) -> Roll:
        """The server, and what it has confirmed until now. Raises `FleetRefused`."""
        async with self._pool.acquire() as connection:
            read_at = await connection.fetchval("select now()")
            server = await _server(connection, server_id)
            rows = await connection.fetch(_BELONGING, server_id)
        confirmed = {
            row["public_key"]: row["revision"]
            for row in rows
            if row["held_revision"] >= row["revision"]
        }
        return Roll(server=server, confirmed=confirmed, read_at=read_at)

    async def servers(self) -> Sequence[ReconcileOrder]:
        """The servers to look after: those that nobody has declared down."""
        rows = await self._pool.fetch(
            "select server_id, slug from vpn_servers where state <> 'down' order by slug"
        )
        return [ReconcileOrder(server_id=row["server_id"], slug=row["slug"]) for row in rows]

    async def muster(self, roll: Roll, listing: Listing) -> Muster:
        """Its whole set at one moment, newer than every other that was read.

        The server's row is locked first: a greater generation was read later. A ledger that was
        put back to an old state goes on from the generation that the server knows.
        """
        server_id = roll.server.server_id
        async with self._pool.acquire() as connection, connection.transaction():
            generation = await connection.fetchval(
                """
                update vpn_servers
                set peer_generation = greatest(peer_generation, $2) + 1, program_version = $3
                where server_id = $1 returning peer_generation
                """,
                server_id,
                listing.generation,
                listing.version,
            )
            server = await _server(connection, server_id)
            rows = await connection.fetch(_MUSTER, server_id, list(listing.keys), roll.read_at)
            canary = await connection.fetchrow(
                "select * from server_canaries where server_id = $1", server_id
            )
        peers = [self._peer(server, row) for row in rows if row["belongs"]]
        if canary is not None:
            peers.append(canary_in(canary, self._sealer).peer_on(server))
        return Muster(
            server=server,
            generation=generation,
            peers=tuple(peers),
            departed=tuple(
                DepartedPeer.model_validate(dict(row)) for row in rows if not row["belongs"]
            ),
        )

    async def note_drift(self, server_id: ServerId, generation: int, drift: Drift) -> Drift:
        """Count it, before it is mended; with it what an interrupted try had found."""
        async with self._pool.acquire() as connection, connection.transaction():
            earlier = await connection.fetchrow(
                """
                delete from server_drifts
                where server_id = $1 and mended_at is null and generation < $2 returning *
                """,
                server_id,
                generation,
            )
            found = drift if drift.mended or earlier is None else _with_earlier(drift, earlier)
            await _replace_last(connection, server_id, generation, found)
        return found

    async def note_mended(self, server_id: ServerId, generation: int) -> None:
        """The server has been brought to that generation."""
        await self._pool.execute(
            """
            update server_drifts set mended_at = coalesce(mended_at, now())
            where server_id = $1 and generation = $2
            """,
            server_id,
            generation,
        )

    def _peer(self, server: Server, row: Record) -> Peer:
        device_id = DeviceId(row["device_id"])
        secret = self._sealer.unseal(row["preshared_key_sealed"], context=device_context(device_id))
        return Peer(
            device_id=device_id,
            server=server,
            public_key=row["public_key"],
            preshared_key=SecretStr(secret.decode()),
            ipv4=row["ipv4"],
            ipv6=row["ipv6"],
            revision=row["revision"],
            speed_mbit=row["speed_mbit"],
        )


async def _server(connection: Connection, server_id: ServerId) -> Server:
    row = await connection.fetchrow("select * from vpn_servers where server_id = $1", server_id)
    if row is None:
        raise FleetRefused(f"there is no server {server_id} any more")
    return server_in(row)


def _with_earlier(drift: Drift, earlier: Record) -> Drift:
    """The try that found it came through, and died before it could say so."""
    counts = {name: earlier[name] for name in ("missing", "changed", "returned")}
    return drift.model_copy(update=counts)


async def _replace_last(
    connection: Connection, server_id: ServerId, generation: int, drift: Drift
) -> None:
    await connection.execute(
        """
        delete from server_drifts
        where server_id = $1 and missing + changed + returned = 0 and generation < $2
        """,
        server_id,
        generation,
    )
    await connection.execute(
        """
        insert into server_drifts (server_id, generation, missing, changed, returned, blocked,
                                   strangers)
        values ($1, $2, $3, $4, $5, $6, $7)
        """,
        server_id,
        generation,
        drift.missing,
        drift.changed,
        drift.returned,
        drift.blocked,
        list(drift.strangers),
    )
