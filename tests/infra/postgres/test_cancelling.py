"""Cancelling in the ledger: what was offered is taken and owed, once, and every rouble is found."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from domain.errors import OfferChanged, RefundRefused
from domain.ids import ProviderRefundId, RefundId, UserId
from domain.money import roubles
from domain.payments import RefundSnapshot, RefundStatus
from domain.purchases import PurchaseStage
from domain.refund_orders import CancelOrder, OwedRefund, RefundDecision, StaffRefund
from domain.subscriptions import Subscription, SubscriptionStatus
from tests.infra.postgres.books import assert_the_books_balance
from tests.infra.postgres.shop import DAY, MONTH, NOW, Shop, lock_waiters

LATER = NOW + 10 * DAY


@pytest.fixture
async def anna(shop: Shop) -> AsyncIterator[UserId]:
    """A customer; whatever happens to her, the books balance in the end."""
    await shop.server("nl1")
    yield await shop.customer()
    await assert_the_books_balance(shop.pool)


async def subscription_of(shop: Shop, user_id: UserId) -> Subscription:
    subscription = await shop.access.subscription_of(user_id)
    assert subscription is not None
    return subscription


async def offered(shop: Shop, user_id: UserId, at: datetime = LATER) -> CancelOrder:
    """The customer looks at the offer."""
    found = await shop.refunds.offer(user_id, at)
    assert found is not None
    subscription_id, offer = found
    return CancelOrder(
        refund_id=RefundId(uuid4()),
        subscription_id=subscription_id,
        made_at=at,
        fingerprint=offer.fingerprint,
    )


async def cancel(shop: Shop, user_id: UserId, at: datetime = LATER) -> RefundDecision:
    return await shop.refunds.decide(await offered(shop, user_id, at), at)


def made(owed: OwedRefund) -> RefundSnapshot:
    return RefundSnapshot(
        provider_refund_id=ProviderRefundId(f"back-{owed.payment_id}"),
        provider_payment_id=owed.provider_payment_id,
        status=RefundStatus.SUCCEEDED,
        amount=owed.amount,
    )


async def test_cancelling_ends_the_access_and_owes_the_unused_part(
    shop: Shop, anna: UserId
) -> None:
    grant = await shop.buy_to_the_end(anna)
    decision = await cancel(shop, anna)
    assert [each.amount for each in decision.owed] == [roubles("199.33")]
    assert decision.owed[0].is_partial
    after = await subscription_of(shop, anna)
    assert (after.status, after.expires_at) == (SubscriptionStatus.REVOKED, LATER)
    assert len((await shop.setups.work(grant.subscription_id)).removals) == 1


async def test_a_repeat_owes_the_same_once(shop: Shop, anna: UserId) -> None:
    await shop.buy_to_the_end(anna)
    order = await offered(shop, anna)
    first = await shop.refunds.decide(order, LATER)
    assert await shop.refunds.decide(order, LATER + DAY) == first
    assert await shop.count("refund_parts") == 1


async def test_many_cancellings_at_once_owe_once(shop: Shop, anna: UserId) -> None:
    await shop.buy_to_the_end(anna)
    orders = [await offered(shop, anna) for _ in range(5)]
    outcomes = await asyncio.gather(
        *(shop.refunds.decide(order, LATER) for order in orders), return_exceptions=True
    )
    assert sum(isinstance(each, RefundDecision) for each in outcomes) == 1
    assert sum(isinstance(each, RefundRefused) for each in outcomes) == 4


async def test_a_renewal_that_comes_first_makes_it_another_offer(shop: Shop, anna: UserId) -> None:
    await shop.buy_to_the_end(anna)
    order = await offered(shop, anna)
    renewal = await shop.order(anna)
    async with shop.paid_but_not_committed(renewal) as granting:
        cancelling = asyncio.create_task(shop.refunds.decide(order, LATER))
        await lock_waiters(shop.pool, 2)
    await granting
    with pytest.raises(OfferChanged):
        await cancelling
    assert (await subscription_of(shop, anna)).status is SubscriptionStatus.ACTIVE


async def test_an_offer_that_is_old_is_shown_again(shop: Shop, anna: UserId) -> None:
    await shop.buy_to_the_end(anna)
    order = await offered(shop, anna)
    with pytest.raises(OfferChanged):
        await shop.refunds.decide(order, LATER + timedelta(minutes=16))


async def test_a_purchase_that_is_still_set_up_is_not_refunded_behind_its_back(
    shop: Shop, anna: UserId
) -> None:
    await shop.buy(anna)
    with pytest.raises(RefundRefused, match="nothing would go back"):
        await cancel(shop, anna)


async def test_money_that_went_back_in_part_is_noted_once(shop: Shop, anna: UserId) -> None:
    await shop.buy_to_the_end(anna)
    decision = await cancel(shop, anna)
    (owed,) = decision.owed
    for _ in range(2):
        await shop.refunds.note_done(decision.refund_id, owed.payment_id, made(owed))
    assert await shop.pool.fetchval("select status from payments") == "partially_refunded"
    assert await shop.count("refunds") == 1
    again = await shop.refunds.decision(decision.refund_id)
    assert again is not None
    assert again.owed == ()


async def test_money_that_went_back_whole_makes_the_purchase_refunded(
    shop: Shop, anna: UserId
) -> None:
    grant = await shop.buy_to_the_end(anna)
    decision = await cancel(shop, anna, NOW)
    (owed,) = decision.owed
    assert (owed.amount, owed.is_partial) == (roubles(299), False)
    await shop.refunds.note_done(decision.refund_id, owed.payment_id, made(owed))
    assert (await shop.ledger.recall(grant.purchase_id, 1)).stage is PurchaseStage.REFUNDED


async def test_a_refund_that_is_given_up_brings_the_access_back(shop: Shop, anna: UserId) -> None:
    grant = await shop.buy_to_the_end(anna)
    decision = await cancel(shop, anna)
    for _ in range(2):
        await shop.refunds.give_up(decision.refund_id, decision.owed[0].payment_id, LATER + 5 * DAY)
    after = await subscription_of(shop, anna)
    assert (after.status, after.expires_at) == (SubscriptionStatus.ACTIVE, LATER + 25 * DAY)
    assert after.server == "nl1"
    assert len((await shop.setups.work(grant.subscription_id)).setups) == 1
    again = await shop.refunds.offer(anna, LATER + 5 * DAY)
    assert again is not None
    assert again[1].totals == (roubles("199.33"),), "the money stands behind the time once more"


async def test_what_is_given_up_is_added_to_what_was_bought_since(shop: Shop, anna: UserId) -> None:
    await shop.buy_to_the_end(anna)
    decision = await cancel(shop, anna)
    await shop.buy_to_the_end(anna, LATER + DAY)
    await shop.refunds.give_up(decision.refund_id, decision.owed[0].payment_id, LATER + 2 * DAY)
    after = await subscription_of(shop, anna)
    assert after.expires_at == LATER + DAY + MONTH + 20 * DAY


async def test_whoever_cancelled_may_buy_again(shop: Shop, anna: UserId) -> None:
    await shop.buy_to_the_end(anna)
    await cancel(shop, anna)
    await shop.buy_to_the_end(anna, LATER + DAY)
    after = await subscription_of(shop, anna)
    assert (after.status, after.expires_at) == (SubscriptionStatus.ACTIVE, LATER + DAY + MONTH)


async def test_staff_gives_a_part_back_and_the_access_shrinks_with_it(
    shop: Shop, anna: UserId
) -> None:
    grant = await shop.buy_to_the_end(anna)
    decision = await staff_refunds(shop, grant.purchase_id, "149.50")
    assert decision.owed[0].amount == roubles("149.50")
    after = await subscription_of(shop, anna)
    assert (after.status, after.expires_at) == (SubscriptionStatus.ACTIVE, NOW + MONTH / 2)


async def test_a_part_that_leaves_no_time_ends_the_access(shop: Shop, anna: UserId) -> None:
    grant = await shop.buy_to_the_end(anna)
    await staff_refunds(shop, grant.purchase_id, "280.00")
    assert (await subscription_of(shop, anna)).status is SubscriptionStatus.REVOKED


async def test_after_a_part_only_the_rest_can_be_had_back(shop: Shop, anna: UserId) -> None:
    grant = await shop.buy_to_the_end(anna)
    await staff_refunds(shop, grant.purchase_id, "100.00")
    with pytest.raises(RefundRefused, match=r"only 199\.00 RUB"):
        await staff_refunds(shop, grant.purchase_id, "199.01")
    decision = await cancel(shop, anna)
    assert decision.owed[0].amount == roubles("99.33"), "of 19.97 days 9.97 are left"


async def test_an_earlier_period_goes_back_without_touching_the_present_one(
    shop: Shop, anna: UserId
) -> None:
    old = await shop.buy_to_the_end(anna)
    await shop.leave(old, NOW + MONTH)
    present = await shop.buy_to_the_end(anna, NOW + 2 * MONTH)
    await staff_refunds(shop, old.purchase_id, "299.00", NOW + 2 * MONTH + DAY)
    assert (await subscription_of(shop, anna)).expires_at == present.expires_at


async def test_parts_that_race_never_add_up_to_more_than_was_paid(shop: Shop, anna: UserId) -> None:
    grant = await shop.buy_to_the_end(anna)
    outcomes = await asyncio.gather(
        *(staff_refunds(shop, grant.purchase_id, "120.00") for _ in range(4)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, RefundDecision) for each in outcomes) == 2


async def test_the_database_itself_lets_nobody_decide_to_give_back_more_than_was_paid(
    shop: Shop, anna: UserId
) -> None:
    await shop.buy_to_the_end(anna)
    with pytest.raises(asyncpg.RaiseError, match="more than was paid"):
        await shop.pool.execute(
            """
            with decided as (
                insert into refund_cases (refund_id, user_id, actor, decided_at)
                select gen_random_uuid(), user_id, 'cli:boris', now() from users
                returning refund_id)
            insert into refund_parts (refund_id, payment_id, amount, lost)
            select refund_id, payment_id, amount + 0.01, '0' from payments, decided
            """
        )


async def staff_refunds(
    shop: Shop, purchase_id: object, amount: str, at: datetime = LATER
) -> RefundDecision:
    order = StaffRefund.model_validate(
        {
            "refund_id": uuid4(),
            "purchase_id": purchase_id,
            "amount": roubles(amount),
            "actor": "cli:boris",
        }
    )
    return await shop.refunds.decide(order, at)
