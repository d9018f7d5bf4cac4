"""What a refund takes and owes, decided in one transaction under the lock on the customer.

Access is shortened here, before any money moves, so that no moment has both with the customer. A
refund that the provider does not make in the end brings the access back.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from asyncpg import Record

from domain.errors import OfferChanged, RefundRefused, UnknownPurchase
from domain.ids import GrantId, PaymentId, RefundId, UserId
from domain.money import Money
from domain.payments import Provider
from domain.purchases import PurchaseStage
from domain.refund_orders import CancelOrder, StaffRefund
from domain.refunds import (
    OFFER_LIFE,
    Lapse,
    Outgo,
    RefundPart,
    partial_refund,
    refund_offer,
)
from domain.renewals import StopReason
from domain.subscriptions import SubscriptionStatus
from infra.postgres.auto_renewals import stop_renewing
from infra.postgres.holdings import holdings_of, take_out
from infra.postgres.peers import withdraw_devices
from infra.postgres.pool import Connection

_NOTHING = timedelta(0)

_LIVING = (SubscriptionStatus.ACTIVE, SubscriptionStatus.FROZEN)

_THE_CUSTOMER = "customer"
"""The actor in the audit log, which names no customer: it outlives an erasure."""


async def decide_cancel(connection: Connection, order: CancelOrder, now: datetime) -> None:
    """End the subscription and owe what the customer was shown.

    Raises:
        RefundRefused: There is nothing to cancel.
        OfferChanged: It is not what the customer would get any more.
    """
    subscription = await _locked(connection, order.subscription_id)
    if await _is_decided(connection, order.refund_id):
        return
    if subscription["status"] not in _LIVING:
        raise RefundRefused(f"the subscription is {subscription['status']}: nothing to cancel")
    offer = refund_offer(await holdings_of(connection, subscription), order.made_at)
    is_fresh = now - OFFER_LIFE <= order.made_at <= now + OFFER_LIFE
    if not is_fresh or offer.fingerprint != order.fingerprint:
        raise OfferChanged("the offer has changed since it was made: look at it again")
    if not offer.is_worth_it:
        raise RefundRefused("nothing would go back: the subscription stays until its end")
    await _open_case(connection, order.refund_id, subscription, _THE_CUSTOMER, now)
    await _owe(connection, order.refund_id, offer.parts)
    await take_out(connection, offer.outgoes, offer.lapses)
    end = subscription["expires_at"] - _total(offer.lapses)
    await _shorten(connection, subscription, end, now, is_over=True, refund_id=order.refund_id)


async def decide_staff_refund(connection: Connection, order: StaffRefund, now: datetime) -> None:
    """Owe that amount of a purchase, and take the same share of the time that it bought.

    Raises:
        UnknownPurchase: There is none.
        RefundRefused: It has no such amount left, or is not at rest.
    """
    payment = await _locked_payment(connection, order)
    if await _is_decided(connection, order.refund_id):
        return
    _check(payment, order)
    subscription = await _locked(connection, payment["subscription_id"])
    outgoes, lapses = await _leaving(connection, subscription, payment, order.amount)
    taken = lapses if subscription["status"] in _LIVING else ()
    old_end = subscription["expires_at"]
    end = old_end - _total(taken)
    present = subscription["frozen_at"] or now
    lost = max(old_end - max(end, present), _NOTHING) if taken else _NOTHING
    part = RefundPart(
        payment_id=PaymentId(payment["payment_id"]),
        provider=Provider(payment["provider"]),
        amount=order.amount,
        lost=lost,
    )
    await _open_case(connection, order.refund_id, subscription, order.actor, now)
    await _owe(connection, order.refund_id, (part,))
    await take_out(connection, outgoes, taken)
    if taken:
        over = end <= present
        await _shorten(connection, subscription, end, now, is_over=over, refund_id=order.refund_id)


async def _leaving(
    connection: Connection, subscription: Record, payment: Record, amount: Money
) -> tuple[tuple[Outgo, ...], tuple[Lapse, ...]]:
    """Which grants the amount leaves: those of the present period first, they still have time."""
    holdings = await holdings_of(connection, subscription)
    payment_id = PaymentId(payment["payment_id"])
    outgoes, lapses = partial_refund(holdings.grants, payment_id, amount)
    present = [holding.grant_id for holding in holdings.grants]
    earlier = await connection.fetch(
        "select grant_id, amount from money_behind "
        "where payment_id = $1 and not grant_id = any($2::uuid[])",
        payment_id,
        present,
    )
    wanted = amount.amount - sum(each.amount.amount for each in outgoes)
    for row in earlier:
        if leaving := min(wanted, row["amount"]):
            wanted -= leaving
            money = Money(amount=leaving, currency=amount.currency)
            grant_id = GrantId(row["grant_id"])
            outgoes = (*outgoes, Outgo(grant_id=grant_id, payment_id=payment_id, amount=money))
    if wanted:
        raise RefundRefused(f"only {amount.amount - wanted} {amount.currency} of it is left")
    return outgoes, lapses


def _check(payment: Record, order: StaffRefund) -> None:
    if payment["stage"] != PurchaseStage.DONE:
        raise RefundRefused(
            f"the purchase is {payment['stage']}: `wgshop repair` decides about one that is stuck"
        )
    if order.amount.currency != payment["currency"] or order.amount.amount <= 0:
        raise RefundRefused(f"it was paid in {payment['currency']}: give a sum in that")
    is_part = order.amount.amount != payment["amount"]
    if is_part and not Provider(payment["provider"]).refunds_in_part:
        raise RefundRefused(f"{payment['provider']} gives back {payment['amount']} or nothing")


async def _open_case(
    connection: Connection, refund_id: RefundId, subscription: Record, actor: str, now: datetime
) -> None:
    await connection.execute(
        """
        insert into refund_cases (refund_id, user_id, subscription_id, actor, decided_at)
        values ($1, $2, $3, $4, $5)
        """,
        refund_id,
        subscription["user_id"],
        subscription["subscription_id"],
        actor,
        now,
    )
    await connection.execute(
        "insert into admin_logs (actor, action, subject, created_at) values ($1, $2, $3, $4)",
        actor,
        "refund",
        f"refund:{refund_id}",
        now,
    )


async def _owe(connection: Connection, refund_id: RefundId, parts: Iterable[RefundPart]) -> None:
    for part in parts:
        await connection.execute(
            "insert into refund_parts (refund_id, payment_id, amount, lost) "
            "values ($1, $2, $3, $4)",
            refund_id,
            part.payment_id,
            part.amount.amount,
            part.lost,
        )
        await connection.execute(
            "update payments set status = 'refunding' where payment_id = $1", part.payment_id
        )


async def _shorten(
    connection: Connection,
    subscription: Record,
    end: datetime,
    now: datetime,
    *,
    is_over: bool,
    refund_id: RefundId,
) -> None:
    subscription_id = subscription["subscription_id"]
    await connection.execute(
        """
        update subscriptions
        set expires_at = greatest(starts_at, $2), revision = revision + 1, end_set_at = $3,
            status = case when $4 then 'revoked' else status end,
            frozen_at = case when $4 then null else frozen_at end
        where subscription_id = $1
        """,
        subscription_id,
        end,
        now,
        is_over,
    )
    await connection.execute(
        "insert into subscription_events (subscription_id, kind, details) values ($1, $2, $3)",
        subscription_id,
        "cancelled" if is_over else "shortened",
        {"refund_id": str(refund_id), "expires_at": end.isoformat()},
    )
    if is_over:
        await withdraw_devices(connection, subscription_id)
        user_id, over = UserId(subscription["user_id"]), StopReason.SUBSCRIPTION_OVER
        await stop_renewing(connection, user_id, over, now)


async def _locked_payment(connection: Connection, order: StaffRefund) -> Record:
    """The purchase's payment, with its customer locked."""
    row = await connection.fetchrow(
        """
        select b.stage, b.user_id, u.user_id
        from purchases b join users u using (user_id) where b.purchase_id = $1
        for no key update of u
        """,
        order.purchase_id,
    )
    if row is None:
        raise UnknownPurchase(f"there is no purchase {order.purchase_id} in the ledger")
    payment = await connection.fetchrow(
        """
        select p.*, b.stage, g.subscription_id
        from payments p join purchases b using (purchase_id) join grants g using (payment_id)
        where p.purchase_id = $1
        """,
        order.purchase_id,
    )
    if payment is None:
        raise RefundRefused("the purchase was not paid, or has given no access of its own")
    return payment


async def _locked(connection: Connection, subscription_id: UUID) -> Record:
    """The subscription, after its customer: in the order in which purchases lock them."""
    user_id = await connection.fetchval(
        "select user_id from subscriptions where subscription_id = $1", subscription_id
    )
    await connection.execute("select from users where user_id = $1 for no key update", user_id)
    row = await connection.fetchrow(
        "select * from subscriptions where subscription_id = $1 for no key update", subscription_id
    )
    if row is None:
        raise RefundRefused(f"there is no subscription {subscription_id}")
    return row


async def _is_decided(connection: Connection, refund_id: RefundId) -> bool:
    return bool(
        await connection.fetchval(
            "select exists (select from refund_cases where refund_id = $1)", refund_id
        )
    )


def _total(lapses: Iterable[Lapse]) -> timedelta:
    return sum((each.time for each in lapses), _NOTHING)
