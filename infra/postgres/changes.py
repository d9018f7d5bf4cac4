"""What customers change about a subscription: its plan, and whether it stands still."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from asyncpg import Record

from domain.errors import RefundRefused
from domain.ids import SubscriptionId, UserId
from domain.plan_changes import Changed, ChangeOffer, ChangeOrder, ChangeRefusal
from domain.plans import Plan
from infra.postgres.freezing import allowance_of, freeze, resume
from infra.postgres.plan_changes import decide_change, offers_of
from infra.postgres.pool import Connection, Pool

_LIVING = "select * from subscriptions where user_id = $1 and status in ('active', 'frozen')"


class PostgresChangeLedger:
    """Fulfils `domain.ports.ChangeLedger`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def offers(
        self, user_id: UserId, plans: tuple[Plan, ...], now: datetime
    ) -> tuple[SubscriptionId, tuple[tuple[Plan, ChangeOffer | ChangeRefusal], ...]] | None:
        """What changing to each plan would cost and give; None without access."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(f"{_LIVING} and status = 'active'", user_id)
            if row is None or row["expires_at"] <= now:
                return None
            offers = await offers_of(connection, row, plans, now)
        return SubscriptionId(row["subscription_id"]), offers

    async def allowance(self, user_id: UserId) -> timedelta:
        """How long the customer's subscription may still stand still."""
        async with self._pool.acquire() as connection:
            row = await connection.fetchrow(_LIVING, user_id)
            return timedelta(0) if row is None else await allowance_of(connection, row)

    async def change_plan(self, order: ChangeOrder, now: datetime) -> Changed:
        """Carry the unused time over to another plan, for nothing."""
        async with self._locked(order.subscription_id) as (connection, subscription):
            return await decide_change(connection, subscription, order, now)

    async def freeze(self, subscription_id: SubscriptionId, now: datetime) -> None:
        """Let the subscription stand still."""
        async with self._locked(subscription_id) as (connection, subscription):
            await freeze(connection, subscription, now)

    async def resume(self, subscription_id: SubscriptionId, now: datetime) -> None:
        """Let it go on."""
        async with self._locked(subscription_id) as (connection, subscription):
            await resume(connection, subscription, now)

    @asynccontextmanager
    async def _locked(
        self, subscription_id: SubscriptionId
    ) -> AsyncIterator[tuple[Connection, Record]]:
        """One transaction with the customer locked, then the subscription."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "select from users join subscriptions using (user_id) where subscription_id = $1 "
                "for no key update of users",
                subscription_id,
            )
            row = await connection.fetchrow(
                "select * from subscriptions where subscription_id = $1 for no key update",
                subscription_id,
            )
            if row is None:
                raise RefundRefused(f"there is no subscription {subscription_id}")
            yield connection, row
