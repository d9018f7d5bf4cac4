"""Devices that go to another location at their customers' wish, as often as the plan allows it.

Functions over one connection. What changes something is called with the customer locked, so that
changes are counted one after the other, however many taps there are at once.
"""

from datetime import datetime

from asyncpg import Record

from domain.errors import (
    AccessEnded,
    DeviceMoved,
    LocationLimitReached,
    LocationNotOffered,
)
from domain.ids import DeviceId, ServerId, SubscriptionId
from domain.locations import WINDOW, ChangesLeft, LocationChoice, LocationOrder, changes_left
from domain.ports import Sealer
from infra.postgres.addresses import places_with_room, server_of
from infra.postgres.moving import move_into
from infra.postgres.pool import Connection
from infra.postgres.servers import server_from

_DECIDED_SINCE = """
    select to_location from location_changes
    where device_id = $1 and revision > $2 order by revision limit 1
"""

_NOTE = """
    insert into location_changes (device_id, revision, subscription_id,
                                  from_location, to_location, changed_at)
    values ($1, $2, $3, $4, $5, $6)
"""


async def choice_of(
    connection: Connection, subscription: Record, device_id: DeviceId, now: datetime
) -> LocationChoice | None:
    """Where the device could go now; None where the plan offers no changes, or it is nowhere."""
    changes = await left_of(connection, subscription, now)
    here = await _location_of(connection, subscription, device_id)
    if changes.limit == 0 or here is None:
        return None
    places = await places_with_room(connection)
    return LocationChoice(
        places=tuple(each for each in places if each != here and _allows(subscription, each)),
        changes=changes,
    )


async def is_decided(connection: Connection, order: LocationOrder) -> bool:
    """Whether this very tap was answered before.

    Raises:
        DeviceMoved: another location was chosen on the same screen, or on one before it.
    """
    decided = await connection.fetchval(_DECIDED_SINCE, order.device_id, order.revision)
    if decided not in {None, order.location}:
        raise DeviceMoved(f"device {order.device_id} was moved to {decided} meanwhile")
    return decided is not None


async def change_location(
    connection: Connection,
    sealer: Sealer,
    subscription: Record,
    device: Record,
    order: LocationOrder,
    *,
    now: datetime,
) -> None:
    """Decide for a server in that location, and count the change.

    Raises:
        AccessEnded: the device may not connect now.
        DeviceMoved: it is there already.
        LocationNotOffered: the plan does not allow it.
        LocationLimitReached: the plan allows no further change for now.
        NoFreeAddress: it is full.
    """
    device_id = order.device_id
    server_id = await server_of(connection, device_id)
    if not device["is_wanted"] or server_id is None:
        raise AccessEnded(f"device {device_id} may not connect now, or is on no server yet")
    source = await server_from(connection, ServerId(server_id))
    if source.location == order.location:
        raise DeviceMoved(f"device {device_id} is in {order.location} already")
    await _require_allowance(connection, subscription, order, now)
    revision = await move_into(connection, sealer, device_id, source, order.location)
    await connection.execute(
        _NOTE,
        device_id,
        revision,
        subscription["subscription_id"],
        source.location,
        order.location,
        now,
    )


async def _require_allowance(
    connection: Connection, subscription: Record, order: LocationOrder, now: datetime
) -> None:
    changes = await left_of(connection, subscription, now)
    if changes.limit == 0 or not _allows(subscription, order.location):
        raise LocationNotOffered(f"the plan does not let devices go to {order.location}")
    if changes.is_used_up:
        raise LocationLimitReached(f"the next change is allowed from {changes.again_at} on")


async def left_of(connection: Connection, subscription: Record, now: datetime) -> ChangesLeft:
    """How many changes the subscription may still make."""
    subscription_id: SubscriptionId = subscription["subscription_id"]
    rows = await connection.fetch(
        """
        select changed_at from location_changes
        where subscription_id = $1 and changed_at > $2
        """,
        subscription_id,
        now - WINDOW,
    )
    return changes_left(subscription["location_changes"], [each[0] for each in rows], now)


async def _location_of(
    connection: Connection, subscription: Record, device_id: DeviceId
) -> str | None:
    found = await connection.fetchval(
        """
        select location
        from devices join tunnel_addresses using (device_id) join vpn_servers using (server_id)
        where device_id = $1 and subscription_id = $2 and is_wanted and leaving_revision is null
        """,
        device_id,
        subscription["subscription_id"],
    )
    return None if found is None else str(found)


def _allows(subscription: Record, location: str) -> bool:
    locations = subscription["locations"]
    return not locations or location in locations
