"""Evacuations: whom they move, whom they have moved, and what is still to be done for them."""

from collections.abc import Sequence

from asyncpg import Record

from domain.devices import DeviceTurn
from domain.errors import FleetRefused, NoFreeAddress
from domain.evacuation import (
    Batch,
    Evacuation,
    EvacuationCause,
    EvacuationOrder,
    Handout,
    Relocation,
    Tally,
)
from domain.ids import DeviceId, EvacuationId, ServerId, UserId
from domain.ports import Sealer
from domain.subscriptions import PlacedPeer
from infra.postgres.evacuating import begin_evacuation
from infra.postgres.moving import move_to
from infra.postgres.pool import Connection, Pool
from infra.postgres.servers import server_from

# Those that may connect come first: they are waiting.
_STILL_THERE = """
    select a.device_id from tunnel_addresses a join devices d using (device_id)
    where a.server_id = $1 and a.leaving_revision is null
    order by d.is_wanted desc, a.ipv4 limit $2
"""

_RELOCATION = """
    select r.*, e.cause, s.user_id
    from relocations r
    join evacuations e using (evacuation_id)
    join devices d using (device_id)
    join subscriptions s using (subscription_id)
"""

_TALLY = """
    select
        (select count(*) from tunnel_addresses
         where server_id = e.source_id and device_id is not null and leaving_revision is null
           and e.cause = 'evacuation') as waiting,
        (select count(*) from tunnel_addresses
         where server_id = e.source_id and leaving_revision is not null
           and e.cause = 'evacuation') as clinging,
        count(r.device_id) as moved,
        count(*) filter (where r.device_id is not null and settled_at is null) as unsettled,
        count(*) filter (where r.device_id is not null and outcome is null) as untold,
        count(*) filter (where outcome = 'sent') as sent,
        count(*) filter (where outcome = 'unreachable') as unreachable
    from evacuations e left join relocations r using (evacuation_id)
    where evacuation_id = $1 group by e.evacuation_id
"""

_LEFT_BEHIND = """
    select device_id, leaving_revision as revision from tunnel_addresses
    where server_id = $1 and leaving_revision is not null
    union
    select device_id, last_revision from retired_keys where server_id = $1 and gone_at is null
    order by 1, 2 limit $2
"""


class PostgresEvacuationLedger:
    """Fulfils `domain.ports.EvacuationLedger`."""

    def __init__(self, pool: Pool, sealer: Sealer) -> None:
        self._pool = pool
        self._sealer = sealer

    async def begin(self, order: EvacuationOrder) -> Evacuation:
        """Begin it, or find the one that is under way. Raises `FleetRefused`."""
        async with self._pool.acquire() as connection, connection.transaction():
            if order.cause is EvacuationCause.EVACUATION:
                row = await begin_evacuation(connection, order)
            else:
                row = await _under_way(connection, order)
            last = await connection.fetchval(
                "select max(batch) from relocations where evacuation_id = $1", row["evacuation_id"]
            )
        return Evacuation(
            evacuation_id=EvacuationId(row["evacuation_id"]),
            source_id=ServerId(row["source_id"]),
            target_id=ServerId(row["target_id"]),
            next_batch=(last or 0) + 1,
        )

    async def decide(self, evacuation: Evacuation, batch: int, limit: int) -> Batch:
        """Move up to so many devices, each in a transaction of its own; a repeat fills it up."""
        async with self._pool.acquire() as connection:
            decided = await _of_batch(connection, evacuation.evacuation_id, batch)
            is_full = False
            if evacuation.source_id != evacuation.target_id and len(decided) < limit:
                is_full = not await self._fill(connection, evacuation, batch, limit - len(decided))
                decided = await _of_batch(connection, evacuation.evacuation_id, batch)
        return Batch(relocations=decided, is_full=is_full)

    async def unfinished(
        self, evacuation: Evacuation, after: DeviceId | None, limit: int
    ) -> Sequence[Relocation]:
        """Moved devices that their server may not hold, or whose owners may not know."""
        rows = await self._pool.fetch(
            f"""
            {_RELOCATION}
            where evacuation_id = $1 and (settled_at is null or outcome is null)
              and ($2::uuid is null or r.device_id > $2)
            order by r.device_id, r.revision limit $3
            """,
            evacuation.evacuation_id,
            after,
            limit,
        )
        return [_relocation(row) for row in rows]

    async def note_settled(self, relocation: Relocation) -> None:
        """Its server holds it, or a later decision about it is in force."""
        await self._note("settled_at = coalesce(settled_at, now())", relocation)

    async def note_handout(self, relocation: Relocation, handout: Handout) -> None:
        """What became of its file."""
        await self._note("outcome = $4", relocation, handout)

    async def tally(self, evacuation_id: EvacuationId) -> Tally:
        """How far it is."""
        row = await self._pool.fetchrow(_TALLY, evacuation_id)
        if row is None:
            raise LookupError(f"there is no evacuation {evacuation_id} any more")
        return Tally.model_validate(dict(row))

    async def left_behind(self, server_id: ServerId, limit: int) -> Sequence[PlacedPeer]:
        """Peers, and replaced keys, that a server has not confirmed to be gone."""
        rows = await self._pool.fetch(_LEFT_BEHIND, server_id, limit)
        return [
            PlacedPeer(
                device_id=DeviceId(row["device_id"]), server_id=server_id, revision=row["revision"]
            )
            for row in rows
        ]

    async def finish(self, evacuation_id: EvacuationId) -> None:
        """Everybody has moved and knows."""
        await self._pool.execute(
            """
            update evacuations set finished_at = coalesce(finished_at, now())
            where evacuation_id = $1
            """,
            evacuation_id,
        )

    async def _fill(
        self, connection: Connection, evacuation: Evacuation, batch: int, number: int
    ) -> bool:
        """Move so many more; False where the target has no room for the next one."""
        source = await server_from(connection, evacuation.source_id)
        target = await server_from(connection, evacuation.target_id)
        try:
            for row in await connection.fetch(_STILL_THERE, source.server_id, number):
                device_id = DeviceId(row["device_id"])
                async with connection.transaction():
                    turn = await move_to(connection, self._sealer, device_id, source, target)
                    if turn is not None:
                        await note_relocation(connection, evacuation.evacuation_id, batch, turn)
        except NoFreeAddress:
            return False
        return True

    async def _note(self, change: str, relocation: Relocation, *values: str) -> None:
        turn = relocation.turn
        await self._pool.execute(
            f"update relocations set {change} "  # noqa: S608  # one of the two texts above
            "where evacuation_id = $1 and device_id = $2 and revision = $3",
            relocation.evacuation_id,
            turn.device_id,
            turn.revision,
            *values,
        )


async def note_relocation(
    connection: Connection, evacuation_id: EvacuationId, batch: int, turn: DeviceTurn
) -> None:
    """A decision about a device, which has to be carried out and told."""
    await connection.execute(
        "insert into relocations (evacuation_id, device_id, revision, batch) "
        "values ($1, $2, $3, $4)",
        evacuation_id,
        turn.device_id,
        turn.revision,
        batch,
    )


async def _under_way(connection: Connection, order: EvacuationOrder) -> Record:
    row = await connection.fetchrow(
        """
        select e.* from evacuations e join vpn_servers v on v.server_id = e.source_id
        where v.slug = $1 and e.cause = $2 and e.finished_at is null
        """,
        order.source,
        order.cause,
    )
    if row is None:
        raise FleetRefused(f"nothing is left to be done: all customers of {order.source} know")
    return row


async def _of_batch(
    connection: Connection, evacuation_id: EvacuationId, batch: int
) -> tuple[Relocation, ...]:
    rows = await connection.fetch(
        f"{_RELOCATION} where evacuation_id = $1 and batch = $2 order by r.device_id, r.revision",
        evacuation_id,
        batch,
    )
    return tuple(_relocation(row) for row in rows)


def _relocation(row: Record) -> Relocation:
    turn = DeviceTurn(
        device_id=DeviceId(row["device_id"]),
        user_id=UserId(row["user_id"]),
        revision=row["revision"],
    )
    return Relocation(
        evacuation_id=EvacuationId(row["evacuation_id"]),
        cause=EvacuationCause(row["cause"]),
        turn=turn,
    )
