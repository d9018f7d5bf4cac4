"""Devices and the peers that they are on servers, shared by the ledgers."""

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Record

from domain.ids import DeviceId, PurchaseId, ServerId
from domain.subscriptions import PlacedPeer
from infra.postgres.pool import Connection
from infra.postgres.speeds import IS_QUIET

_LEAVING = """
    select d.device_id, a.server_id, coalesce(a.leaving_revision, d.revision) as revision
    from devices d join tunnel_addresses a using (device_id)
    where d.subscription_id = $1
      and (a.leaving_revision is not null or (not d.is_wanted and d.absent_since is null))
"""

# A device that goes to another server may connect to its former one until the new one holds it;
# not with a key that has leaked.
_PARTING = f"""
    {_LEAVING}
      and not (a.leaving_revision is not null and d.is_wanted
               and d.held_revision < d.revision and not {IS_QUIET}
               and not exists (select from retired_keys k
                               where k.device_id = d.device_id
                                 and k.last_revision >= a.leaving_revision))
"""

_LEFT = """
    select device_id, server_id, leaving_revision as revision from tunnel_addresses
    where device_id = $1 and leaving_revision is not null order by leaving_revision
"""


def device_context(device_id: DeviceId) -> bytes:
    """What a device's sealed keys are bound to: they open for no other device."""
    return f"device:{device_id}".encode()


async def withdraw_devices(connection: Connection, subscription_id: UUID) -> None:
    """Decide that no device of the subscription may connect any more."""
    await connection.execute(
        """
        update devices set is_wanted = false, absent_since = null, revision = revision + 1
        where subscription_id = $1 and is_wanted
        """,
        subscription_id,
    )


async def leaving_peers_of(connection: Connection, subscription_id: UUID) -> tuple[PlacedPeer, ...]:
    """The subscription's peers that servers have not yet confirmed to be gone."""
    return _placed(await connection.fetch(_LEAVING, subscription_id))


async def parting_peers_of(connection: Connection, subscription_id: UUID) -> tuple[PlacedPeer, ...]:
    """Those of them that have to go now: not while the device has nowhere else to connect to."""
    return _placed(await connection.fetch(_PARTING, subscription_id))


async def left_peers_of(connection: Connection, device_id: DeviceId) -> tuple[PlacedPeer, ...]:
    """One device's peers where it was before."""
    return _placed(await connection.fetch(_LEFT, device_id))


async def leaving_peers(connection: Connection, purchase_id: PurchaseId) -> tuple[PlacedPeer, ...]:
    """The same, by the purchase that opened or extended the subscription."""
    subscription_id = await connection.fetchval(
        "select subscription_id from grants where purchase_id = $1", purchase_id
    )
    if subscription_id is None:
        return ()
    return await leaving_peers_of(connection, subscription_id)


def _placed(rows: Sequence[Record]) -> tuple[PlacedPeer, ...]:
    return tuple(
        PlacedPeer(
            device_id=DeviceId(row["device_id"]),
            server_id=ServerId(row["server_id"]),
            revision=row["revision"],
        )
        for row in rows
    )
