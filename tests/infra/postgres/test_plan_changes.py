"""A change of plan in the ledger: every rouble of the old plan is found behind the new one."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from domain.errors import OfferChanged, RefundRefused
from domain.ids import ChangeId, PurchaseId, UserId
from domain.languages import Language
from domain.money import roubles
from domain.plan_changes import AgreedChange, ChangeOffer, ChangeOrder
from domain.purchases import PurchaseKind, PurchaseOrder, PurchaseStage
from domain.subscriptions import Subscription, SubscriptionStatus
from tests.infra.postgres.books import assert_the_books_balance
from tests.infra.postgres.shop import DAY, MONTH, NOW, Shop, refund_of

LATER = NOW + 15 * DAY
QUARTER = 90 * DAY
A_MOMENT = timedelta(milliseconds=1)


@pytest.fixture
async def anna(shop: Shop) -> AsyncIterator[UserId]:
    """A customer with a month; whatever happens to her, the books balance in the end."""
    await shop.server("nl1")
    yield await shop.customer()
    await assert_the_books_balance(shop.pool)


async def subscription_of(shop: Shop, user_id: UserId) -> Subscription:
    subscription = await shop.access.subscription_of(user_id)
    assert subscription is not None
    return subscription


async def offered(
    shop: Shop, user_id: UserId, slug: str, at: datetime = LATER
) -> tuple[ChangeOffer, ChangeOrder]:
    plans = tuple(plan for plan in await shop.plans.for_sale() if plan.slug == slug)
    found = await shop.changes.offers(user_id, plans, at)
    assert found is not None
    subscription_id, ((plan, offer),) = found
    assert isinstance(offer, ChangeOffer)
    order = ChangeOrder(
        change_id=ChangeId(uuid4()),
        subscription_id=subscription_id,
        plan_id=plan.plan_id,
        made_at=at,
        fingerprint=offer.fingerprint,
    )
    return offer, order


async def paying_for(shop: Shop, user_id: UserId, slug: str = "quarter") -> PurchaseOrder:
    """The purchase that a dearer plan is, written down."""
    offer, change = await offered(shop, user_id, slug)
    order = PurchaseOrder(
        purchase_id=PurchaseId(uuid4()),
        user_id=user_id,
        plan_id=offer.plan.plan_id,
        plan_name=offer.plan.name.ru,
        price=offer.to_pay,
        full_price=offer.plan.price,
        discounts=(offer.discount,),
        duration=offer.plan.duration,
        language=Language.RUSSIAN,
        kind=PurchaseKind.CHANGE,
        change=AgreedChange(
            subscription_id=change.subscription_id, revision=offer.revision, made_at=LATER
        ),
    )
    await shop.purchases.open(order, LATER)
    return order


async def test_a_dearer_plan_is_paid_less_what_was_not_used_and_counts_from_the_offer(
    shop: Shop, anna: UserId
) -> None:
    await shop.buy_to_the_end(anna)
    order = await paying_for(shop, anna)
    assert order.price == roubles("649.50"), "799 less half of 299"
    grant = await shop.pay(order, LATER + timedelta(minutes=40))
    assert (grant.starts_at, grant.expires_at) == (LATER, LATER + QUARTER)
    after = await subscription_of(shop, anna)
    assert (after.plan_name_en, after.expires_at) == ("90 days", LATER + QUARTER)


async def test_an_offer_that_is_paid_hours_later_counts_from_the_payment_by_its_worth(
    shop: Shop, anna: UserId
) -> None:
    await shop.buy_to_the_end(anna)
    order = await paying_for(shop, anna)
    late = LATER + 5 * DAY
    grant = await shop.pay(order, late)
    worth = QUARTER * (649.5 + 99.66) / 799
    assert grant.starts_at == late
    assert grant.expires_at - late == pytest.approx(worth, abs=A_MOMENT)


async def test_a_payment_that_is_noted_twice_changes_once(shop: Shop, anna: UserId) -> None:
    await shop.buy_to_the_end(anna)
    order = await paying_for(shop, anna)
    first = await shop.pay(order, LATER)
    assert await shop.pay(order, LATER + DAY) == first


async def test_after_a_renewal_in_between_everything_counts_by_its_worth(
    shop: Shop, anna: UserId
) -> None:
    await shop.buy_to_the_end(anna)
    order = await paying_for(shop, anna)
    await shop.buy_to_the_end(anna, LATER)
    await shop.pay(order, LATER)
    after = await subscription_of(shop, anna)
    assert after.expires_at - LATER == pytest.approx(QUARTER * (799 + 299) / 799, abs=A_MOMENT)


async def test_a_change_that_is_paid_after_the_end_buys_what_it_is_worth(
    shop: Shop, anna: UserId
) -> None:
    grant = await shop.buy_to_the_end(anna)
    order = await paying_for(shop, anna)
    await shop.leave(grant, NOW + MONTH)
    await shop.pay(order, NOW + 2 * MONTH)
    after = await subscription_of(shop, anna)
    worth = QUARTER * 649.5 / 799
    assert after.status is SubscriptionStatus.ACTIVE
    assert after.expires_at - NOW - 2 * MONTH == pytest.approx(worth, abs=A_MOMENT)


async def test_a_change_that_could_not_be_set_up_keeps_what_was_carried_over(
    shop: Shop, anna: UserId
) -> None:
    await shop.buy_to_the_end(anna)
    order = await paying_for(shop, anna)
    await shop.pay(order, LATER)
    for _ in range(2):
        await shop.ledger.record_refund_and_revoke(order.purchase_id, refund_of(order), LATER)
    after = await subscription_of(shop, anna)
    assert after.expires_at - LATER == pytest.approx(QUARTER * 149.5 / 799, abs=A_MOMENT)


async def test_a_cheaper_plan_takes_the_unused_value_as_days(shop: Shop, anna: UserId) -> None:
    await shop.pay_to_the_end(await shop.order(anna, "year"))
    offer, change = await offered(shop, anna, "month", NOW)
    assert offer.is_free
    changed = await shop.changes.change_plan(change, NOW)
    assert changed.expires_at - NOW == pytest.approx(MONTH * 2490 / 299, abs=A_MOMENT)
    assert (await subscription_of(shop, anna)).plan_name_en == "30 days"


async def test_a_free_change_is_made_once_however_often_and_fast_it_is_asked_for(
    shop: Shop, anna: UserId
) -> None:
    await shop.pay_to_the_end(await shop.order(anna, "year"))
    _, change = await offered(shop, anna, "month", NOW)
    outcomes = await asyncio.gather(*(shop.changes.change_plan(change, NOW) for _ in range(4)))
    assert len({each.expires_at for each in outcomes}) == 1
    with pytest.raises(OfferChanged):
        again = change.model_copy(update={"change_id": ChangeId(uuid4())})
        await shop.changes.change_plan(again, NOW)


async def test_a_change_that_is_to_be_paid_for_is_not_had_for_nothing(
    shop: Shop, anna: UserId
) -> None:
    await shop.buy_to_the_end(anna)
    _, change = await offered(shop, anna, "quarter")
    with pytest.raises(RefundRefused, match="to be paid for"):
        await shop.changes.change_plan(change, LATER)


async def test_what_was_carried_over_can_be_had_back_from_the_payment_it_came_from(
    shop: Shop, anna: UserId
) -> None:
    await shop.buy_to_the_end(anna)
    order = await paying_for(shop, anna)
    await shop.pay(order, LATER)
    await shop.ledger.enter_stage(order.purchase_id, PurchaseStage.DONE)
    found = await shop.refunds.offer(anna, LATER)
    assert found is not None
    assert [part.amount for part in found[1].parts] == [roubles("149.50"), roubles("649.50")]


async def test_up_and_down_again_brings_no_more_than_was_paid(shop: Shop, anna: UserId) -> None:
    await shop.buy_to_the_end(anna)
    order = await paying_for(shop, anna)
    await shop.pay(order, LATER)
    await shop.ledger.enter_stage(order.purchase_id, PurchaseStage.DONE)
    _, down = await offered(shop, anna, "month", LATER)
    await shop.changes.change_plan(down, LATER)
    found = await shop.refunds.offer(anna, LATER)
    assert found is not None
    assert found[1].totals == (roubles("799.00"),)


async def test_a_change_of_plan_stops_what_was_agreed_about_the_former(
    shop: Shop, anna: UserId
) -> None:
    await shop.pay_to_the_end(await shop.order(anna, "year"))
    await shop.pool.execute(
        "insert into saved_methods values ('card', $1, 'yookassa', null, $2)", anna, NOW
    )
    await shop.pool.execute(
        """
        insert into renewal_consents (purchase_id, user_id, tariff_id, price, currency,
                                      wording_version, wording, given_at, method_id)
        select purchase_id, user_id, tariff_id, price, currency, '1', 'x', $1, 'card' from purchases
        """,
        NOW,
    )
    _, change = await offered(shop, anna, "month", NOW)
    await shop.changes.change_plan(change, NOW)
    assert await shop.pool.fetchval("select withdrawn_why from renewal_consents") == "plan_changed"


async def test_a_change_in_the_very_second_of_the_opening_is_explained_by_the_books_too(
    shop: Shop, anna: UserId
) -> None:
    for _ in range(3):
        await shop.buy_to_the_end(anna, NOW + timedelta(milliseconds=335))
    # A button has room for a whole second, so its offer counts from a moment before.
    offer, order = await offered(shop, anna, "quarter", at=NOW)
    assert offer.is_free

    await shop.changes.change_plan(order, NOW + timedelta(seconds=1))

    assert (await subscription_of(shop, anna)).expires_at == offer.ends_at
