"""Renewal by itself in the ledger: consents, kept cards, and the charges that are due."""

from datetime import datetime, timedelta

from asyncpg import Record

from domain.ids import (
    PlanId,
    PurchaseId,
    SavedMethodId,
    SubscriptionId,
    UserId,
    renewal_purchase_id,
)
from domain.languages import Language
from domain.money import Money
from domain.payments import PaymentSnapshot
from domain.ports import Sealer
from domain.purchases import PurchaseOrder, PurchasePolicy, PurchaseStage
from domain.renewals import (
    ChargeDecision,
    Consent,
    StandingRenewal,
    StopReason,
    WantedCharge,
    stops_for,
)
from domain.subscriptions import SubscriptionStatus
from infra.postgres.pool import Connection, Pool
from infra.postgres.purchases import cancellation_of, insert_purchase, order_of

_STANDING = """
    select c.*, m.title_sealed from live_consents c join saved_methods m using (method_id)
    where c.user_id = $1
"""

_LATEST = """
    select c.*, m.title_sealed from renewal_consents c join saved_methods m using (method_id)
    where c.user_id = $1
    order by (c.withdrawn_at is null) desc, c.withdrawn_at desc limit 1
"""

_UNDER_WAY = """
    select exists (
        select from purchases where purchase_id = any($1::uuid[])
        and stage not in ('declined', 'expired'))
"""


class AutoRenewals:
    """Fulfils `domain.ports.RenewalLedger`.

    Args:
        pool: The database.
        sealer: Seals the cards' names, which are personal.
        policy: The patience of the purchases that charges are.
    """

    def __init__(self, pool: Pool, sealer: Sealer, policy: PurchasePolicy) -> None:
        self._pool = pool
        self._sealer = sealer
        self._policy = policy

    async def note_consent(self, consent: Consent) -> None:
        """Keep what the customer agreed to; it counts once the card is saved."""
        await self._pool.execute(
            """
            insert into renewal_consents (purchase_id, user_id, tariff_id, price, currency,
                                          wording_version, wording, given_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8)
            on conflict (purchase_id) do nothing
            """,
            consent.purchase_id,
            consent.user_id,
            consent.plan_id,
            consent.price.amount,
            consent.price.currency,
            consent.wording_version,
            consent.wording,
            consent.given_at,
        )

    async def standing_of(self, user_id: UserId) -> StandingRenewal | None:
        """What renews by itself; None where nothing does."""
        row = await self._pool.fetchrow(_STANDING, user_id)
        return None if row is None else self._standing(row)

    async def latest_of(self, user_id: UserId) -> StandingRenewal | None:
        """What renews, or did last: what a word about its end speaks of."""
        row = await self._pool.fetchrow(_LATEST, user_id)
        return None if row is None else self._standing(row)

    async def unlink(self, user_id: UserId, now: datetime) -> SubscriptionId | None:
        """Forget every card of the customer and charge none again, from this moment on.

        Returns:
            The subscription whose workflow has to hear of it.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await _lock_customer(connection, user_id)
            await connection.execute(
                """
                update saved_methods set unlinked_at = $2
                where user_id = $1 and unlinked_at is null
                """,
                user_id,
                now,
            )
            return await stop_renewing(connection, user_id, StopReason.UNLINKED, now)

    async def decide_charge(self, wanted: WantedCharge) -> ChargeDecision:
        """Decide about a due charge under the customer's lock; a repeat returns the same order."""
        async with self._pool.acquire() as connection, connection.transaction():
            subscription = await _locked_subscription(connection, wanted.subscription_id)
            is_due = (
                subscription["status"] == SubscriptionStatus.ACTIVE
                and subscription["expires_at"] == wanted.expires_at
            )
            consent = await connection.fetchrow(
                "select * from live_consents where user_id = $1",
                subscription["user_id"],
            )
            if not is_due or consent is None:
                return ChargeDecision()
            if await _is_another_under_way(connection, wanted):
                return ChargeDecision()
            return await self._decide(connection, wanted, consent)

    async def note_failure(self, wanted: WantedCharge) -> ChargeDecision:
        """A try was declined: stop where no later one can succeed."""
        purchase_id = _purchase_id(wanted, wanted.attempt)
        async with self._pool.acquire() as connection, connection.transaction():
            subscription = await _locked_subscription(connection, wanted.subscription_id)
            purchase = await connection.fetchrow(
                "select * from purchases where purchase_id = $1", purchase_id
            )
            if purchase is None:
                raise LookupError(f"there is no purchase {purchase_id}")
            cancellation = cancellation_of(purchase)
            stopped = stops_for(cancellation)
            if stopped is not None:
                await stop_renewing(connection, subscription["user_id"], stopped, wanted.now)
            return ChargeDecision(stopped=stopped, cancellation=cancellation)

    async def _decide(
        self, connection: Connection, wanted: WantedCharge, consent: Record
    ) -> ChargeDecision:
        purchase_id = _purchase_id(wanted, wanted.attempt)
        plan = await connection.fetchrow(
            "select t.*, u.language, u.email from tariffs t, users u "
            "where t.tariff_id = $1 and u.user_id = $2",
            consent["tariff_id"],
            consent["user_id"],
        )
        assert plan is not None  # noqa: S101  # a consent references both
        known = await connection.fetchrow(
            "select * from purchases where purchase_id = $1", purchase_id
        )
        if known is not None:
            # One that rests unpaid was tried already; the next try is another purchase.
            is_over = PurchaseStage(known["stage"]).is_unpaid_end
            return ChargeDecision(order=None if is_over else order_of(known, plan["email"]))
        stopped = _objection(plan, consent)
        if stopped is not None:
            await stop_renewing(connection, UserId(consent["user_id"]), stopped, wanted.now)
            return ChargeDecision(stopped=stopped)
        order = self._order(purchase_id, plan, consent)
        await insert_purchase(connection, order, wanted.now)
        return ChargeDecision(order=order)

    def _order(self, purchase_id: PurchaseId, plan: Record, consent: Record) -> PurchaseOrder:
        language = Language(plan["language"])
        return PurchaseOrder(
            purchase_id=purchase_id,
            user_id=UserId(consent["user_id"]),
            plan_id=PlanId(consent["tariff_id"]),
            plan_name=plan["name_ru"] if language is Language.RUSSIAN else plan["name_en"],
            price=Money(amount=consent["price"], currency=consent["currency"]),
            duration=timedelta(days=plan["duration_days"]),
            language=language,
            receipt_email=plan["email"],
            policy=self._policy,
            charged_method=SavedMethodId(consent["method_id"]),
        )

    def _standing(self, row: Record) -> StandingRenewal:
        method_id = SavedMethodId(row["method_id"])
        sealed = row["title_sealed"]
        title = None if sealed is None else self._sealer.unseal(sealed, context=_context(method_id))
        return StandingRenewal(
            consent=Consent(
                purchase_id=PurchaseId(row["purchase_id"]),
                user_id=UserId(row["user_id"]),
                plan_id=PlanId(row["tariff_id"]),
                price=Money(amount=row["price"], currency=row["currency"]),
                wording_version=row["wording_version"],
                wording=row["wording"],
                given_at=row["given_at"],
            ),
            method_id=method_id,
            method_title=None if title is None else title.decode(),
        )


async def keep_method(
    connection: Connection,
    sealer: Sealer,
    purchase: Record,
    payment: PaymentSnapshot,
    now: datetime,
) -> None:
    """Keep the card that a payment was made with, if its payer agreed to that with this purchase.

    An earlier consent gives way to the newer one.
    """
    method_id, user_id = payment.saved_method, purchase["user_id"]
    agreed = await connection.fetchval(
        "select true from renewal_consents where purchase_id = $1 and method_id is null "
        "and withdrawn_at is null",
        purchase["purchase_id"],
    )
    if method_id is None or not agreed:
        return
    title = payment.method_title
    await stop_renewing(connection, user_id, StopReason.REPLACED, now)
    await connection.execute(
        """
        insert into saved_methods (method_id, user_id, title_sealed, saved_at)
        values ($1, $2, $3, $4) on conflict (method_id) do nothing
        """,
        method_id,
        user_id,
        None if title is None else sealer.seal(title.encode(), context=_context(method_id)),
        now,
    )
    await connection.execute(
        "update renewal_consents set method_id = $2 where purchase_id = $1",
        purchase["purchase_id"],
        method_id,
    )


async def stop_renewing(
    connection: Connection, user_id: UserId, why: StopReason, now: datetime
) -> SubscriptionId | None:
    """Withdraw the live consent, if any; the subscription that it stood for."""
    withdrawn = await connection.fetchval(
        """
        update renewal_consents set withdrawn_at = $2, withdrawn_why = $3
        where purchase_id = (select purchase_id from live_consents where user_id = $1)
        returning true
        """,
        user_id,
        now,
        why,
    )
    if not withdrawn:
        return None
    found = await connection.fetchval(
        """
        update subscriptions set revision = revision + 1
        where user_id = $1 and status in ('active', 'frozen') returning subscription_id
        """,
        user_id,
    )
    if found is None:
        return None
    await connection.execute(
        "insert into subscription_events (subscription_id, kind, details) values ($1, $2, $3)",
        found,
        "renewal_stopped",
        {"why": why},
    )
    return SubscriptionId(found)


async def grace_of(connection: Connection, user_id: UserId) -> timedelta:
    """How long the access outlasts its end, because a card is still being tried."""
    found = await connection.fetchval(
        "select grace from live_consents join tariffs using (tariff_id) where user_id = $1",
        user_id,
    )
    return timedelta(0) if found is None else found


def _objection(plan: Record, consent: Record) -> StopReason | None:
    if not plan["is_for_sale"]:
        return StopReason.PLAN_GONE
    is_agreed = (plan["price"], plan["currency"]) == (consent["price"], consent["currency"])
    return None if is_agreed else StopReason.PRICE_CHANGED


async def _is_another_under_way(connection: Connection, wanted: WantedCharge) -> bool:
    """Whether an earlier try of the period may still bring the money: two would charge twice."""
    earlier = [_purchase_id(wanted, attempt) for attempt in range(1, wanted.attempt)]
    return bool(await connection.fetchval(_UNDER_WAY, earlier))


def _purchase_id(wanted: WantedCharge, attempt: int) -> PurchaseId:
    return renewal_purchase_id(wanted.subscription_id, wanted.expires_at, attempt)


async def _lock_customer(connection: Connection, user_id: UserId) -> None:
    await connection.execute("select from users where user_id = $1 for no key update", user_id)


async def _locked_subscription(connection: Connection, subscription_id: SubscriptionId) -> Record:
    user_id = await connection.fetchval(
        "select user_id from subscriptions where subscription_id = $1", subscription_id
    )
    await _lock_customer(connection, user_id)
    row = await connection.fetchrow(
        "select * from subscriptions where subscription_id = $1 for no key update", subscription_id
    )
    if row is None:
        raise LookupError(f"there is no subscription {subscription_id}")
    return row


def _context(method_id: SavedMethodId) -> bytes:
    return f"method:{method_id}".encode()
