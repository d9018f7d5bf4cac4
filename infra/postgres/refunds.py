"""Refunds in the ledger: offered, decided, made, or given up."""

from datetime import datetime

from asyncpg import Record

from domain.errors import RefundRefused
from domain.ids import (
    PaymentId,
    ProviderPaymentId,
    PurchaseId,
    RefundId,
    SubscriptionId,
    UserId,
)
from domain.languages import Language
from domain.money import Money
from domain.payments import Provider, RefundSnapshot
from domain.refund_orders import (
    CancelOrder,
    OwedRefund,
    RefundDecision,
    RefundOrder,
    RefundVerdict,
)
from domain.refunds import RefundOffer, refund_offer
from infra.postgres.holdings import holdings_of
from infra.postgres.pool import Connection, Pool
from infra.postgres.refund_decisions import decide_cancel, decide_staff_refund
from infra.postgres.refund_outcomes import restore, settle_payment

_OWED = """
    select p.*, r.amount as owed, b.order_document ->> 'plan_name' as plan_name, u.email
    from refund_parts r
    join payments p using (payment_id)
    join purchases b using (purchase_id)
    join users u using (user_id)
    where r.refund_id = $1 and r.state = 'owed'
    order by p.payment_id
"""


class PostgresRefundLedger:
    """Fulfils `domain.ports.RefundLedger`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def offer(
        self, user_id: UserId, now: datetime
    ) -> tuple[SubscriptionId, RefundOffer] | None:
        """What cancelling would give back now; None where there is nothing to cancel."""
        async with self._pool.acquire() as connection, connection.transaction():
            subscription = await connection.fetchrow(
                "select * from subscriptions where user_id = $1 and status in ('active', 'frozen')",
                user_id,
            )
            if subscription is None:
                return None
            holdings = await holdings_of(connection, subscription)
        return SubscriptionId(subscription["subscription_id"]), refund_offer(holdings, now)

    async def decision(self, refund_id: RefundId) -> RefundDecision | None:
        """What was decided, and what of it is still owed."""
        async with self._pool.acquire() as connection:
            return await _decision(connection, refund_id)

    async def decide(self, order: RefundOrder, now: datetime) -> RefundDecision:
        """Take the access and owe the money; a repeat returns what is still owed."""
        async with self._pool.acquire() as connection, connection.transaction():
            if isinstance(order, CancelOrder):
                await decide_cancel(connection, order, now)
            else:
                await decide_staff_refund(connection, order, now)
            decision = await _decision(connection, order.refund_id)
            assert decision is not None  # noqa: S101  # decided above
            return decision

    async def note_done(
        self, refund_id: RefundId, payment_id: PaymentId, refund: RefundSnapshot
    ) -> None:
        """The provider has given it back; a repeat changes nothing."""
        async with self._pool.acquire() as connection, connection.transaction():
            part = await _locked_part(connection, refund_id, payment_id)
            if part["state"] != "owed":
                return
            await connection.execute(
                """
                update refund_parts set state = 'done', provider_refund_id = $3
                where refund_id = $1 and payment_id = $2
                """,
                refund_id,
                payment_id,
                refund.provider_refund_id,
            )
            await connection.execute(
                """
                insert into refunds (provider_refund_id, payment_id, amount, currency)
                values ($1, $2, $3, $4)
                """,
                refund.provider_refund_id,
                payment_id,
                part["amount"],
                part["currency"],
            )
            await settle_payment(connection, payment_id)

    async def give_up(self, refund_id: RefundId, payment_id: PaymentId, now: datetime) -> None:
        """The money stays, and the access that was taken for it is granted again."""
        async with self._pool.acquire() as connection, connection.transaction():
            part = await _locked_part(connection, refund_id, payment_id)
            if part["state"] != "owed":
                return
            await connection.execute(
                "update refund_parts set state = 'given_up' "
                "where refund_id = $1 and payment_id = $2",
                refund_id,
                payment_id,
            )
            await settle_payment(connection, payment_id)
            await restore(connection, part, now)

    async def record_verdict(
        self, refund_id: RefundId, verdict: RefundVerdict, at: datetime
    ) -> None:
        """Write a person's decision into the audit log."""
        await self._pool.execute(
            """
            insert into admin_logs (actor, action, subject, created_at) values ($1, $2, $3, $4)
            on conflict (subject, action, actor, created_at) do nothing
            """,
            verdict.actor,
            f"refund:{verdict.action}",
            f"refund:{refund_id}",
            at,
        )


async def _decision(connection: Connection, refund_id: RefundId) -> RefundDecision | None:
    case = await connection.fetchrow(
        "select c.*, u.language from refund_cases c join users u using (user_id) "
        "where refund_id = $1",
        refund_id,
    )
    if case is None:
        return None
    return RefundDecision(
        refund_id=refund_id,
        user_id=UserId(case["user_id"]),
        language=Language(case["language"]),
        subscription_id=SubscriptionId(case["subscription_id"]),
        owed=tuple(_owed(row) for row in await connection.fetch(_OWED, refund_id)),
    )


def _owed(row: Record) -> OwedRefund:
    return OwedRefund(
        payment_id=PaymentId(row["payment_id"]),
        purchase_id=PurchaseId(row["purchase_id"]),
        provider=Provider(row["provider"]),
        provider_payment_id=ProviderPaymentId(row["provider_payment_id"]),
        amount=Money(amount=row["owed"], currency=row["currency"]),
        is_partial=row["owed"] != row["amount"],
        description=row["plan_name"],
        receipt_email=row["email"],
    )


async def _locked_part(
    connection: Connection, refund_id: RefundId, payment_id: PaymentId
) -> Record:
    await connection.execute(
        "select from users join refund_cases using (user_id) where refund_id = $1 "
        "for no key update of users",
        refund_id,
    )
    row = await connection.fetchrow(
        """
        select r.*, c.subscription_id, p.currency
        from refund_parts r join refund_cases c using (refund_id) join payments p using (payment_id)
        where r.refund_id = $1 and r.payment_id = $2
        """,
        refund_id,
        payment_id,
    )
    if row is None:
        raise RefundRefused(f"refund {refund_id} owes nothing of payment {payment_id}")
    return row
