"""A customer's devices as they are shown: with place, set-up and traffic."""

from asyncpg import Record

from domain.devices import Device, DeviceShelf
from domain.ids import DeviceId, SubscriptionId, UserId
from domain.traffic import Traffic
from infra.postgres.pool import Connection
from infra.postgres.speeds import IS_QUIET

SUBSCRIPTION_OF = """
    select s.*, t.device_limit, t.locations, t.location_changes
    from subscriptions s join tariffs t using (tariff_id)
    where s.user_id = $1
    order by (s.status in ('active', 'frozen')) desc, s.expires_at desc limit 1
"""
"""The customer's subscription, the active one or the last that was, with its plan's limits."""

_DEVICES = f"""
    select d.*, v.slug as server, v.location, u.*,
           d.held_revision >= d.revision or {IS_QUIET} as is_set_up
    from devices d
    left join tunnel_addresses a on a.device_id = d.device_id and a.leaving_revision is null
    left join vpn_servers v on v.server_id = a.server_id
    cross join lateral (
        select coalesce(sum(received_bytes), 0)::bigint as received_bytes,
               coalesce(sum(sent_bytes), 0)::bigint as sent_bytes,
               max(latest_handshake) as latest_handshake
        from device_traffic where device_id = d.device_id
    ) u
    where d.subscription_id = $1 and d.removed_at is null
    order by d.created_at, d.device_id
"""  # noqa: S608  # a text of ours


async def shelf_of(connection: Connection, user_id: UserId) -> DeviceShelf | None:
    """The devices of the customer's subscription; None where there never was one."""
    subscription = await connection.fetchrow(SUBSCRIPTION_OF, user_id)
    if subscription is None:
        return None
    rows = await connection.fetch(_DEVICES, subscription["subscription_id"])
    return DeviceShelf(
        subscription_id=SubscriptionId(subscription["subscription_id"]),
        limit=subscription["device_limit"],
        devices=tuple(_device(row, user_id) for row in rows),
    )


def _device(row: Record, user_id: UserId) -> Device:
    return Device(
        device_id=DeviceId(row["device_id"]),
        user_id=user_id,
        name=row["name"],
        revision=row["revision"],
        added_at=row["created_at"],
        may_connect=row["is_wanted"],
        is_set_up=row["is_set_up"],
        server=row["server"],
        location=row["location"],
        traffic=Traffic(
            latest_handshake=row["latest_handshake"],
            received_bytes=row["received_bytes"],
            sent_bytes=row["sent_bytes"],
        ),
    )
