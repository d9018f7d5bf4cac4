"""Servers are brought to the ledger, by the clock and on demand."""

from domain.errors import ServerRefused
from domain.ids import ServerId
from domain.reconciling import Drift, DriftAlarm, DriftNews, ReconcileOrder
from temporal.reconciling import reconcile
from tests.workflows.shop import ANSWER, Shop
from workflows.names import RECONCILE_ROUND_ID, SHOP_QUEUE
from workflows.reconcile import ReconcileRoundWorkflow

NL1 = ReconcileOrder(server_id=ServerId(1), slug="nl1")


async def test_a_server_in_order_calls_nobody(shop: Shop) -> None:
    done = await reconcile(shop.client, NL1)
    assert (done.problem, done.drift) == (None, Drift())
    assert shop.journal.all_of("mended") == [1]
    assert shop.journal.all_of("drift_alarm") == []


async def test_drift_is_mended_and_told_once(shop: Shop) -> None:
    shop.reconciling.drift = Drift(missing=2)
    assert (await reconcile(shop.client, NL1)).drift.missing == 2
    await reconcile(shop.client, NL1)
    (alarm,) = shop.journal.all_of("drift_alarm")
    assert isinstance(alarm, DriftAlarm)
    assert (alarm.news, alarm.server, alarm.occasion) == (DriftNews.MENDED, "nl1", "1")


async def test_strangers_are_told_under_one_name_for_one_set(shop: Shop) -> None:
    shop.reconciling.drift = Drift(strangers=("a", "b"))
    for _ in range(2):
        await reconcile(shop.client, NL1)
    occasions = {alarm.occasion for alarm in _alarms(shop)}
    assert len(occasions) == 1
    shop.reconciling.drift = Drift(strangers=("a", "b", "c"))
    await reconcile(shop.client, NL1)
    assert len({alarm.occasion for alarm in _alarms(shop)}) == 2


async def test_a_server_that_refuses_is_an_outcome_and_not_a_failure(shop: Shop) -> None:
    shop.peers.faults["nl1"] = ServerRefused("nl1 shows another host key")
    done = await reconcile(shop.client, NL1)
    assert done.problem is not None
    assert "another host key" in done.problem


async def test_a_round_reconciles_each_server_and_waits_for_none(shop: Shop) -> None:
    shop.reconciling.known = [1, 2]
    shop.peers.take_down("nl1")
    await shop.client.execute_workflow(
        ReconcileRoundWorkflow.run, id=RECONCILE_ROUND_ID, task_queue=SHOP_QUEUE, rpc_timeout=ANSWER
    )
    await shop.journal.until("mended", 2)
    dead = shop.client.get_workflow_handle("reconcile:nl1")
    await dead.terminate(rpc_timeout=ANSWER)


def _alarms(shop: Shop) -> list[DriftAlarm]:
    return [alarm for alarm in shop.journal.all_of("drift_alarm") if isinstance(alarm, DriftAlarm)]
