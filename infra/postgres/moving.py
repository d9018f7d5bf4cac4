"""One device goes to a server that somebody has chosen for it: the ledger's part, all or nothing.

Called inside a transaction. From its end the device belongs to the new server, and the old one has
to let go of it by a revision of its own, however long that takes.
"""

from asyncpg import Record

from domain.devices import DeviceTurn
from domain.errors import NoFreeAddress
from domain.ids import DeviceId, UserId
from domain.ports import Sealer
from domain.servers import Server
from infra.postgres.addresses import (
    leave_address,
    take_address,
    take_address_on,
    take_free_address_on,
)
from infra.postgres.configs import config_of
from infra.postgres.pool import Connection

_DEVICE = """
    select d.*, s.user_id, a.ipv4, a.ipv6
    from devices d
    join subscriptions s using (subscription_id)
    join tunnel_addresses a using (device_id)
    where d.device_id = $1 and a.server_id = $2 and a.leaving_revision is null
"""


async def move_to(
    connection: Connection, sealer: Sealer, device_id: DeviceId, source: Server, target: Server
) -> DeviceTurn | None:
    """Move the device, with its keys, and where it is free with its address.

    Returns:
        The decision to carry out; None where there is none: the device is on another server by
        now, or rests, and then its address for its return has moved with it or was given up.

    Raises:
        NoFreeAddress: the target is full; nothing was changed.
    """
    # In two statements: the second sees the address that the lock's last holder took.
    await connection.execute(
        "select from devices where device_id = $1 for no key update", device_id
    )
    device = await connection.fetchrow(_DEVICE, device_id, source.server_id)
    if device is None:
        return None
    if not device["is_wanted"]:
        await _move_resting(connection, device, source, target)
        return None
    revision = await _leave(connection, sealer, device, source)
    wanted = device["ipv4"], device["ipv6"]
    if not await take_address_on(connection, device_id, target.server_id, wanted):
        raise NoFreeAddress(
            f"{target.slug} has no free address: give it a larger --capacity, or another network"
        )
    return DeviceTurn(device_id=device_id, user_id=UserId(device["user_id"]), revision=revision)


async def move_into(
    connection: Connection, sealer: Sealer, device_id: DeviceId, source: Server, location: str
) -> int:
    """Move the device, with its keys, to a server of that location; the decision's revision.

    The device must be locked, allowed to connect, and on that server.

    Raises:
        NoFreeAddress: the location is full; whoever calls has to undo what was done.
    """
    device = await connection.fetchrow(_DEVICE, device_id, source.server_id)
    assert device is not None  # noqa: S101  # the caller has locked it there
    revision = await _leave(connection, sealer, device, source)
    if await take_address(connection, device_id, [location]) is None:
        raise NoFreeAddress(f"no server in {location} has a free address")
    return revision


async def _leave(connection: Connection, sealer: Sealer, device: Record, source: Server) -> int:
    """From here on it belongs to another server; the revision by which that was decided."""
    device_id, revision = DeviceId(device["device_id"]), int(device["revision"] + 1)
    await keep_digest(connection, sealer, device, source)
    await leave_address(connection, device_id, source.server_id, revision)
    await connection.execute(
        "update devices set revision = $2 where device_id = $1", device_id, revision
    )
    return revision


async def keep_digest(
    connection: Connection, sealer: Sealer, device: Record, server: Server
) -> None:
    """Remember the file that the customer has, before it changes.

    A device that its server never held has none yet: its setup hands over the first.
    """
    if device["file_digest"] is None and device["held_revision"] > 0:
        await connection.execute(
            "update devices set file_digest = $2 where device_id = $1",
            device["device_id"],
            config_of(device, server, sealer).digest,
        )


async def _move_resting(
    connection: Connection, device: Record, source: Server, target: Server
) -> None:
    """A device whose access has ended goes on to leave, or keeps an address for its return."""
    device_id, wanted = DeviceId(device["device_id"]), (device["ipv4"], device["ipv6"])
    if device["absent_since"] is None:
        await leave_address(connection, device_id, source.server_id, device["revision"])
        return
    await connection.execute(
        """
        update tunnel_addresses set device_id = null
        where device_id = $1 and server_id = $2 and leaving_revision is null
        """,
        device_id,
        source.server_id,
    )
    await take_free_address_on(connection, device_id, target.server_id, wanted)
