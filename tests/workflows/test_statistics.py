"""Counting what devices transfer."""

from datetime import timedelta
from uuid import uuid4

from temporalio.client import WorkflowHandle

from domain.devices import DeviceTurn
from domain.ids import DeviceId
from domain.quotas import QuotaMark
from temporal.schedules import keep_schedules
from tests.workflows.fake_ledger import USER, a_server
from tests.workflows.shop import ANSWER, Shop
from tests.workflows.stories import a_quota_notice
from workflows.names import SHOP_QUEUE, STATISTICS_ID
from workflows.statistics import PAUSE, ServerStatisticsWorkflow

MOMENT = timedelta(seconds=1)


async def test_a_dead_server_keeps_no_other_from_being_counted(shop: Shop) -> None:
    shop.traffic.known = [a_server(1), a_server(2)]
    shop.peers.take_down("nl1")

    running = await counting(shop)

    await shop.journal.until("counted", 2)
    assert shop.journal.all_of("counted") == [2]
    await running.terminate(rpc_timeout=ANSWER)


async def test_servers_are_told_of_speeds_that_they_have_not_heard_of(shop: Shop) -> None:
    device = DeviceId(uuid4())
    shop.speeds.untold = [DeviceTurn(device_id=device, user_id=USER, revision=2, is_quiet=True)]

    running = await counting(shop)

    await shop.journal.until("confirm_peer", device)
    await running.terminate(rpc_timeout=ANSWER)


async def test_a_customer_who_comes_to_a_mark_is_told_once(shop: Shop) -> None:
    shop.quotas.due = [a_quota_notice()]
    shop.quotas.is_forgetful = True

    running = await counting(shop)
    await shop.journal.until("quota_told", QuotaMark.NEARLY)
    await shop.forward(running, PAUSE + MOMENT)
    await shop.journal.until("quota_noted", times=2)

    shop.quotas.due.append(a_quota_notice(QuotaMark.USED_UP))
    await shop.forward(running, PAUSE + MOMENT)
    await shop.journal.until("quota_told", QuotaMark.USED_UP)
    assert shop.journal.all_of("quota_told") == [QuotaMark.NEARLY, QuotaMark.USED_UP]
    await running.terminate(rpc_timeout=ANSWER)


async def test_periods_begin_by_the_workflows_clock(shop: Shop) -> None:
    running = await counting(shop)
    await shop.journal.until("speeds_settled")
    await shop.forward(running, PAUSE + MOMENT)
    await shop.journal.until("speeds_settled", times=2)

    first, second = shop.quotas.times[:2]
    assert second - first >= PAUSE
    await running.terminate(rpc_timeout=ANSWER)


async def test_a_telegram_that_is_away_holds_up_no_count(shop: Shop) -> None:
    shop.quotas.due = [a_quota_notice()]
    shop.notices.take_down()
    shop.traffic.known = [a_server(1)]

    running = await counting(shop)
    await shop.journal.until("quota_noted")
    await shop.forward(running, PAUSE + MOMENT)
    await shop.journal.until("counted", times=2)

    shop.notices.bring_back()
    await shop.journal.until("quota_told")
    await running.terminate(rpc_timeout=ANSWER)


async def test_every_minute_is_counted(shop: Shop) -> None:
    shop.traffic.known = [a_server(1)]

    running = await counting(shop)
    for times in range(1, 4):
        await shop.journal.until("counted", times=times)
        await shop.forward(running, PAUSE + MOMENT)

    await running.terminate(rpc_timeout=ANSWER)


async def test_a_count_that_fails_is_made_up_for_by_the_next(shop: Shop) -> None:
    shop.traffic.known = [a_server(1)]
    shop.traffic.is_away = True
    running = await counting(shop)
    await shop.journal.until("asked_for_servers")

    shop.traffic.is_away = False
    await shop.forward(running, PAUSE + MOMENT)

    await shop.journal.until("counted", 1)
    await running.terminate(rpc_timeout=ANSWER)


async def test_the_schedule_begins_it_and_is_kept_by_every_worker(shop: Shop) -> None:
    shop.traffic.known = [a_server(1)]

    for _ in range(2):
        await keep_schedules(shop.client)

    await shop.journal.until("counted", 1)
    schedule = await shop.client.get_schedule_handle(STATISTICS_ID).describe()
    assert schedule.info.num_actions == 1


async def counting(shop: Shop) -> WorkflowHandle[ServerStatisticsWorkflow, None]:
    return await shop.client.start_workflow(
        ServerStatisticsWorkflow.run, id=STATISTICS_ID, task_queue=SHOP_QUEUE
    )
