"""Tunnel addresses: which device has which address on which server.

Functions over one connection, because an address is always taken inside the transaction that
decides what for.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

from domain.ids import DeviceId, ServerId, UserId
from infra.postgres.pool import Connection

# The inner select skips what others are taking now; the update's own condition is checked again
# after the lock, so one address never goes to two devices.
_TAKE_FREE = """
update tunnel_addresses set device_id = $1
where (server_id, ipv4) = (
    select server_id, ipv4 from tunnel_addresses
    where server_id = $2 and device_id is null
    order by ipv4 limit 1 for update skip locked
) and device_id is null
returning true
"""

# An expired device keeps its address for its return, until somebody needs it more; by then its
# server must have confirmed that the old peer is gone.
_TAKE_FROM_LONGEST_ABSENT = """
update tunnel_addresses set device_id = $1
where (server_id, ipv4) = (
    select a.server_id, a.ipv4 from tunnel_addresses a join devices d using (device_id)
    where a.server_id = $2 and a.leaving_revision is null
      and not d.is_wanted and d.absent_since is not null
    order by d.absent_since limit 1 for update skip locked
)
returning true
"""

_TAKE_SAME = """
update tunnel_addresses set device_id = $1
where (server_id, ipv4) = (
    select server_id, ipv4 from tunnel_addresses
    where server_id = $2 and ipv4 = $3 and ipv6 = $4 and device_id is null
    for update skip locked
) and device_id is null
returning true
"""

# One that the device itself had left, where that server may still know it: it holds no later key.
_RETURN_TO = """
update tunnel_addresses a set leaving_revision = null
where device_id = $1 and (server_id, ipv4) = (
    select server_id, ipv4 from tunnel_addresses
    where device_id = $1 and server_id = $2 and leaving_revision is not null
    order by leaving_revision desc limit 1
) and not exists (
    select from retired_keys k
    where k.device_id = $1 and k.last_revision >= a.leaving_revision)
returning true
"""

# A server that is down gets nobody, a suspect one only whom no healthy one takes.
_OPEN = """
    vpn_servers s left join server_health h using (server_id)
    where s.state = 'selling' and h.health is distinct from 'down'
"""

_CANDIDATES = f"""
select s.server_id,
       (select count(*) from tunnel_addresses a
        where a.server_id = s.server_id and a.device_id is null) as free
from {_OPEN}
  and (cardinality($1::text[]) = 0 or s.location = any($1))
  and s.server_id is distinct from $2
order by coalesce(h.health = 'suspect', false), free desc, s.server_id
"""  # noqa: S608  # both are texts above

# An address that one of the two statements above would take.
_HAS_ROOM = """
    exists (
        select from tunnel_addresses a left join devices d using (device_id)
        where a.server_id = s.server_id and a.leaving_revision is null
          and (a.device_id is null or (not d.is_wanted and d.absent_since is not null)))
"""

_PLACES_WITH_ROOM = f"""
    select distinct s.location from {_OPEN} and {_HAS_ROOM} order by 1
"""  # noqa: S608  # both are texts above


async def places_with_room(connection: Connection) -> tuple[str, ...]:
    """The locations where a new device would find an address now."""
    return tuple(row["location"] for row in await connection.fetch(_PLACES_WITH_ROOM))


async def has_address(connection: Connection, user_id: UserId) -> bool:
    """Whether a device of the customer's has an address, perhaps from before their access ended."""
    return bool(
        await connection.fetchval(
            """
            select exists (
                select from tunnel_addresses a
                join devices d using (device_id) join subscriptions s using (subscription_id)
                where s.user_id = $1 and a.leaving_revision is null)
            """,
            user_id,
        )
    )


def is_open(locations: Sequence[str], open_places: Sequence[str]) -> bool:
    """Whether one of a plan's locations is open; none named means any."""
    return any(place in open_places for place in locations) if locations else bool(open_places)


async def server_of(connection: Connection, device_id: DeviceId) -> ServerId | None:
    """The server that the device is on."""
    found = await connection.fetchval(
        "select server_id from tunnel_addresses where device_id = $1 and leaving_revision is null",
        device_id,
    )
    return None if found is None else ServerId(found)


async def take_address(
    connection: Connection,
    device_id: DeviceId,
    locations: Sequence[str],
    *,
    away_from: ServerId | None = None,
) -> ServerId | None:
    """Give the device an address on the emptiest server of those locations; None if all are full.

    An empty `locations` means any. The device must not have an address.
    """
    rows = await connection.fetch(_CANDIDATES, list(locations), away_from)
    servers = [row["server_id"] for row in rows]
    for statement in (_TAKE_FREE, _TAKE_FROM_LONGEST_ABSENT):
        for server_id in servers:
            if await connection.fetchval(statement, device_id, server_id):
                return ServerId(server_id)
    return None


async def take_address_on(
    connection: Connection,
    device_id: DeviceId,
    server_id: ServerId,
    wanted: tuple[IPv4Address, IPv6Address],
) -> bool:
    """Give the device an address on that server, the wanted one where it is free; False if full.

    The device must not have an address. One that returns finds what it had left.
    """
    if await connection.fetchval(_RETURN_TO, device_id, server_id):
        return True
    if await connection.fetchval(_TAKE_SAME, device_id, server_id, *wanted):
        return True
    for statement in (_TAKE_FREE, _TAKE_FROM_LONGEST_ABSENT):
        if await connection.fetchval(statement, device_id, server_id):
            return True
    return False


async def take_free_address_on(
    connection: Connection,
    device_id: DeviceId,
    server_id: ServerId,
    wanted: tuple[IPv4Address, IPv6Address],
) -> bool:
    """The same for a device that is away: it takes nobody's place."""
    if await connection.fetchval(_TAKE_SAME, device_id, server_id, *wanted):
        return True
    return bool(await connection.fetchval(_TAKE_FREE, device_id, server_id))


async def leave_address(
    connection: Connection, device_id: DeviceId, server_id: ServerId, revision: int
) -> None:
    """Mark the device's address as left; it is free once the server confirms the removal."""
    await connection.execute(
        """
        update tunnel_addresses set leaving_revision = $3
        where device_id = $1 and server_id = $2 and leaving_revision is null
        """,
        device_id,
        server_id,
        revision,
    )


async def free_left_address(
    connection: Connection, device_id: DeviceId, server_id: ServerId, revision: int
) -> None:
    """The server has confirmed: the address that was left by this revision is free."""
    await connection.execute(
        """
        update tunnel_addresses set device_id = null, leaving_revision = null
        where device_id = $1 and server_id = $2 and leaving_revision <= $3
        """,
        device_id,
        server_id,
        revision,
    )
