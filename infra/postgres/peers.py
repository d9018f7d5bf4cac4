"""Devices and the peers that they are on servers, shared by the ledgers."""

from uuid import UUID

from domain.ids import DeviceId, PurchaseId, ServerId
from domain.subscriptions import PlacedPeer
from infra.postgres.pool import Connection

_LEAVING = """
    select d.device_id, a.server_id, coalesce(a.leaving_revision, d.revision) as revision
    from devices d join tunnel_addresses a using (device_id)
    where d.subscription_id = $1
      and (a.leaving_revision is not null or (not d.is_wanted and d.absent_since is null))
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
    rows = await connection.fetch(_LEAVING, subscription_id)
    return tuple(
        PlacedPeer(
            device_id=DeviceId(row["device_id"]),
            server_id=ServerId(row["server_id"]),
            revision=row["revision"],
        )
        for row in rows
    )


async def leaving_peers(connection: Connection, purchase_id: PurchaseId) -> tuple[PlacedPeer, ...]:
    """The same, by the purchase that opened or extended the subscription."""
    subscription_id = await connection.fetchval(
        "select subscription_id from grants where purchase_id = $1", purchase_id
    )
    if subscription_id is None:
        return ()
    return await leaving_peers_of(connection, subscription_id)
