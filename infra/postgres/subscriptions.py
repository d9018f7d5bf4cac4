"""Who may connect, until when, and where."""

from datetime import datetime, timedelta

from asyncpg import Record
from pydantic import SecretStr

from domain.errors import AccessEnded, NoFreeAddress
from domain.ids import DeviceId, ServerId, SubscriptionId, UserId
from domain.ports import Sealer
from domain.quotas import Usage
from domain.renewals import RenewalTerms, StopReason
from domain.servers import ClientConfig, Peer, PeerRemoval
from domain.subscriptions import (
    Ending,
    Move,
    PlacedPeer,
    Subscription,
    SubscriptionState,
    SubscriptionStatus,
)
from infra.postgres.addresses import free_left_address, leave_address, server_of, take_address
from infra.postgres.auto_renewals import stop_renewing
from infra.postgres.configs import config_of
from infra.postgres.device_keys import key_of_revision, note_key_gone
from infra.postgres.peers import device_context, leaving_peers_of, withdraw_devices
from infra.postgres.pool import Connection, Pool
from infra.postgres.quotas import quota_in
from infra.postgres.servers import server_from
from infra.postgres.settling import place_device

_DEVICE = """
    select d.*, a.server_id, a.ipv4, a.ipv6, t.locations,
           exists (select from retired_keys k
                   where k.device_id = d.device_id and k.server_id = a.server_id
                     and k.gone_at is null) as earlier_key_lives
    from devices d
    join subscriptions s using (subscription_id)
    join tariffs t using (tariff_id)
    left join tunnel_addresses a on a.device_id = d.device_id and a.leaving_revision is null
    where d.device_id = $1
"""


class Subscriptions:
    """Fulfils `domain.ports.AccessLedger`."""

    def __init__(self, pool: Pool, sealer: Sealer) -> None:
        self._pool = pool
        self._sealer = sealer

    async def subscription_of(self, user_id: UserId) -> Subscription | None:
        """The customer's subscription: the active one, else the last that was."""
        row = await self._pool.fetchrow(
            """
            select s.*, t.name_ru, t.name_en, t.freeze_days_per_period, t.speed_mbit, t.traffic_gb,
                   t.slow_mbit, d.device_id, d.public_key,
                   coalesce(q.period_since, s.starts_at) as period_since,
                   coalesce(q.used_bytes, 0) as used_bytes,
                   v.slug as server, v.location,
                   (select grace from live_consents c join tariffs using (tariff_id)
                    where c.user_id = s.user_id) as grace
            from subscriptions s
            join tariffs t using (tariff_id)
            left join subscription_traffic q using (subscription_id)
            join lateral (select * from devices
                          where subscription_id = s.subscription_id and removed_at is null
                          order by created_at, device_id limit 1) d on true
            left join tunnel_addresses a on a.device_id = d.device_id and a.leaving_revision is null
            left join vpn_servers v on v.server_id = a.server_id
            where s.user_id = $1
            order by (s.status in ('active', 'frozen')) desc, s.expires_at desc limit 1
            """,
            user_id,
        )
        return None if row is None else _subscription(row)

    async def client_config(self, device_id: DeviceId) -> ClientConfig:
        """The device's configuration, decrypted.

        Raises `LookupError` without a server, and while the server may hold an earlier key of the
        device: the new file is worth something once the one that leaked is worth nothing.
        """
        async with self._pool.acquire() as connection:
            device = await connection.fetchrow(_DEVICE, device_id)
            if device is None or device["server_id"] is None or device["removed_at"] is not None:
                raise LookupError(f"device {device_id} is on no server")
            if device["earlier_key_lives"]:
                raise LookupError(f"an earlier key of device {device_id} has not left its server")
            server = await server_from(connection, ServerId(device["server_id"]))
        return config_of(device, server, self._sealer)

    async def placed_peer(self, device_id: DeviceId) -> Peer:
        """The device's peer, placed now if it had no address."""
        async with self._pool.acquire() as connection, connection.transaction():
            device = await _lock(connection, device_id)
            if device["server_id"] is None:
                taken = await place_device(connection, device_id, device["subscription_id"])
                if taken is None:
                    raise NoFreeAddress(
                        "no server that the plan allows has a free address: add a server or widen "
                        "its network, then retry"
                    )
                device = await _lock(connection, device_id)
            server = await server_from(connection, ServerId(device["server_id"]))
        return Peer(
            device_id=device_id,
            server=server,
            public_key=device["public_key"],
            preshared_key=self._unseal(device_id, device["preshared_key_sealed"]),
            ipv4=device["ipv4"],
            ipv6=device["ipv6"],
            revision=device["revision"],
            speed_mbit=device["speed_mbit"],
        )

    async def move_device(self, device_id: DeviceId, away_from: str | None) -> Move:
        """Decide for another server; a repeat returns the same move."""
        async with self._pool.acquire() as connection, connection.transaction():
            device = await _lock(connection, device_id)
            old = await connection.fetchval(
                "select server_id from vpn_servers where slug = $1", away_from
            )
            left = None
            if old is not None and device["server_id"] == old:
                left = await _leave(connection, device, ServerId(old))
            if left is not None or device["server_id"] is None:
                await _take_elsewhere(connection, device, old)
            elif old is not None:
                left = await _left_behind(connection, device_id, ServerId(old))
            now_on = await server_of(connection, device_id)
            assert now_on is not None  # noqa: S101  # taken above, or held before
            return Move(server=(await server_from(connection, now_on)).slug, left=left)

    async def removal(self, placed: PlacedPeer) -> PeerRemoval:
        """What the server needs to know."""
        async with self._pool.acquire() as connection:
            public_key = await key_of_revision(connection, placed.device_id, placed.revision)
            server = await server_from(connection, placed.server_id)
        return PeerRemoval(server=server, public_key=public_key, revision=placed.revision)

    async def confirm_removal(self, placed: PlacedPeer) -> None:
        """Free what the peer had left, or note since when it is absent."""
        device_id, server_id, revision = placed.device_id, placed.server_id, placed.revision
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                """
                update devices set absent_since = now()
                where device_id = $1 and not is_wanted and revision = $2 and absent_since is null
                """,
                device_id,
                revision,
            )
            await note_key_gone(connection, device_id, server_id, revision)
            await free_left_address(connection, device_id, server_id, revision)

    async def subscription_state(self, subscription_id: SubscriptionId) -> SubscriptionState:
        """The subscription's end and revision, read together."""
        row = await self._pool.fetchrow(
            """
            select s.*, t.reminder_leads, t.win_back_after, t.freeze_days_per_period,
                   r.charge_offsets, r.charge_notice, r.grace
            from subscriptions s
            join tariffs t using (tariff_id)
            left join live_consents c on c.user_id = s.user_id
            left join tariffs r on r.tariff_id = c.tariff_id
            where s.subscription_id = $1
            """,
            subscription_id,
        )
        if row is None:
            raise LookupError(f"there is no subscription {subscription_id}")
        return SubscriptionState(
            subscription_id=subscription_id,
            user_id=UserId(row["user_id"]),
            expires_at=row["expires_at"],
            revision=row["revision"],
            status=SubscriptionStatus(row["status"]),
            end_set_at=row["end_set_at"],
            reminder_leads=tuple(row["reminder_leads"]),
            win_backs=tuple(row["win_back_after"]),
            resumes_at=_resumes_at(row),
            renews_itself=_terms(row),
        )

    async def end_subscription(self, subscription_id: SubscriptionId, now: datetime) -> Ending:
        """End it if its time has passed; a repeat names the peers that are not yet gone."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                "select * from subscriptions where subscription_id = $1 for no key update",
                subscription_id,
            )
            if row is None:
                raise LookupError(f"there is no subscription {subscription_id}")
            is_active = row["status"] == SubscriptionStatus.ACTIVE
            if row["status"] == SubscriptionStatus.FROZEN:
                return Ending(ended=False, expires_at=row["expires_at"])
            if is_active and row["expires_at"] > now:
                return Ending(ended=False, expires_at=row["expires_at"])
            if is_active:
                await _expire(connection, subscription_id)
                over = StopReason.SUBSCRIPTION_OVER
                await stop_renewing(connection, UserId(row["user_id"]), over, now)
            removals = await leaving_peers_of(connection, subscription_id)
            return Ending(ended=True, expires_at=row["expires_at"], removals=removals)

    def _unseal(self, device_id: DeviceId, sealed: bytes) -> SecretStr:
        return SecretStr(self._sealer.unseal(sealed, context=device_context(device_id)).decode())


async def _lock(connection: Connection, device_id: DeviceId) -> Record:
    # In two statements: the second sees the address that the lock's last holder took.
    await connection.execute(
        "select from devices where device_id = $1 for no key update", device_id
    )
    row = await connection.fetchrow(_DEVICE, device_id)
    if row is None:
        raise LookupError(f"there is no device {device_id}")
    if not row["is_wanted"]:
        raise AccessEnded(f"access of device {device_id} was taken back: nothing to set up")
    return row


async def _leave(connection: Connection, device: Record, server_id: ServerId) -> PlacedPeer:
    device_id, revision = DeviceId(device["device_id"]), device["revision"] + 1
    await leave_address(connection, device_id, server_id, revision)
    await connection.execute(
        "update devices set revision = $2 where device_id = $1", device_id, revision
    )
    return PlacedPeer(device_id=device_id, server_id=server_id, revision=revision)


async def _take_elsewhere(connection: Connection, device: Record, old: int | None) -> None:
    taken = await take_address(
        connection,
        DeviceId(device["device_id"]),
        device["locations"],
        away_from=None if old is None else ServerId(old),
    )
    if taken is None:
        raise NoFreeAddress("no other server has a free address: add one, then retry")


async def _left_behind(
    connection: Connection, device_id: DeviceId, server_id: ServerId
) -> PlacedPeer | None:
    revision = await connection.fetchval(
        """
        select leaving_revision from tunnel_addresses
        where device_id = $1 and server_id = $2 and leaving_revision is not null
        order by leaving_revision desc limit 1
        """,
        device_id,
        server_id,
    )
    if revision is None:
        return None
    return PlacedPeer(device_id=device_id, server_id=server_id, revision=revision)


async def _expire(connection: Connection, subscription_id: SubscriptionId) -> None:
    await connection.execute(
        "update subscriptions set status = 'expired' where subscription_id = $1", subscription_id
    )
    await connection.execute(
        "insert into subscription_events (subscription_id, kind) values ($1, 'expired')",
        subscription_id,
    )
    await withdraw_devices(connection, subscription_id)


def _resumes_at(row: Record) -> datetime | None:
    """When a frozen subscription goes on by itself."""
    if row["frozen_at"] is None:
        return None
    allowed = timedelta(days=row["freeze_days_per_period"]) - row["freeze_used"]
    resumes_at: datetime = row["frozen_at"] + allowed
    return resumes_at


def _terms(row: Record) -> RenewalTerms | None:
    if row["charge_offsets"] is None:
        return None
    return RenewalTerms(
        charge_offsets=tuple(row["charge_offsets"]),
        notice_lead=row["charge_notice"],
        grace=row["grace"],
    )


def _subscription(row: Record) -> Subscription:
    return Subscription(
        subscription_id=SubscriptionId(row["subscription_id"]),
        user_id=UserId(row["user_id"]),
        plan_name_ru=row["name_ru"],
        plan_name_en=row["name_en"],
        status=SubscriptionStatus(row["status"]),
        starts_at=row["starts_at"],
        expires_at=row["expires_at"],
        frozen_at=row["frozen_at"],
        resumes_at=_resumes_at(row),
        freeze_days=row["freeze_days_per_period"],
        speed_mbit=row["speed_mbit"],
        quota=quota_in(row),
        usage=Usage(since=row["period_since"], used_bytes=row["used_bytes"]),
        grace=row["grace"],
        device_id=DeviceId(row["device_id"]),
        device_public_key=row["public_key"],
        server=row["server"],
        location=row["location"],
    )
