"""A customer is forgotten: what happens next, and what is not waited for."""

from datetime import UTC, datetime
from uuid import uuid4

from temporalio.client import WorkflowExecutionStatus

from domain.ids import SubscriptionId
from domain.payments import Mismatch
from domain.privacy import ErasureStage
from domain.purchases import PurchaseStage, StuckReason
from tests.workflows.shop import ANSWER, Shop
from tests.workflows.stories import (
    MONTH,
    erasure_done,
    erasure_refused,
    erasure_with_a_server_away,
)
from workflows.names import subscription_workflow_id


async def test_the_customer_is_told_when_it_is_done(shop: Shop) -> None:
    await erasure_done(shop)
    assert shop.journal.all_of("erasure_shown") == [ErasureStage.ERASED]
    assert len(shop.journal.all_of("forget_devices")) == 1


async def test_a_paid_purchase_under_way_comes_first(shop: Shop) -> None:
    run = await erasure_refused(shop)
    assert await run.result(rpc_timeout=ANSWER) == ErasureStage.REFUSED
    assert shop.journal.all_of("erasure_shown") == [ErasureStage.REFUSED]
    assert shop.journal.all_of("forget_devices") == []


async def test_a_dead_server_holds_up_no_answer_but_keeps_its_key_in_mind(shop: Shop) -> None:
    await erasure_with_a_server_away(shop)
    happened = [what for what, _ in shop.journal.notes]
    assert happened.index("erasure_shown") < happened.index("forget_devices")
    assert shop.journal.all_of("peers_left")[-1] == 0, "forgotten only once nothing was left"


async def test_the_subscriptions_workflow_says_nothing_any_more(shop: Shop) -> None:
    subscription_id = SubscriptionId(uuid4())
    shop.ledger.sell(subscription_id, datetime.now(UTC), MONTH)
    await shop.starter.open_or_extend(shop.ledger.states[subscription_id])
    shop.personal_data.subscriptions = (subscription_id, SubscriptionId(uuid4()))

    await erasure_done(shop)

    handle = shop.client.get_workflow_handle(subscription_workflow_id(subscription_id))
    status = (await handle.describe()).status
    assert status is WorkflowExecutionStatus.TERMINATED
    assert shop.journal.all_of("reminded") == []


async def test_money_for_somebody_who_was_erased_waits_for_a_person(shop: Shop) -> None:
    order = await shop.begin()
    shop.ledger.erased.add(order.purchase_id)
    await shop.pay(order)

    alarm = await shop.journal.until("alarm")
    assert alarm.reason is StuckReason.MISMATCH
    assert Mismatch.CUSTOMER in alarm.detail
    assert order.purchase_id not in shop.ledger.grants
    await shop.reaches(PurchaseStage.STUCK)
