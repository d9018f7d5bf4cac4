"""A cancelled subscription: the access goes, then the money, whatever the provider says."""

from datetime import timedelta
from uuid import uuid4

import pytest

from domain.errors import OfferChanged, RefundRefused
from domain.ids import PaymentId, PurchaseId, RefundId
from domain.money import roubles
from domain.notices import ReminderKind
from domain.payments import RefundStatus
from domain.refund_orders import RefundNews, RefundRepair, RefundVerdict, StaffRefund
from domain.subscriptions import SubscriptionStatus
from tests.workflows.fake_provider import REFUSED
from tests.workflows.fake_refunds import OWED
from tests.workflows.shop import ANSWER, Shop, a_cancelling
from workflows.names import SUBSCRIPTION_STATUS

MONTH = timedelta(days=30)
A_LOOK = timedelta(seconds=6)
RETRY = RefundVerdict(action=RefundRepair.RETRY, actor="telegram:42")
GIVE_UP = RefundVerdict(action=RefundRepair.GIVE_UP, actor="telegram:42")


async def test_the_access_goes_before_the_money_and_the_customer_hears_of_both(
    shop: Shop,
) -> None:
    subscription_id = await shop.opened(MONTH)
    decision = await shop.cancel(subscription_id)
    assert decision.totals == (OWED,)
    await shop.refund(decision.refund_id).result(rpc_timeout=ANSWER)
    await shop.subscription(subscription_id).result(rpc_timeout=ANSWER)
    await shop.journal.until("peer_removed", "nl1")
    story = [what for what, _ in shop.journal.notes]
    assert story.index("decide_refund") < story.index("refund") < story.index("refund_done")
    assert shop.journal.all_of("peer_removed") == ["nl1"]
    assert shop.journal.all_of("refund_news") == [RefundNews.DONE]


async def test_a_cancelled_subscription_reminds_of_nothing_and_is_found_as_revoked(
    shop: Shop,
) -> None:
    subscription_id = await shop.opened(MONTH)
    await shop.cancel(subscription_id)
    running = shop.subscription(subscription_id)
    await running.result(rpc_timeout=ANSWER)
    assert shop.journal.all_of("reminded") == []
    attributes = (await running.describe()).typed_search_attributes
    assert attributes[SUBSCRIPTION_STATUS] == SubscriptionStatus.REVOKED


async def test_one_tap_that_comes_twice_is_one_refund(shop: Shop) -> None:
    order = a_cancelling(await shop.opened(MONTH))
    first = await shop.starter.cancel(order)
    await shop.refund(order.refund_id).result(rpc_timeout=ANSWER)
    with pytest.raises(RefundRefused):
        await shop.starter.cancel(order)
    assert first.refund_id == order.refund_id
    assert len(shop.provider.keys[1]) == 1


async def test_another_cancelling_of_the_same_subscription_is_refused(shop: Shop) -> None:
    subscription_id = await shop.opened(MONTH)
    await shop.cancel(subscription_id)
    with pytest.raises(RefundRefused):
        await shop.cancel(subscription_id)


async def test_what_the_ledger_refuses_changes_nothing(shop: Shop) -> None:
    subscription_id = await shop.opened(MONTH)
    shop.refunds.refusal = OfferChanged("the offer has changed")
    with pytest.raises(OfferChanged, match="the offer has changed"):
        await shop.cancel(subscription_id)
    assert shop.journal.all_of("refund") == []
    running = shop.subscription(subscription_id)
    await shop.forward(running, MONTH - timedelta(hours=23))
    await shop.journal.until("reminded", ReminderKind.DAY_BEFORE)


async def test_a_pending_refund_is_looked_at_until_it_is_final(shop: Shop) -> None:
    shop.provider.refund_outcome = RefundStatus.PENDING
    decision = await shop.cancel(await shop.opened(MONTH))
    await shop.journal.until("refund")
    refund = shop.refund(decision.refund_id)
    await shop.forward(refund, A_LOOK)
    await shop.journal.until("fetch_refund")
    assert shop.journal.all_of("refund_done") == []
    shop.provider.settle_refunds(RefundStatus.SUCCEEDED)
    await shop.forward(refund, A_LOOK * 2)
    await refund.result(rpc_timeout=ANSWER)
    assert shop.journal.all_of("refund_done") == [PaymentId(1)]


async def test_a_refused_refund_calls_a_person_who_has_it_tried_again(shop: Shop) -> None:
    shop.provider.refund_outcome = RefundStatus.CANCELED
    decision = await shop.cancel(await shop.opened(MONTH))
    alarm = await shop.journal.until("refund_alarm")
    assert (alarm.amount, alarm.occasion) == (OWED, 1)
    shop.provider.refund_outcome = RefundStatus.SUCCEEDED
    await shop.starter.repair_refund(decision.refund_id, RETRY)
    await shop.refund(decision.refund_id).result(rpc_timeout=ANSWER)
    assert len(shop.provider.keys[1]) == 2, "a spent key would find the cancelled refund again"
    assert shop.journal.all_of("verdict") == [(RefundRepair.RETRY, "telegram:42")]


async def test_what_is_given_up_brings_the_access_back(shop: Shop) -> None:
    subscription_id = await shop.opened(MONTH)
    shop.provider.outage = REFUSED
    decision = await shop.cancel(subscription_id)
    await shop.journal.until("refund_alarm")
    await shop.starter.repair_refund(decision.refund_id, GIVE_UP)
    await shop.refund(decision.refund_id).result(rpc_timeout=ANSWER)
    assert shop.journal.all_of("given_up") == [PaymentId(1)]
    assert shop.journal.all_of("refund_news") == [RefundNews.RESTORED]
    assert shop.ledger.states[subscription_id].status is SubscriptionStatus.ACTIVE


async def test_of_two_payments_one_that_is_refused_holds_up_no_other(shop: Shop) -> None:
    shop.refunds.payments = 2
    shop.provider.refused_refunds.add("payment-1")
    await shop.cancel(await shop.opened(MONTH))
    await shop.journal.until("refund_alarm")
    assert shop.journal.all_of("refund_done") == [PaymentId(2)]


async def test_a_verdict_on_a_refund_that_is_not_stuck_is_refused(shop: Shop) -> None:
    shop.provider.refund_outcome = RefundStatus.PENDING
    decision = await shop.cancel(await shop.opened(MONTH))
    await shop.journal.until("refund")
    with pytest.raises(RefundRefused, match="not stuck"):
        await shop.starter.repair_refund(decision.refund_id, RETRY)


async def test_staff_hears_what_the_ledger_refuses(shop: Shop) -> None:
    shop.refunds.refusal = RefundRefused("only 100.00 RUB of it is left")
    with pytest.raises(RefundRefused, match=r"only 100\.00"):
        await shop.starter.refund(a_staff_refund())


async def test_staff_refunds_without_a_subscription_give_the_money_back(shop: Shop) -> None:
    order = a_staff_refund()
    await shop.starter.refund(order)
    await shop.refund(order.refund_id).result(rpc_timeout=ANSWER)
    assert shop.journal.all_of("refund_done") == [PaymentId(1)]


def a_staff_refund() -> StaffRefund:
    return StaffRefund(
        refund_id=RefundId(uuid4()),
        purchase_id=PurchaseId(uuid4()),
        amount=roubles(100),
        actor="cli:boris",
    )
