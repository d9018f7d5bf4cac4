"""What was sold, paid and granted."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from asyncpg import Record

from domain.errors import NotPaid, PurchaseRefused, UnknownPurchase
from domain.ids import DeviceId, ProviderPaymentId, PurchaseId, UserId, grant_id_of
from domain.payments import Cancellation, Invoice, PaymentSnapshot, PaymentStatus, RefundSnapshot
from domain.ports import Sealer
from domain.purchases import PurchaseKind, PurchaseStage, Recollection, RepairAction, StuckReason
from domain.referrals import Reward
from domain.servers import DeviceKeys
from domain.subscriptions import Grant, PlacedPeer
from infra.postgres.auto_renewals import keep_method
from infra.postgres.device_keys import DeviceKeyRing
from infra.postgres.discount_uses import release_discounts, spend_discounts
from infra.postgres.free_grants import Cause, cause_of_free
from infra.postgres.gifts import close_gift, void_gift, wrap_gift
from infra.postgres.grants import GRANT_OF_PURCHASE, grant_from
from infra.postgres.periods import extend_subscription
from infra.postgres.plan_changes import give_change, worth_of
from infra.postgres.pool import Connection, Pool
from infra.postgres.revocations import take_back
from infra.postgres.rewards import add_credits, cancel_reward, promise_reward, reward_for
from infra.postgres.settling import first_device, settle_devices

_INSERT_PAYMENT = """
    insert into payments (purchase_id, provider_payment_id, amount, currency, status,
                          captured_at, is_test, metadata_sealed, provider)
    values ($1, $2, $3, $4, 'succeeded', $5, $6, $7, $8)
    on conflict (provider_payment_id, provider) do nothing
"""


class PostgresPurchaseLedger:
    """Fulfils `domain.ports.PurchaseLedger`."""

    def __init__(self, pool: Pool, sealer: Sealer, mint_keys: Callable[[], DeviceKeys]) -> None:
        self._pool = pool
        self._sealer = sealer
        self._keys = DeviceKeyRing(sealer, mint_keys)

    async def record_invoice(self, purchase_id: PurchaseId, attempt: int, invoice: Invoice) -> None:
        """Note the payment page; a repeat changes nothing."""
        async with self._pool.acquire() as connection, connection.transaction():
            purchase = await _lock(connection, purchase_id)
            await connection.execute(
                """
                insert into invoices (purchase_id, attempt, provider_payment_id, confirmation_url,
                                      expires_at, created_at, provider)
                values ($1, $2, $3, $4, $5, $6, $7)
                on conflict (purchase_id, attempt) do nothing
                """,
                purchase_id,
                attempt,
                invoice.provider_payment_id,
                invoice.confirmation_url,
                invoice.expires_at,
                invoice.created_at,
                purchase["provider"],
            )
            await _await_payment(connection, purchase_id)

    async def enter_stage(
        self,
        purchase_id: PurchaseId,
        stage: PurchaseStage,
        *,
        stuck_reason: StuckReason | None = None,
        cancellation: Cancellation | None = None,
    ) -> None:
        """Publish a stage; a purchase that rests unpaid lets go of its discounts."""
        async with self._pool.acquire() as connection, connection.transaction():
            await _publish(connection, purchase_id, stage, stuck_reason, cancellation)
            if stage.is_unpaid_end:
                await release_discounts(connection, purchase_id)

    async def record_payment(self, purchase_id: PurchaseId, payment: PaymentSnapshot) -> None:
        """Note a payment that grants nothing."""
        async with self._pool.acquire() as connection, connection.transaction():
            purchase = await _lock(connection, purchase_id)
            await self._note_payment(connection, purchase, payment)

    async def record_payment_and_grant(
        self, purchase_id: PurchaseId, payment: PaymentSnapshot, now: datetime
    ) -> Grant:
        """Decide everything in one transaction; a repeat returns the same grant."""
        async with self._pool.acquire() as connection, connection.transaction():
            purchase = await _lock(connection, purchase_id)
            row = await connection.fetchrow(GRANT_OF_PURCHASE, purchase_id)
            if row is None:
                await self._grant(connection, purchase, payment, now)
                row = await connection.fetchrow(GRANT_OF_PURCHASE, purchase_id)
            assert row is not None  # noqa: S101  # inserted above
            reward = await reward_for(connection, purchase_id)
            return grant_from(row).model_copy(update={"reward": reward})

    async def record_payment_and_wrap(
        self, purchase_id: PurchaseId, payment: PaymentSnapshot, now: datetime
    ) -> Reward | None:
        """A gift gives the buyer nothing but the right to give it away."""
        async with self._pool.acquire() as connection, connection.transaction():
            purchase = await _lock(connection, purchase_id)
            await self._note_payment(connection, purchase, payment)
            await spend_discounts(connection, purchase_id)
            await promise_reward(connection, UserId(purchase["user_id"]), purchase_id, now)
            await wrap_gift(connection, purchase_id, now)
            return await reward_for(connection, purchase_id)

    async def grant_free(self, purchase_id: PurchaseId, now: datetime) -> Grant:
        """Decide what a trial or a gift's opening gives; a repeat returns the same grant."""
        async with self._pool.acquire() as connection, connection.transaction():
            purchase = await _lock(connection, purchase_id)
            row = await connection.fetchrow(GRANT_OF_PURCHASE, purchase_id)
            if row is None:
                cause = await cause_of_free(connection, purchase_id)
                await self._give(connection, purchase, now, cause=cause)
                row = await connection.fetchrow(GRANT_OF_PURCHASE, purchase_id)
            assert row is not None  # noqa: S101  # inserted above
            return grant_from(row)

    async def revoke_free(self, purchase_id: PurchaseId, now: datetime) -> Sequence[PlacedPeer]:
        """Take back what could not be set up, and let a gift be opened once more."""
        async with self._pool.acquire() as connection, connection.transaction():
            purchase = await _lock(connection, purchase_id)
            await _publish(connection, purchase_id, PurchaseStage.REFUNDED)
            await close_gift(connection, purchase_id)
            return await take_back(connection, purchase, now)

    async def record_refund_and_revoke(
        self, purchase_id: PurchaseId, refund: RefundSnapshot, now: datetime
    ) -> Sequence[PlacedPeer]:
        """Note the refund and shorten the subscription by what the purchase had given."""
        async with self._pool.acquire() as connection, connection.transaction():
            purchase = await _lock(connection, purchase_id)
            await _note_refund(connection, purchase_id, refund)
            await _publish(connection, purchase_id, PurchaseStage.REFUNDED)
            await release_discounts(connection, purchase_id, even_spent=True)
            await void_gift(connection, purchase_id, now)
            await cancel_reward(connection, purchase_id)
            return await take_back(connection, purchase, now)

    async def recall(self, purchase_id: PurchaseId, attempt: int) -> Recollection:
        """The purchase's stage and the payment page of that attempt."""
        row = await self._pool.fetchrow(
            """
            select p.stage, i.provider_payment_id, i.confirmation_url, i.created_at, i.expires_at
            from purchases p left join invoices i on i.purchase_id = p.purchase_id
                                                 and i.attempt = $2
            where p.purchase_id = $1
            """,
            purchase_id,
            attempt,
        )
        if row is None:
            raise UnknownPurchase(f"there is no purchase {purchase_id} in the ledger")
        known = row["provider_payment_id"] is not None
        return Recollection(
            stage=PurchaseStage(row["stage"]),
            invoice=Invoice.model_validate(dict(row)) if known else None,
        )

    async def is_erased(self, purchase_id: PurchaseId) -> bool:
        """Whether the purchase belongs to nobody by now: erased customers have negative numbers."""
        return bool(
            await self._pool.fetchval(
                "select user_id < 0 from purchases where purchase_id = $1", purchase_id
            )
        )

    async def record_repair(
        self, purchase_id: PurchaseId, action: RepairAction, actor: str, at: datetime
    ) -> None:
        """Write the decision into the audit log; its time tells a repeat from a second one."""
        await self._pool.execute(
            """
            insert into admin_logs (actor, action, subject, created_at) values ($1, $2, $3, $4)
            on conflict (subject, action, actor, created_at) do nothing
            """,
            actor,
            f"repair:{action}",
            f"purchase:{purchase_id}",
            at,
        )

    async def _grant(
        self, connection: Connection, purchase: Record, payment: PaymentSnapshot, now: datetime
    ) -> None:
        purchase_id = PurchaseId(purchase["purchase_id"])
        payment_row = await self._note_payment(connection, purchase, payment)
        await spend_discounts(connection, purchase_id)
        await keep_method(connection, self._sealer, purchase, payment, now)
        await promise_reward(connection, UserId(purchase["user_id"]), purchase_id, now)
        if purchase["kind"] == PurchaseKind.CHANGE:
            if await give_change(connection, purchase, payment_row, now):
                await _publish(connection, purchase_id, PurchaseStage.SETTING_UP)
                return
            # Nothing is left to change: the payment buys the time that it is worth.
            purchase = await _lock(connection, purchase_id, bought=worth_of(purchase))
        await self._give(connection, purchase, now, cause=Cause.PURCHASE, payment_row=payment_row)

    async def _give(
        self,
        connection: Connection,
        purchase: Record,
        now: datetime,
        *,
        cause: Cause,
        payment_row: int | None = None,
    ) -> None:
        purchase_id = PurchaseId(purchase["purchase_id"])
        subscription, is_renewal = await extend_subscription(connection, purchase, now)
        device_id = await self._wanted_device(connection, subscription["subscription_id"])
        subscription = await add_credits(
            connection, subscription, device_id, purchase["bought"], now
        )
        await connection.execute(
            """
            insert into grants (grant_id, purchase_id, payment_id, subscription_id, device_id,
                                starts_at, expires_at, is_renewal, cause)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            """,
            grant_id_of(purchase_id),
            purchase_id,
            payment_row,
            subscription["subscription_id"],
            device_id,
            subscription["expires_at"] - purchase["bought"],
            subscription["expires_at"],
            is_renewal,
            cause,
        )
        await _publish(connection, purchase_id, PurchaseStage.SETTING_UP)

    async def _note_payment(
        self, connection: Connection, purchase: Record, payment: PaymentSnapshot
    ) -> int:
        purchase_id = PurchaseId(purchase["purchase_id"])
        if payment.status is not PaymentStatus.SUCCEEDED:
            raise NotPaid(f"the payment of purchase {purchase_id} is {payment.status}")
        provider_id = payment.provider_payment_id
        sealed = self._sealer.seal(
            payment.model_dump_json().encode(), context=payment_context(provider_id)
        )
        await connection.execute(
            _INSERT_PAYMENT,
            purchase_id,
            provider_id,
            payment.amount.amount,
            payment.amount.currency,
            payment.captured_at,
            payment.is_test,
            sealed,
            purchase["provider"],
        )
        found = await connection.fetchval(
            "select payment_id from payments where provider_payment_id = $1 and purchase_id = $2",
            provider_id,
            purchase_id,
        )
        if found is None:
            raise PurchaseRefused(f"payment {provider_id} has paid for another purchase")
        return int(found)

    async def _wanted_device(self, connection: Connection, subscription_id: UUID) -> DeviceId:
        """The subscription's first device, made now if there is none; all that may connect do.

        Devices that the plan allows come back with their keys; what is beyond it rests.
        """
        first = await first_device(connection, subscription_id)
        if first is None:
            first = DeviceId(uuid5(subscription_id, "device:1"))
            await self._keys.make_device(connection, first, subscription_id)
        await settle_devices(connection, subscription_id)
        return first


async def _lock(
    connection: Connection, purchase_id: PurchaseId, *, bought: timedelta | None = None
) -> Record:
    """Lock the customer, so that parallel purchases of one customer add up.

    `bought` where it is another time than what the order says.
    """
    row = await connection.fetchrow(
        """
        select p.purchase_id, p.user_id, p.tariff_id, p.created_at,
               coalesce($2, (p.order_document ->> 'duration')::interval) as bought, p.price,
               coalesce((p.order_document -> 'full_price' ->> 'amount')::numeric, p.price)
                   as full_price,
               coalesce(p.order_document ->> 'kind', 'access') as kind,
               p.order_document -> 'change' as agreed_change,
               coalesce(p.order_document ->> 'provider', 'yookassa') as provider
        from purchases p join users u using (user_id)
        where p.purchase_id = $1
        for no key update of u
        """,
        purchase_id,
        bought,
    )
    if row is None:
        raise UnknownPurchase(f"there is no purchase {purchase_id} in the ledger")
    return row


async def _publish(
    connection: Connection,
    purchase_id: PurchaseId,
    stage: PurchaseStage,
    stuck_reason: StuckReason | None = None,
    cancellation: Cancellation | None = None,
) -> None:
    status = await connection.execute(
        "update purchases set stage = $2, stuck_reason = $3, cancellation = $4 "
        "where purchase_id = $1",
        purchase_id,
        stage,
        stuck_reason,
        None if cancellation is None else cancellation.model_dump(mode="json"),
    )
    if status == "UPDATE 0":
        raise UnknownPurchase(f"there is no purchase {purchase_id} in the ledger")


async def _await_payment(connection: Connection, purchase_id: PurchaseId) -> None:
    """A payment page that was noted late, or again, does not make a paid purchase unpaid."""
    await connection.execute(
        """
        update purchases set stage = 'awaiting_payment', cancellation = null
        where purchase_id = $1 and stage in ('preparing', 'declined', 'expired')
        """,
        purchase_id,
    )


async def _note_refund(
    connection: Connection, purchase_id: PurchaseId, refund: RefundSnapshot
) -> None:
    payment_id = await connection.fetchval(
        """
        update payments set status = 'refunded'
        where provider_payment_id = $1 and purchase_id = $2
        returning payment_id
        """,
        refund.provider_payment_id,
        purchase_id,
    )
    if payment_id is None:
        raise NotPaid(f"no payment of purchase {purchase_id} is in the ledger to be given back")
    await connection.execute(
        """
        insert into refunds (provider_refund_id, payment_id, amount, currency)
        values ($1, $2, $3, $4)
        on conflict (provider_refund_id) do nothing
        """,
        refund.provider_refund_id,
        payment_id,
        refund.amount.amount,
        refund.amount.currency,
    )


def payment_context(payment_id: ProviderPaymentId) -> bytes:
    """What a payment's sealed answer is bound to."""
    return f"payment:{payment_id}".encode()
