"""Forgets a person. What goes and what stays, table by table, is in `docs/privacy.md`."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime

from domain.errors import ErasureRefused
from domain.ids import ErasureId, SubscriptionId, UserId
from domain.ports import Marker
from domain.privacy import Departure, ErasureOrder
from domain.purchases import PurchaseStage
from domain.subscriptions import PlacedPeer
from infra.postgres.peers import leaving_peers_of, withdraw_devices
from infra.postgres.pool import Connection, Pool

_NUMBERS = 2**52
"""As many as Telegram has for users, on the other side of zero."""

_UNDER_WAY = [stage for stage in PurchaseStage if stage.is_paid and stage is not PurchaseStage.DONE]

_FORGOTTEN = (
    # Where a dialogue stands: its key holds the chat and the person.
    "delete from user_sessions where string_to_array(session_key, ':') && array[$1::bigint::text]",
    "delete from notifications where user_id = $1",
    "delete from promo_choices where user_id = $1",
    "delete from invitations where user_id = $1",
    """
    delete from location_changes
    where subscription_id in (select subscription_id from subscriptions where user_id = $1)
    """,
    # What was agreed stays as evidence; the card that it spoke of does not.
    """
    update renewal_consents
    set method_id = null, withdrawn_at = coalesce(withdrawn_at, now()),
        withdrawn_why = coalesce(withdrawn_why, 'erased')
    where user_id = $1
    """,
    "delete from saved_methods where user_id = $1",
    "update star_charges set payer = null where payer = $1",
    # How it was paid, such as the end of a card's number; the sums stay.
    """
    update payments set metadata_sealed = ''
    where purchase_id in (select purchase_id from purchases where user_id = $1)
    """,
    """
    update provider_notifications set body_sealed = ''
    where object_id in (
        select i.provider_payment_id from invoices i join purchases using (purchase_id)
        where user_id = $1
        union
        select r.provider_refund_id from refunds r join payments using (payment_id)
            join purchases using (purchase_id)
        where user_id = $1)
    """,
    # Computed from the friend's number, and nobody refers to it.
    "update grants set grant_id = gen_random_uuid() where friend_id = $1",
    """
    update devices
    set name = '', private_key_sealed = '', preshared_key_sealed = '', file_digest = null
    where subscription_id in (select subscription_id from subscriptions where user_id = $1)
    """,
)
"""Each statement takes the customer's number."""


class PostgresPersonalData:
    """Fulfils `domain.ports.PersonalData`."""

    def __init__(self, pool: Pool, marker: Marker) -> None:
        self._pool = pool
        self._marker = marker

    async def erase(self, order: ErasureOrder, now: datetime) -> Departure:
        """All or nothing; a repeat finds what was done by the erasure's id."""
        async with self._pool.acquire() as connection, connection.transaction():
            # First of all, so that nothing is sold or granted to the customer meanwhile.
            await connection.execute(
                "select from users where user_id = $1 for update", order.user_id
            )
            surrogate = await _surrogate_of(connection, order.erasure_id)
            if surrogate is None:
                surrogate = await self._erase(connection, order, now)
            return await _departure(connection, surrogate)

    async def peers_left(self, erasure_id: ErasureId) -> Sequence[PlacedPeer]:
        """Read by the number that the customer has since."""
        async with self._pool.acquire() as connection:
            surrogate = await _surrogate_of(connection, erasure_id)
            if surrogate is None:
                raise LookupError(f"there is no erasure {erasure_id}")
            return (await _departure(connection, surrogate)).removals

    async def forget_devices(self, erasure_id: ErasureId, now: datetime) -> None:
        """A device's row stays for its grants; nothing in it leads to a tunnel any more."""
        async with self._pool.acquire() as connection, connection.transaction():
            surrogate = await _surrogate_of(connection, erasure_id)
            rows = await connection.fetch(
                """
                select device_id from devices join subscriptions using (subscription_id)
                where user_id = $1 for update of devices
                """,
                surrogate,
            )
            for row in rows:
                await _forget_device(connection, row["device_id"])
            await connection.execute(
                """
                delete from subscription_traffic where subscription_id in (
                    select subscription_id from subscriptions where user_id = $1)
                """,
                surrogate,
            )
            await connection.execute(
                """
                update erasures set finished_at = $2
                where erasure_id = $1 and finished_at is null
                """,
                erasure_id,
                now,
            )

    async def note_decision(self, erasure_id: ErasureId, actor: str) -> None:
        """Write into the audit log who of the staff decided; whose it was is not written."""
        await self._pool.execute(
            "insert into admin_logs (actor, action, subject) values ($1, 'erase', $2)",
            actor,
            f"erasure:{erasure_id}",
        )

    async def _erase(self, connection: Connection, order: ErasureOrder, now: datetime) -> int:
        user_id = order.user_id
        await _refuse_while_paid(connection, user_id)
        await _refuse_while_owed(connection, user_id)
        surrogate = -1 - secrets.randbelow(_NUMBERS)
        await _end_access(connection, user_id, now)
        await self._remember_that_they_were_here(connection, user_id, now)
        for statement in _FORGOTTEN:
            await connection.execute(statement, user_id)
        await _unlink(connection, user_id, surrogate)
        await connection.execute(
            "insert into erasures (erasure_id, surrogate, erased_at) values ($1, $2, $3)",
            order.erasure_id,
            surrogate,
            now,
        )
        return surrogate

    async def _remember_that_they_were_here(
        self, connection: Connection, user_id: UserId, now: datetime
    ) -> None:
        """Only whoever had access could have it once more as a newcomer."""
        await connection.execute(
            """
            insert into former_customers (mark, erased_on)
            select $2, $3 where exists (select from subscriptions where user_id = $1)
            on conflict (mark) do update set erased_on = excluded.erased_on
            """,
            user_id,
            self._marker.mark(str(user_id)),
            now.date(),
        )


async def _surrogate_of(connection: Connection, erasure_id: ErasureId) -> int | None:
    found = await connection.fetchval(
        "select surrogate from erasures where erasure_id = $1", erasure_id
    )
    return None if found is None else int(found)


async def _refuse_while_paid(connection: Connection, user_id: UserId) -> None:
    """Money that has arrived is first to become access, or to go back."""
    purchase_id = await connection.fetchval(
        "select purchase_id from purchases where user_id = $1 and stage = any($2) limit 1",
        user_id,
        _UNDER_WAY,
    )
    if purchase_id is not None:
        raise ErasureRefused(
            f"purchase {purchase_id} is paid and not over: let it come to its end, then erase"
        )


async def _refuse_while_owed(connection: Connection, user_id: UserId) -> None:
    """Money that is on its way back finds its payer by what would be erased."""
    refund_id = await connection.fetchval(
        """
        select refund_id from refund_cases join refund_parts using (refund_id)
        where user_id = $1 and state = 'owed' limit 1
        """,
        user_id,
    )
    if refund_id is not None:
        raise ErasureRefused(f"refund {refund_id} is not back yet: let it arrive, then erase")


async def _end_access(connection: Connection, user_id: UserId, now: datetime) -> None:
    rows = await connection.fetch(
        """
        update subscriptions
        set status = 'expired', expires_at = greatest(starts_at, $2), revision = revision + 1,
            frozen_at = null
        where user_id = $1 and status in ('active', 'frozen') returning subscription_id
        """,
        user_id,
        now,
    )
    for row in rows:
        await withdraw_devices(connection, row["subscription_id"])
        await connection.execute(
            "insert into subscription_events (subscription_id, kind) values ($1, 'erased')",
            row["subscription_id"],
        )


async def _unlink(connection: Connection, user_id: UserId, surrogate: int) -> None:
    """Give the customer's row a number that means nobody; every reference follows."""
    await connection.execute(
        """
        update purchases
        set order_document = order_document - array['message', 'charged_method']
                             || jsonb_build_object('user_id', $2::bigint)
        where user_id = $1
        """,
        user_id,
        surrogate,
    )
    await connection.execute(
        """
        update users
        set user_id = $2, username = null, first_name = '', last_name = null, email = null,
            blocked_bot_at = null
        where user_id = $1
        """,
        user_id,
        surrogate,
    )


async def _departure(connection: Connection, surrogate: int) -> Departure:
    rows = await connection.fetch(
        "select subscription_id from subscriptions where user_id = $1", surrogate
    )
    subscriptions = tuple(SubscriptionId(row["subscription_id"]) for row in rows)
    removals = [await leaving_peers_of(connection, each) for each in subscriptions]
    return Departure(
        subscriptions=subscriptions, removals=tuple(one for each in removals for one in each)
    )


async def _forget_device(connection: Connection, device_id: object) -> None:
    await connection.execute(
        """
        update tunnel_addresses set device_id = null, leaving_revision = null
        where device_id = $1
        """,
        device_id,
    )
    for table in ("retired_keys", "device_traffic", "relocations"):
        await connection.execute(f"delete from {table} where device_id = $1", device_id)  # noqa: S608
    # Of the shape of a key, but nobody's.
    nobodys = base64.b64encode(secrets.token_bytes(32)).decode()
    await connection.execute(
        "update devices set public_key = $2 where device_id = $1", device_id, nobodys
    )
