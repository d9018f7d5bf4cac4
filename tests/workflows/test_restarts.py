"""Workers come and go, and bugs happen; purchases go on."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowExecutionStatus

from domain.errors import TemporalUnavailable, UnknownPurchase
from domain.purchases import PurchaseOrder, PurchaseStage, RepairAction
from tests.workflows.journal import PATIENCE_SECONDS
from tests.workflows.shop import Shop, an_order


async def test_another_worker_goes_on_where_one_stopped(closed_shop: Shop) -> None:
    shop = closed_shop
    async with shop.at_work():
        order = await shop.begin()
        await _is_at_rest(shop, order)

    await shop.pay(order)
    async with shop.at_work():
        assert await shop.rests(order) is PurchaseStage.DONE

    assert len(shop.journal.all_of("create_invoice")) == 1


async def test_a_parked_purchase_outlives_its_worker(closed_shop: Shop) -> None:
    shop = closed_shop
    shop.peers.take_down("nl1")
    async with shop.at_work():
        order = await shop.buy()
        await shop.reaches(PurchaseStage.STUCK)
        await _is_at_rest(shop, order)
    shop.peers.bring_back("nl1")

    async with shop.at_work():
        await shop.repair(order, RepairAction.RETRY)

        assert await shop.rests(order) is PurchaseStage.DONE


async def test_a_repair_without_a_worker_is_not_taken_for_granted(
    closed_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("temporal.starter.RPC_TIMEOUT", timedelta(seconds=0.5))
    order = an_order()
    await closed_shop.starter.begin_purchase(order)

    with pytest.raises(TemporalUnavailable, match="no worker took the repair in time"):
        await closed_shop.repair(order, RepairAction.REFUND)


async def test_a_bug_suspends_a_paid_purchase_and_does_not_fail_it(shop: Shop) -> None:
    order = await shop.begin()
    shop.ledger.outage = UnknownPurchase("somebody deleted the row")

    await shop.pay(order)
    await shop.journal.until("record_payment_and_grant")
    await _task_fails(shop, order)

    assert (await shop.purchase(order).describe()).status is WorkflowExecutionStatus.RUNNING


async def _is_at_rest(shop: Shop, order: PurchaseOrder) -> None:
    """Wait until the server has nothing under way for it; there is no event for that.

    A task that a stopping worker takes along is given to another only 10 s later.
    """
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            known = (await shop.purchase(order).describe()).raw_description
            if not known.pending_activities and not known.HasField("pending_workflow_task"):
                return
            await asyncio.sleep(0.02)


async def _task_fails(shop: Shop, order: PurchaseOrder) -> None:
    """Wait until the workflow's code has met the bug."""
    async for event in shop.purchase(order).fetch_history_events(wait_new_event=True):
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
            return
