"""What customers do with their devices: add, rename, give new keys, move, remove.

Each decision is one transaction under the lock on the customer's row. A repeat changes nothing,
so taps may come twice. What is returned is what the servers have to be told afterwards.
"""

from collections.abc import Callable
from datetime import datetime

from asyncpg import Record

from domain.devices import DeviceShelf, DeviceWork, unused_name
from domain.errors import (
    AccessEnded,
    DeviceBusy,
    DeviceLimitReached,
    LastDevice,
    NoFreeAddress,
    UnknownDevice,
)
from domain.ids import DeviceId, SubscriptionId, UserId
from domain.locations import ChangesLeft, LocationChoice, LocationOrder
from domain.ports import Sealer
from domain.servers import DeviceKeys
from domain.subscriptions import SubscriptionStatus
from infra.postgres.addresses import leave_address, server_of
from infra.postgres.auto_renewals import grace_of
from infra.postgres.device_keys import DeviceKeyRing, wipe_keys
from infra.postgres.location_changes import change_location, choice_of, is_decided, left_of
from infra.postgres.pool import Connection, Pool
from infra.postgres.settling import place_device, settle_devices
from infra.postgres.setups import PostgresDeviceLedger
from infra.postgres.shelves import SUBSCRIPTION_OF, shelf_of

_UNDER_WAY = """
    select exists (
        select from grants join purchases using (purchase_id)
        where device_id = $1 and stage in ('setting_up', 'delayed', 'stuck'))
"""


class Devices:
    """The tables `devices` and `retired_keys`, on behalf of customers."""

    def __init__(self, pool: Pool, sealer: Sealer, mint_keys: Callable[[], DeviceKeys]) -> None:
        self._pool = pool
        self._sealer = sealer
        self._ledger = PostgresDeviceLedger(pool)
        self._keys = DeviceKeyRing(sealer, mint_keys)

    async def shelf(self, user_id: UserId) -> DeviceShelf | None:
        """The devices of the customer's subscription; None where there never was one."""
        async with self._pool.acquire() as connection:
            return await shelf_of(connection, user_id)

    async def add(
        self, user_id: UserId, device_id: DeviceId, name: str, now: datetime
    ) -> DeviceWork:
        """Add a device under an id that was minted with its button, and find it an address.

        Raises:
            AccessEnded: there is no access that it could share.
            DeviceLimitReached: the plan allows no further one.
            NoFreeAddress: no server that the plan allows has room; nothing was added.
            UnknownDevice: the id is another customer's.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            subscription = await _lock(connection, user_id, now)
            subscription_id = subscription["subscription_id"]
            if not await _is_known(connection, user_id, device_id):
                await self._add(connection, subscription, device_id, name)
        return await self._ledger.work(subscription_id)

    async def rename(self, user_id: UserId, device_id: DeviceId, name: str) -> None:
        """Call it otherwise. Raises `UnknownDevice`."""
        changed = await self._pool.execute(
            """
            update devices d set name = $3
            from subscriptions s
            where d.device_id = $1 and d.removed_at is null
              and s.subscription_id = d.subscription_id and s.user_id = $2
            """,
            device_id,
            user_id,
            name,
        )
        if changed == "UPDATE 0":
            raise UnknownDevice(f"customer {user_id} has no device {device_id}")

    async def reissue(
        self, user_id: UserId, device_id: DeviceId, revision: int, now: datetime
    ) -> DeviceWork:
        """Give the device new keys, unless that was done since it was at `revision`.

        It keeps its name, server and address; the old key has to leave the server first.

        Raises:
            UnknownDevice: it is not this customer's, or not any more.
            AccessEnded: it may not connect now, so it needs no new keys.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await _lock(connection, user_id, now)
            device = await _own(connection, user_id, device_id)
            if not await _was_reissued_since(connection, device_id, revision):
                await self._reissue(connection, device)
        return await self._ledger.work(device["subscription_id"])

    async def locations(
        self, user_id: UserId, device_id: DeviceId, now: datetime
    ) -> LocationChoice | None:
        """Where the device could go; None where its customer or its plan cannot choose."""
        async with self._pool.acquire() as connection:
            subscription = await connection.fetchrow(SUBSCRIPTION_OF, user_id)
            if subscription is None:
                return None
            return await choice_of(connection, subscription, device_id, now)

    async def location_changes(self, user_id: UserId, now: datetime) -> ChangesLeft | None:
        """How many changes of location are left; None where there never was a subscription."""
        async with self._pool.acquire() as connection:
            subscription = await connection.fetchrow(SUBSCRIPTION_OF, user_id)
            return None if subscription is None else await left_of(connection, subscription, now)

    async def change_location(self, order: LocationOrder, now: datetime) -> DeviceWork:
        """Move the device to another location, unless that was done since its screen was drawn.

        It keeps its name and keys. The peer at its former server stays until the new one holds it.

        Raises:
            UnknownDevice: it is not this customer's, or not any more.
            AccessEnded: it may not connect now.
            DeviceBusy: a paid purchase is setting it up.
            DeviceMoved: it is there already, or was moved elsewhere meanwhile.
            LocationNotOffered: the plan does not allow it.
            LocationLimitReached: the plan allows no further change for now.
            NoFreeAddress: the location is full; nothing was changed.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            subscription = await _lock(connection, order.user_id, now)
            device = await _own(connection, order.user_id, order.device_id)
            if not await is_decided(connection, order):
                await _refuse_while_set_up(connection, order.device_id)
                await change_location(
                    connection, self._sealer, subscription, device, order, now=now
                )
                await _tell(
                    connection, device["subscription_id"], "location_changed", order.device_id
                )
        return await self._ledger.work(device["subscription_id"])

    async def remove(self, user_id: UserId, device_id: DeviceId, now: datetime) -> DeviceWork:
        """Take the device away for good; one that rested may connect in its place.

        Raises:
            UnknownDevice: it is not this customer's.
            AccessEnded: the subscription has ended; it keeps its devices for a return.
            LastDevice: there is no other.
            DeviceBusy: a paid purchase is setting it up.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await _lock(connection, user_id, now)
            device = await _own(connection, user_id, device_id, even_removed=True)
            if device["removed_at"] is None:
                await _remove(connection, device, now)
        return await self._ledger.work(device["subscription_id"])

    async def _add(
        self, connection: Connection, subscription: Record, device_id: DeviceId, name: str
    ) -> None:
        subscription_id, limit = subscription["subscription_id"], subscription["device_limit"]
        taken = await _names(connection, subscription_id)
        if len(taken) >= limit:
            raise DeviceLimitReached(f"the plan allows {limit} devices")
        unused = unused_name(name, taken)
        await self._keys.make_device(connection, device_id, subscription_id, unused)
        if await place_device(connection, device_id, subscription_id) is None:
            raise NoFreeAddress("no server that the plan allows has a free address")
        await _tell(connection, subscription_id, "device_added", device_id)

    async def _reissue(self, connection: Connection, device: Record) -> None:
        if not device["is_wanted"]:
            raise AccessEnded(f"device {device['device_id']} may not connect now")
        await self._keys.replace_keys(connection, device)
        await _tell(connection, device["subscription_id"], "device_reissued", device["device_id"])


async def _lock(connection: Connection, user_id: UserId, now: datetime) -> Record:
    """Lock the customer and their subscription, in the order in which purchases do."""
    await connection.execute("select from users where user_id = $1 for no key update", user_id)
    row = await connection.fetchrow(f"{SUBSCRIPTION_OF} for no key update of s", user_id)
    has_access = (
        row is not None
        and row["status"] == SubscriptionStatus.ACTIVE
        and row["expires_at"] + await grace_of(connection, user_id) > now
    )
    if row is None or not has_access:
        raise AccessEnded(f"customer {user_id} has no access now")
    return row


async def _own(
    connection: Connection, user_id: UserId, device_id: DeviceId, *, even_removed: bool = False
) -> Record:
    """The customer's device, locked."""
    row = await connection.fetchrow(
        """
        select d.* from devices d join subscriptions s using (subscription_id)
        where d.device_id = $1 and s.user_id = $2 and (d.removed_at is null or $3)
        for no key update of d
        """,
        device_id,
        user_id,
        even_removed,
    )
    if row is None:
        raise UnknownDevice(f"customer {user_id} has no device {device_id}")
    return row


async def _is_known(connection: Connection, user_id: UserId, device_id: DeviceId) -> bool:
    owner = await connection.fetchval(
        "select user_id from devices join subscriptions using (subscription_id) "
        "where device_id = $1",
        device_id,
    )
    if owner not in {None, user_id}:
        raise UnknownDevice(f"device {device_id} is another customer's")
    return owner is not None


async def _names(connection: Connection, subscription_id: SubscriptionId) -> list[str]:
    """The names of the devices that the customer has: as many names as devices."""
    rows = await connection.fetch(
        "select name from devices where subscription_id = $1 and removed_at is null",
        subscription_id,
    )
    return [row["name"] for row in rows]


async def _was_reissued_since(connection: Connection, device_id: DeviceId, revision: int) -> bool:
    return bool(
        await connection.fetchval(
            "select exists (select from retired_keys where device_id = $1 and last_revision > $2)",
            device_id,
            revision,
        )
    )


async def _remove(connection: Connection, device: Record, now: datetime) -> None:
    device_id, subscription_id = DeviceId(device["device_id"]), device["subscription_id"]
    if len(await _names(connection, subscription_id)) == 1:
        raise LastDevice(f"device {device_id} is the last of its subscription")
    await _refuse_while_set_up(connection, device_id)
    await _withdraw_for_good(connection, device, now)
    await _tell(connection, subscription_id, "device_removed", device_id)
    await settle_devices(connection, subscription_id)


async def _refuse_while_set_up(connection: Connection, device_id: DeviceId) -> None:
    if await connection.fetchval(_UNDER_WAY, device_id):
        raise DeviceBusy(f"a purchase is setting up device {device_id}")


async def _withdraw_for_good(connection: Connection, device: Record, now: datetime) -> None:
    """The peer leaves by a revision of its own; its address is free once the server confirms."""
    device_id, revision = DeviceId(device["device_id"]), device["revision"] + 1
    server_id = await server_of(connection, device_id)
    await connection.execute(
        """
        update devices set is_wanted = false, absent_since = null, removed_at = $2, revision = $3
        where device_id = $1
        """,
        device_id,
        now,
        revision,
    )
    if server_id is not None:
        await leave_address(connection, device_id, server_id, revision)
    await wipe_keys(connection, device_id)


async def _tell(
    connection: Connection, subscription_id: SubscriptionId, kind: str, device_id: DeviceId
) -> None:
    await connection.execute(
        "insert into subscription_events (subscription_id, kind, details) values ($1, $2, $3)",
        subscription_id,
        kind,
        {"device_id": str(device_id)},
    )
