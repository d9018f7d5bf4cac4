"""Taking back what a purchase gave, inside the ledger's transactions."""

from datetime import datetime, timedelta

from asyncpg import Record

from domain.ids import PaymentId, PurchaseId
from domain.money import Money
from domain.refunds import partial_refund
from domain.renewals import StopReason
from domain.subscriptions import PlacedPeer
from infra.postgres.auto_renewals import stop_renewing
from infra.postgres.holdings import holdings_of, take_out
from infra.postgres.peers import leaving_peers, withdraw_devices
from infra.postgres.periods import cut_subscription, shorten_subscription
from infra.postgres.pool import Connection

_CARRIES_OTHER_MONEY = """
    select exists (
        select from grants g join money_behind m using (grant_id)
        where g.purchase_id = $1 and m.payment_id <> g.payment_id)
"""


async def take_back(
    connection: Connection, purchase: Record, now: datetime
) -> tuple[PlacedPeer, ...]:
    """Revoke the purchase's grant, if it gave one; the peers that have to leave."""
    purchase_id = PurchaseId(purchase["purchase_id"])
    carries = await connection.fetchval(_CARRIES_OTHER_MONEY, purchase_id)
    if await (_take_out_payment if carries else _revoke)(connection, purchase_id, now):
        subscription_id = await connection.fetchval(
            "select subscription_id from grants where purchase_id = $1", purchase_id
        )
        await withdraw_devices(connection, subscription_id)
        over = StopReason.SUBSCRIPTION_OVER
        await stop_renewing(connection, purchase["user_id"], over, now)
    return await leaving_peers(connection, purchase_id)


async def _revoke(connection: Connection, purchase_id: PurchaseId, now: datetime) -> bool:
    """The whole grant goes; True when nothing of the subscription is left."""
    grant = await connection.fetchrow(
        """
        update grants set revoked_at = $2
        where purchase_id = $1 and revoked_at is null returning *
        """,
        purchase_id,
        now,
    )
    return grant is not None and await shorten_subscription(connection, grant, now)


async def _take_out_payment(connection: Connection, purchase_id: PurchaseId, now: datetime) -> bool:
    """Of a change of plan only what was paid goes back; what was carried over stays, as time."""
    grant = await connection.fetchrow(
        """
        select g.purchase_id, g.payment_id, m.amount, p.currency, s.*
        from grants g join money_behind m using (grant_id, payment_id)
        join payments p using (payment_id) join subscriptions s using (subscription_id)
        where g.purchase_id = $1
        """,
        purchase_id,
    )
    if grant is None:
        return False  # it went back before
    holdings = await holdings_of(connection, grant)
    amount = Money(amount=grant["amount"], currency=grant["currency"])
    outgoes, lapses = partial_refund(holdings.grants, PaymentId(grant["payment_id"]), amount)
    await take_out(connection, outgoes, lapses)
    end = grant["expires_at"] - sum((each.time for each in lapses), timedelta(0))
    return await cut_subscription(connection, grant, end, now)
