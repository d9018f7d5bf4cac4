"""Which of a subscription's devices may connect: the oldest, as many as its plan allows.

Called in every transaction that gives access, changes the plan, or frees a place among the
devices. Safe to repeat: a device that is as it should be is not touched.
"""

from uuid import UUID

from domain.ids import DeviceId, ServerId
from infra.postgres.addresses import take_address
from infra.postgres.pool import Connection
from infra.postgres.speeds import settle_speeds

_SETTLE = """
    with ranked as (
        select d.device_id,
               row_number() over (order by d.created_at, d.device_id) <= t.device_limit
                   as may_connect
        from devices d
        join subscriptions s using (subscription_id)
        join tariffs t using (tariff_id)
        where d.subscription_id = $1 and d.removed_at is null
    )
    update devices d
    set is_wanted = r.may_connect, absent_since = null, revision = revision + 1
    from ranked r
    where r.device_id = d.device_id and d.is_wanted <> r.may_connect
"""

_HOMELESS = """
    select d.device_id from devices d
    left join tunnel_addresses a on a.device_id = d.device_id and a.leaving_revision is null
    where d.subscription_id = $1 and d.is_wanted and a.device_id is null
    order by d.created_at, d.device_id
"""

_HOME = """
    select t.locations,
           (select v.location from devices d
            join tunnel_addresses a on a.device_id = d.device_id and a.leaving_revision is null
            join vpn_servers v on v.server_id = a.server_id
            where d.subscription_id = s.subscription_id and d.is_wanted
            order by d.created_at, d.device_id limit 1) as home
    from subscriptions s join tariffs t using (tariff_id)
    where s.subscription_id = $1
"""


async def first_device(connection: Connection, subscription_id: UUID) -> DeviceId | None:
    """The oldest device that the customer still has."""
    found = await connection.fetchval(
        """
        select device_id from devices where subscription_id = $1 and removed_at is null
        order by created_at, device_id limit 1
        """,
        subscription_id,
    )
    return None if found is None else DeviceId(found)


async def settle_devices(connection: Connection, subscription_id: UUID) -> None:
    """Let the oldest devices connect and the others rest, each that may with an address if any.

    Those that may are as fast as the plan says.

    The subscription must give access. Devices that come back keep their keys, and their address
    unless somebody needed it more.
    """
    # Locked first: a worker may be placing one of them at this moment.
    await connection.execute(
        "select from devices where subscription_id = $1 order by device_id for no key update",
        subscription_id,
    )
    await connection.execute(_SETTLE, subscription_id)
    await settle_speeds(connection, subscription_id)
    for (device_id,) in await connection.fetch(_HOMELESS, subscription_id):
        await place_device(connection, DeviceId(device_id), subscription_id)


async def place_device(
    connection: Connection, device_id: DeviceId, subscription_id: UUID
) -> ServerId | None:
    """Give the device an address, in the country of its siblings if there is room."""
    row = await connection.fetchrow(_HOME, subscription_id)
    assert row is not None  # noqa: S101  # a device references its subscription
    locations, home = row["locations"], row["home"]
    if home is not None and (not locations or home in locations):
        near = await take_address(connection, device_id, [home])
        if near is not None:
            return near
    return await take_address(connection, device_id, locations)
