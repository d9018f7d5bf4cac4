"""What devices transfer, as servers count it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from domain.ids import DeviceId, ServerId
from domain.servers import PeerStatistics, Server, ServerState
from domain.traffic import Tally, Traffic
from infra.postgres.pool import Pool
from infra.postgres.quotas import add_traffic
from infra.postgres.servers import Servers

_KNOWN = """
    select d.device_id as owner, d.subscription_id, d.public_key, t.*
    from devices d left join device_traffic t on t.device_id = d.device_id and t.server_id = $1
    where d.public_key = any($2)
"""

_WRITE = """
    insert into device_traffic (device_id, server_id, received_bytes, sent_bytes,
                                latest_handshake, counted_key, counted_received, counted_sent)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (device_id, server_id) do update
    set received_bytes = excluded.received_bytes, sent_bytes = excluded.sent_bytes,
        latest_handshake = excluded.latest_handshake, counted_key = excluded.counted_key,
        counted_received = excluded.counted_received, counted_sent = excluded.counted_sent
"""


class PostgresTrafficLedger:
    """The table `device_traffic`; fulfils `domain.ports.TrafficLedger`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def servers(self) -> Sequence[Server]:
        """The servers to ask: those that nobody has declared down."""
        servers = await Servers(self._pool).all()
        return [server for server in servers if server.state is not ServerState.DOWN]

    async def note(
        self, server_id: ServerId, peers: Sequence[PeerStatistics], now: datetime
    ) -> None:
        """Add what a server's peers have transferred since they were last noted.

        It counts for the period of their subscriptions in which it is noted. The customers'
        addresses in the counters are left out: they are not kept.
        """
        by_key = {peer.public_key: peer for peer in peers}
        async with self._pool.acquire() as connection, connection.transaction():
            # One count of a server at a time, or two would both add the same bytes.
            await connection.execute(
                "select from vpn_servers where server_id = $1 for no key update", server_id
            )
            rows = await connection.fetch(_KNOWN, server_id, list(by_key))
            counted = [(row, _tally(row, by_key[row["public_key"]])) for row in rows]
            changed = [(row, tally) for row, tally in counted if tally is not None]
            await connection.executemany(
                _WRITE,
                [_written(DeviceId(row["owner"]), server_id, tally) for row, tally in changed],
            )
            await add_traffic(connection, _transferred(changed), now)


def _tally(row: Record, peer: PeerStatistics) -> Tally | None:
    """The new tally of a device; None where nothing is new."""
    if row["device_id"] is None:
        return Tally.begun(peer)
    known = Tally(
        traffic=Traffic(
            latest_handshake=row["latest_handshake"],
            received_bytes=row["received_bytes"],
            sent_bytes=row["sent_bytes"],
        ),
        counted_key=row["counted_key"],
        counted_received=row["counted_received"],
        counted_sent=row["counted_sent"],
    )
    tally = known.after(peer)
    return None if tally == known else tally


def _transferred(changed: Iterable[tuple[Record, Tally]]) -> dict[UUID, int]:
    """What is new, by subscription."""
    sums: dict[UUID, int] = {}
    for row, tally in changed:
        known = (row["received_bytes"] or 0) + (row["sent_bytes"] or 0)
        new = tally.traffic.total_bytes - known
        if new:
            sums[row["subscription_id"]] = sums.get(row["subscription_id"], 0) + new
    return sums


def _written(device_id: DeviceId, server_id: ServerId, tally: Tally) -> tuple[object, ...]:
    return (
        device_id,
        server_id,
        tally.traffic.received_bytes,
        tally.traffic.sent_bytes,
        tally.traffic.latest_handshake,
        tally.counted_key,
        tally.counted_received,
        tally.counted_sent,
    )
