"""Changes of plan in the ledger: offered, decided for nothing, or paid for."""

from datetime import datetime, timedelta
from uuid import UUID

from asyncpg import Record

from domain.errors import OfferChanged, RefundRefused
from domain.holdings import Holdings
from domain.ids import (
    GrantId,
    PaymentId,
    PlanId,
    PurchaseId,
    SubscriptionId,
    UserId,
    change_grant_id_of,
    grant_id_of,
)
from domain.money import Money, roubles
from domain.plan_changes import (
    AGREED_FOR,
    AgreedChange,
    Carried,
    Changed,
    ChangeOffer,
    ChangeOrder,
    ChangeRefusal,
    carried_from,
    change_offer,
    time_worth,
)
from domain.plans import Plan
from domain.refunds import OFFER_LIFE
from domain.renewals import StopReason
from domain.subscriptions import SubscriptionStatus
from infra.postgres.auto_renewals import stop_renewing
from infra.postgres.free_grants import Cause
from infra.postgres.holdings import add_grant, holdings_of, take_out
from infra.postgres.plans import plan_from
from infra.postgres.pool import Connection
from infra.postgres.quotas import carry_quota
from infra.postgres.settling import settle_devices

_NOTHING_CARRIED = Carried(credit=roubles(0))


async def offers_of(
    connection: Connection, subscription: Record, plans: tuple[Plan, ...], now: datetime
) -> tuple[tuple[Plan, ChangeOffer | ChangeRefusal], ...]:
    """What changing to each of the plans would cost and give."""
    holdings = await holdings_of(connection, subscription)
    current = await _plan(connection, PlanId(subscription["tariff_id"]))
    devices = await _devices(connection, subscription["subscription_id"])
    return tuple(
        (plan, change_offer(holdings, current, plan, devices=devices, now=now)) for plan in plans
    )


async def decide_change(
    connection: Connection, subscription: Record, order: ChangeOrder, now: datetime
) -> Changed:
    """Carry the unused time over to the other plan; a repeat tells what came of it.

    Raises:
        RefundRefused: It cannot be, or it is to be paid for.
        OfferChanged: It is not what the customer saw.
    """
    grant_id = change_grant_id_of(order.change_id)
    if await connection.fetchval(
        "select exists (select from grants where grant_id = $1)", grant_id
    ):
        return _changed(subscription)
    if subscription["status"] != SubscriptionStatus.ACTIVE:
        raise RefundRefused(f"the subscription is {subscription['status']}: nothing to change")
    plan = await _plan(connection, order.plan_id, for_sale=True)
    ((_, offer),) = await offers_of(connection, subscription, (plan,), order.made_at)
    is_fresh = now - OFFER_LIFE <= order.made_at <= now + OFFER_LIFE
    if isinstance(offer, ChangeRefusal):
        raise OfferChanged(f"the plan can no longer be changed so: {offer}")
    if not is_fresh or offer.fingerprint != order.fingerprint:
        raise OfferChanged("the offer has changed since it was made: look at it again")
    if not offer.is_free:
        raise RefundRefused("this change is to be paid for: begin a purchase")
    await take_out(connection, offer.carried.outgoes, offer.carried.lapses)
    await add_grant(
        connection,
        grant_id=grant_id,
        subscription_id=subscription["subscription_id"],
        cause=Cause.CHANGE,
        starts_at=offer.made_at,
        expires_at=offer.made_at + offer.time,
        money=_money_of(offer.carried),
    )
    period = (offer.made_at, offer.ends_at)
    return await _move(connection, subscription, plan, period, now)


async def give_change(
    connection: Connection, purchase: Record, payment_id: int, now: datetime
) -> bool:
    """Give what a paid change is worth; False where there is nothing left to change.

    What was agreed holds while the subscription is as it was then: the new plan counts from that
    moment. Otherwise the payment and whatever is unused now buy the time that they are worth.
    """
    subscription = await connection.fetchrow(
        "select * from subscriptions where user_id = $1 and status = 'active' for no key update",
        purchase["user_id"],
    )
    if subscription is None or subscription["expires_at"] <= now:
        return False
    agreed = AgreedChange.model_validate(purchase["agreed_change"])
    is_as_it_was = (
        subscription["subscription_id"] == agreed.subscription_id
        and subscription["revision"] == agreed.revision
        and now - agreed.made_at <= AGREED_FOR
    )
    since = agreed.made_at if is_as_it_was else now
    carried = _carried(await holdings_of(connection, subscription), since)
    time = worth_of(purchase, carried.credit)
    await take_out(connection, carried.outgoes, carried.lapses)
    await _grant(connection, purchase, payment_id, subscription, (since, since + time))
    await connection.executemany(
        "insert into grant_money (grant_id, payment_id, amount) values ($1, $2, $3)",
        [
            (grant_id_of(PurchaseId(purchase["purchase_id"])), each, money.amount)
            for each, money in _money_of(carried)
        ],
    )
    plan = await _plan(connection, PlanId(purchase["tariff_id"]))
    period = (since, since + time + carried.kept)
    await _move(connection, subscription, plan, period, now)
    return True


def worth_of(purchase: Record, credit: Money | None = None) -> timedelta:
    """How long the payment, with what is carried over, lasts at the price that was agreed."""
    paid = purchase["price"] + (0 if credit is None else credit.amount)
    return time_worth(paid, purchase["full_price"], purchase["bought"])


def _carried(holdings: Holdings, now: datetime) -> Carried:
    """Whatever can be carried; where nothing can, the payment alone counts, and nothing is lost."""
    carried = carried_from(holdings, now)
    if not isinstance(carried, ChangeRefusal):
        return carried
    return _NOTHING_CARRIED.model_copy(update={"kept": holdings.left_at(now)})


def _money_of(carried: Carried) -> tuple[tuple[PaymentId, Money], ...]:
    """What is carried of each payment, over all the grants that it leaves."""
    sums: dict[PaymentId, Money] = {}
    for outgo in carried.outgoes:
        known = sums.get(outgo.payment_id)
        amount = outgo.amount.amount + (0 if known is None else known.amount)
        sums[outgo.payment_id] = Money(amount=amount, currency=outgo.amount.currency)
    return tuple(sums.items())


async def _grant(
    connection: Connection,
    purchase: Record,
    payment_id: int,
    subscription: Record,
    period: tuple[datetime, datetime],
) -> GrantId:
    grant_id = grant_id_of(PurchaseId(purchase["purchase_id"]))
    await connection.execute(
        """
        insert into grants (grant_id, purchase_id, payment_id, subscription_id, device_id,
                            starts_at, expires_at, is_renewal, cause)
        select $1, $2, $3, $4, (select device_id from devices where subscription_id = $4
                                and removed_at is null order by created_at, device_id limit 1),
               $5, $6, true, $7
        """,
        grant_id,
        purchase["purchase_id"],
        payment_id,
        subscription["subscription_id"],
        *period,
        Cause.CHANGE,
    )
    return grant_id


async def _move(
    connection: Connection,
    subscription: Record,
    plan: Plan,
    period: tuple[datetime, datetime],
    now: datetime,
) -> Changed:
    """Let the subscription go on with the plan for that period.

    An offer counts from a whole second, which may lie a moment before a subscription that was
    opened within it: then the subscription began with that second, too, or its grants would not
    explain its length.
    """
    since, end = period
    row = await connection.fetchrow(
        """
        update subscriptions
        set tariff_id = $2, expires_at = $3, end_set_at = $4, revision = revision + 1,
            freeze_used = '0', starts_at = least(starts_at, $5)
        where subscription_id = $1 returning *
        """,
        subscription["subscription_id"],
        plan.plan_id,
        end,
        now,
        since,
    )
    assert row is not None  # noqa: S101  # locked by the caller
    await connection.execute(
        "insert into subscription_events (subscription_id, kind, details) "
        "values ($1, 'changed', $2)",
        row["subscription_id"],
        {"plan": plan.slug, "expires_at": end.isoformat()},
    )
    await carry_quota(connection, subscription, now)
    user_id = UserId(row["user_id"])
    await stop_renewing(connection, user_id, StopReason.PLAN_CHANGED, now)
    await settle_devices(connection, row["subscription_id"])
    return _changed(row)


def _changed(subscription: Record) -> Changed:
    return Changed(
        subscription_id=SubscriptionId(subscription["subscription_id"]),
        expires_at=subscription["expires_at"],
    )


async def _plan(connection: Connection, plan_id: PlanId, *, for_sale: bool = False) -> Plan:
    row = await connection.fetchrow(
        "select * from tariffs where tariff_id = $1 and (is_for_sale and not is_trial or not $2)",
        plan_id,
        for_sale,
    )
    if row is None:
        raise OfferChanged("the plan is no longer for sale")
    return plan_from(row)


async def _devices(connection: Connection, subscription_id: UUID) -> int:
    return int(
        await connection.fetchval(
            "select count(*) from devices where subscription_id = $1 and removed_at is null",
            subscription_id,
        )
    )
