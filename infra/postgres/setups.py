"""What VPN servers have to be told of devices, and what they have confirmed."""

from collections.abc import Sequence

from domain.devices import DeviceTurn, DeviceWork
from domain.ids import DeviceId, ServerId, SubscriptionId, UserId
from domain.subscriptions import PlacedPeer
from infra.postgres.peers import left_peers_of, parting_peers_of
from infra.postgres.pool import Pool
from infra.postgres.speeds import IS_QUIET

_UNHELD = f"""
    select d.device_id, d.revision, s.user_id, {IS_QUIET} as is_quiet
    from devices d join subscriptions s using (subscription_id)
    where d.subscription_id = $1 and d.is_wanted and d.held_revision < d.revision
    order by d.created_at, d.device_id
"""  # noqa: S608  # a text of ours

_IS_CURRENT = """
    select d.is_wanted and not exists (
        select from retired_keys k where k.device_id = d.device_id and k.last_revision >= $2)
      and not exists (
        select from location_changes c where c.device_id = d.device_id and c.revision > $2)
    from devices d where d.device_id = $1
"""

_CHOSEN_PLACE = """
    select v.location
    from location_changes c
    join tunnel_addresses a on a.device_id = c.device_id and a.leaving_revision is null
    join vpn_servers v using (server_id)
    where c.device_id = $1 and c.revision = $2
"""


class PostgresDeviceLedger:
    """Fulfils `domain.ports.DeviceLedger`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def work(self, subscription_id: SubscriptionId) -> DeviceWork:
        """What the servers do not know yet, as it is now."""
        async with self._pool.acquire() as connection:
            unheld = await connection.fetch(_UNHELD, subscription_id)
            removals = await parting_peers_of(connection, subscription_id)
        setups = tuple(
            DeviceTurn(
                device_id=DeviceId(row["device_id"]),
                user_id=UserId(row["user_id"]),
                revision=row["revision"],
                is_quiet=row["is_quiet"],
            )
            for row in unheld
        )
        return DeviceWork(setups=setups, removals=removals)

    async def is_current(self, turn: DeviceTurn) -> bool:
        """Whether the device may connect, with the keys and the place of that decision."""
        return bool(await self._pool.fetchval(_IS_CURRENT, turn.device_id, turn.revision))

    async def confirm_peer(self, device_id: DeviceId, revision: int) -> None:
        """The device's server holds the peer of that revision."""
        await self._pool.execute(
            "update devices set held_revision = $2 where device_id = $1 and held_revision < $2",
            device_id,
            revision,
        )

    async def retired_peers(self, device_id: DeviceId, server_id: ServerId) -> Sequence[PlacedPeer]:
        """The device's replaced keys that this server may still hold, oldest first."""
        rows = await self._pool.fetch(
            """
            select last_revision from retired_keys
            where device_id = $1 and server_id = $2 and gone_at is null order by last_revision
            """,
            device_id,
            server_id,
        )
        return tuple(
            PlacedPeer(device_id=device_id, server_id=server_id, revision=row["last_revision"])
            for row in rows
        )

    async def left_behind(self, device_id: DeviceId) -> Sequence[PlacedPeer]:
        """The device's peers at former servers, until those confirm that they are gone."""
        async with self._pool.acquire() as connection:
            return await left_peers_of(connection, device_id)

    async def chosen_place(self, turn: DeviceTurn) -> str | None:
        """Where the device is, if by that decision its customer took it elsewhere."""
        place = await self._pool.fetchval(_CHOSEN_PLACE, turn.device_id, turn.revision)
        return None if place is None else str(place)

    async def name_of(self, device_id: DeviceId) -> str:
        """What the customer calls it; empty where they never gave it a name."""
        name = await self._pool.fetchval("select name from devices where device_id = $1", device_id)
        if name is None:
            raise LookupError(f"there is no device {device_id}")
        return str(name)

    async def file_of(self, device_id: DeviceId) -> str | None:
        """The digest of the file that its owner was last given; None where none is known."""
        digest = await self._pool.fetchval(
            "select file_digest from devices where device_id = $1", device_id
        )
        return None if digest is None else str(digest)

    async def note_file(self, device_id: DeviceId, digest: str) -> None:
        """Its owner was given that file."""
        await self._pool.execute(
            "update devices set file_digest = $2 where device_id = $1", device_id, digest
        )
