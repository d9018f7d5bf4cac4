"""What a refund takes back: what its purchase had given, and no more."""

import asyncio

import asyncpg
import pytest

from domain.errors import AccessEnded, NotPaid
from domain.purchases import PurchaseStage
from domain.subscriptions import PlacedPeer, Subscription, SubscriptionStatus
from infra.keyring import KeyRing
from infra.postgres.pool import open_pool
from tests.infra.postgres.shop import DAY, MONTH, NOW, Shop, payment_of, refund_of


async def subscription_after(shop: Shop) -> Subscription:
    user_id = await shop.pool.fetchval("select user_id from subscriptions")
    subscription = await shop.access.subscription_of(user_id)
    assert subscription is not None
    return subscription


async def test_the_refund_of_a_first_purchase_revokes_it_and_names_the_peer_to_remove(
    shop: Shop,
) -> None:
    server_id = await shop.server("nl1")
    order = await shop.order(await shop.customer())
    grant = await shop.pay(order)
    peer = await shop.access.placed_peer(grant.device_id)
    assert await shop.refund(order, NOW + DAY) == (
        PlacedPeer(device_id=grant.device_id, server_id=server_id, revision=peer.revision + 1),
    )
    assert (await subscription_after(shop)).status is SubscriptionStatus.REVOKED


async def test_the_money_is_noted_beside_the_payment(shop: Shop) -> None:
    order = await shop.order(await shop.customer())
    await shop.pay(order)
    await shop.refund(order)
    assert await shop.pool.fetchval("select status from payments") == "refunded"
    row = await shop.pool.fetchrow("select provider_refund_id, amount, currency from refunds")
    assert row is not None
    assert tuple(row) == (refund_of(order).provider_refund_id, order.price.amount, "RUB")
    assert (await shop.ledger.recall(order.purchase_id, 1)).stage is PurchaseStage.REFUNDED


async def test_the_refund_of_a_renewal_brings_back_the_earlier_end(shop: Shop) -> None:
    await shop.server("nl1")
    user_id = await shop.customer()
    first = await shop.buy(user_id)
    renewal = await shop.order(user_id)
    await shop.pay(renewal, NOW + DAY)
    assert await shop.refund(renewal, NOW + DAY) == ()
    after = await subscription_after(shop)
    assert (after.status, after.expires_at) == (SubscriptionStatus.ACTIVE, first.expires_at)
    await shop.access.placed_peer(first.device_id)


async def test_the_refund_of_a_renewal_after_the_earlier_end_ends_the_access(shop: Shop) -> None:
    await shop.server("nl1")
    user_id = await shop.customer()
    await shop.buy(user_id)
    renewal = await shop.order(user_id)
    await shop.pay(renewal, NOW + DAY)
    assert len(await shop.refund(renewal, NOW + MONTH + DAY)) == 1
    assert (await subscription_after(shop)).status is SubscriptionStatus.REVOKED


async def test_the_refund_of_a_first_purchase_leaves_the_time_that_a_renewal_gave(
    shop: Shop,
) -> None:
    user_id = await shop.customer()
    first = await shop.order(user_id)
    await shop.pay(first)
    await shop.buy(user_id)
    await shop.refund(first, NOW + DAY)
    after = await subscription_after(shop)
    assert (after.status, after.expires_at) == (SubscriptionStatus.ACTIVE, NOW + MONTH)


async def test_the_refund_of_a_purchase_long_used_up_leaves_the_present_period(
    shop: Shop,
) -> None:
    user_id = await shop.customer()
    old = await shop.order(user_id)
    await shop.leave(await shop.pay(old), NOW + MONTH)
    present = await shop.buy(user_id, NOW + 2 * MONTH)
    assert await shop.refund(old, NOW + 2 * MONTH + DAY) == ()
    after = await subscription_after(shop)
    assert (after.status, after.expires_at) == (SubscriptionStatus.ACTIVE, present.expires_at)


async def test_a_refund_noted_twice_takes_back_once(shop: Shop) -> None:
    await shop.server("nl1")
    user_id = await shop.customer()
    await shop.buy(user_id)
    renewal = await shop.order(user_id)
    await shop.pay(renewal)
    for _ in range(2):
        await shop.refund(renewal, NOW + DAY)
    assert (await subscription_after(shop)).expires_at == NOW + MONTH
    assert await shop.count("refunds") == 1


async def test_a_refund_noted_twice_at_once_takes_back_once(shop: Shop) -> None:
    user_id = await shop.customer()
    await shop.buy(user_id)
    renewal = await shop.order(user_id)
    await shop.pay(renewal)
    await asyncio.gather(*(shop.refund(renewal, NOW + DAY) for _ in range(5)))
    assert (await subscription_after(shop)).expires_at == NOW + MONTH


async def test_a_repeat_names_the_same_peers_until_they_are_gone(shop: Shop) -> None:
    await shop.server("nl1")
    order = await shop.order(await shop.customer())
    await shop.pay(order)
    leaving = await shop.refund(order)
    assert await shop.refund(order) == leaving
    await shop.access.confirm_removal(leaving[0])
    assert await shop.refund(order) == ()


async def test_after_the_refund_no_peer_is_set_up_any_more(shop: Shop) -> None:
    await shop.server("nl1")
    order = await shop.order(await shop.customer())
    grant = await shop.pay(order)
    await shop.refund(order)
    with pytest.raises(AccessEnded):
        await shop.access.placed_peer(grant.device_id)
    with pytest.raises(AccessEnded):
        await shop.access.move_device(grant.device_id, "nl1")


async def test_whoever_got_the_money_back_may_buy_again_with_the_same_keys(shop: Shop) -> None:
    await shop.server("nl1")
    user_id = await shop.customer()
    order = await shop.order(user_id)
    first = await shop.pay(order)
    await shop.refund(order)
    second = await shop.buy(user_id, NOW + DAY)
    assert second.device_id == first.device_id
    assert (second.starts_at, second.expires_at) == (NOW + DAY, NOW + DAY + MONTH)
    await shop.access.placed_peer(second.device_id)


async def test_a_mismatched_payment_can_be_refunded_without_ever_having_given_anything(
    shop: Shop,
) -> None:
    order = await shop.order(await shop.customer())
    await shop.ledger.record_payment(order.purchase_id, payment_of(order))
    assert await shop.refund(order) == ()
    assert await shop.pool.fetchval("select status from payments") == "refunded"


async def test_a_refund_of_a_payment_that_the_ledger_does_not_know_is_refused(shop: Shop) -> None:
    order = await shop.order(await shop.customer())
    with pytest.raises(NotPaid, match="to be given back"):
        await shop.refund(order)


async def test_a_month_taken_back_is_as_long_as_the_month_given_in_every_time_zone(
    database_url: str, key_ring: KeyRing
) -> None:
    # Clocks in Berlin change within the month.
    connection = await asyncpg.connect(database_url, timeout=10)
    await connection.execute(
        "do $$ begin execute format('alter database %I set timezone to ''Europe/Berlin''',"
        " current_database()); end $$"
    )
    await connection.close()
    async with await open_pool(database_url, size=2) as pool:
        shop = Shop(pool, key_ring)
        user_id = await shop.customer()
        first = await shop.buy(user_id)
        renewal = await shop.order(user_id)
        await shop.pay(renewal)
        await shop.refund(renewal)
        assert (await subscription_after(shop)).expires_at == first.expires_at
