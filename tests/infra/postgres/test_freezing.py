"""A frozen subscription in the ledger: it gives no access, and loses no second."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from domain.errors import RefundRefused
from domain.ids import RefundId, UserId
from domain.money import roubles
from domain.refund_orders import CancelOrder
from domain.subscriptions import Grant, Subscription, SubscriptionStatus
from tests.infra.postgres.books import assert_the_books_balance
from tests.infra.postgres.shop import DAY, MONTH, NOW, Shop

LATER = NOW + 10 * DAY


@pytest.fixture
async def anna(shop: Shop) -> AsyncIterator[UserId]:
    """A customer whose plan allows a week's hold; in the end the books balance."""
    await shop.server("nl1")
    await shop.pool.execute("update tariffs set freeze_days_per_period = 7")
    yield await shop.customer()
    await assert_the_books_balance(shop.pool)


async def frozen(shop: Shop, user_id: UserId) -> Grant:
    grant = await shop.buy_to_the_end(user_id)
    await shop.changes.freeze(grant.subscription_id, LATER)
    return grant


async def subscription_of(shop: Shop, user_id: UserId) -> Subscription:
    subscription = await shop.access.subscription_of(user_id)
    assert subscription is not None
    return subscription


async def test_the_peers_leave_and_the_keys_stay(shop: Shop, anna: UserId) -> None:
    grant = await frozen(shop, anna)
    assert (await subscription_of(shop, anna)).status is SubscriptionStatus.FROZEN
    assert len((await shop.setups.work(grant.subscription_id)).removals) == 1
    key = await shop.pool.fetchval("select private_key_sealed from devices")
    await shop.changes.resume(grant.subscription_id, LATER + DAY)
    assert await shop.pool.fetchval("select private_key_sealed from devices") == key
    assert len((await shop.setups.work(grant.subscription_id)).setups) == 1


async def test_the_end_moves_by_exactly_the_time_that_it_stood_still(
    shop: Shop, anna: UserId
) -> None:
    grant = await frozen(shop, anna)
    still = timedelta(days=2, hours=3, seconds=7, microseconds=11)
    for _ in range(2):
        await shop.changes.resume(grant.subscription_id, LATER + still)
    after = await subscription_of(shop, anna)
    assert (after.status, after.expires_at) == (
        SubscriptionStatus.ACTIVE,
        NOW + MONTH + still,
    )


async def test_it_is_known_when_it_goes_on_by_itself(shop: Shop, anna: UserId) -> None:
    grant = await frozen(shop, anna)
    state = await shop.access.subscription_state(grant.subscription_id)
    assert state.resumes_at == LATER + 7 * DAY
    shown = await subscription_of(shop, anna)
    assert (shown.frozen_at, shown.resumes_at) == (LATER, LATER + 7 * DAY)
    assert shown.freeze_days == 7
    await shop.changes.resume(grant.subscription_id, LATER + 5 * DAY)
    await shop.changes.freeze(grant.subscription_id, LATER + 6 * DAY)
    state = await shop.access.subscription_state(grant.subscription_id)
    assert state.resumes_at == LATER + 8 * DAY, "two days of the week are left"


async def test_more_than_the_plan_allows_is_refused_until_the_next_period(
    shop: Shop, anna: UserId
) -> None:
    grant = await frozen(shop, anna)
    await shop.changes.resume(grant.subscription_id, LATER + 7 * DAY)
    with pytest.raises(RefundRefused, match="allows no further"):
        await shop.changes.freeze(grant.subscription_id, LATER + 8 * DAY)
    await shop.buy_to_the_end(anna, LATER + 8 * DAY)
    await shop.changes.freeze(grant.subscription_id, LATER + 9 * DAY)


async def test_where_the_plan_allows_none_nothing_freezes(shop: Shop, anna: UserId) -> None:
    await shop.pool.execute("update tariffs set freeze_days_per_period = 0")
    with pytest.raises(RefundRefused):
        await frozen(shop, anna)
    assert (await subscription_of(shop, anna)).status is SubscriptionStatus.ACTIVE


async def test_a_frozen_subscription_does_not_end(shop: Shop, anna: UserId) -> None:
    grant = await frozen(shop, anna)
    ending = await shop.access.end_subscription(grant.subscription_id, NOW + 2 * MONTH)
    assert not ending.ended


async def test_a_purchase_wakes_it_and_adds_to_what_was_kept(shop: Shop, anna: UserId) -> None:
    grant = await frozen(shop, anna)
    await shop.buy_to_the_end(anna, LATER + 3 * DAY)
    after = await subscription_of(shop, anna)
    assert (after.status, after.expires_at) == (
        SubscriptionStatus.ACTIVE,
        NOW + 2 * MONTH + 3 * DAY,
    )
    assert len((await shop.setups.work(grant.subscription_id)).setups) == 1


async def test_freezing_and_buying_at_once_leaves_one_living_subscription(
    shop: Shop, anna: UserId
) -> None:
    grant = await shop.buy_to_the_end(anna)
    order = await shop.order(anna)
    await asyncio.gather(shop.changes.freeze(grant.subscription_id, LATER), shop.pay(order, LATER))
    after = await subscription_of(shop, anna)
    assert after.expires_at == NOW + 2 * MONTH


async def test_cancelling_gives_back_what_was_left_when_it_froze(shop: Shop, anna: UserId) -> None:
    await frozen(shop, anna)
    at = LATER + 5 * DAY
    found = await shop.refunds.offer(anna, at)
    assert found is not None
    assert found[1].totals == (roubles("199.33"),)
    order = CancelOrder(
        refund_id=RefundId(uuid4()),
        subscription_id=found[0],
        made_at=at,
        fingerprint=found[1].fingerprint,
    )
    await shop.refunds.decide(order, at)
    assert (await subscription_of(shop, anna)).status is SubscriptionStatus.REVOKED


async def test_a_customer_has_one_living_subscription(shop: Shop, anna: UserId) -> None:
    await frozen(shop, anna)
    with pytest.raises(asyncpg.UniqueViolationError, match="one_living_subscription_per_user"):
        await shop.pool.execute(
            """
            insert into subscriptions (subscription_id, user_id, tariff_id, status, starts_at,
                                       expires_at)
            select gen_random_uuid(), user_id, tariff_id, 'active', starts_at, expires_at
            from subscriptions
            """
        )
