"""Servers are looked at each minute; the staff hear of what lasts, and hear it once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from temporalio.client import WorkflowHandle

from domain.health import BAD_LOOKS_TO_FALL, GOOD_LOOKS_TO_RISE, Health, HealthAlarm
from tests.workflows.shop import ANSWER, Shop
from workflows.health import PAUSE, ServerHealthWorkflow
from workflows.names import HEALTH_ID, SHOP_QUEUE


@asynccontextmanager
async def looking(shop: Shop, *servers: int) -> AsyncIterator[WorkflowHandle[Any, None]]:
    """Within, those servers are looked at; the first look has been made."""
    shop.health.known = list(servers)
    handle = await shop.client.start_workflow(
        ServerHealthWorkflow.run, id=HEALTH_ID, task_queue=SHOP_QUEUE, rpc_timeout=ANSWER
    )
    await shop.journal.until("looked", times=len(servers))
    yield handle
    await handle.terminate(rpc_timeout=ANSWER)


async def look_again(shop: Shop, handle: WorkflowHandle[Any, None], times: int = 1) -> None:
    """Turn the clock to the next looks, one by one."""
    for _ in range(times):
        before = len(shop.journal.all_of("looked"))
        await shop.forward(handle, PAUSE)
        await shop.journal.until("looked", times=before + len(shop.health.known))


def told(shop: Shop) -> list[tuple[str, Health]]:
    alarms = [HealthAlarm.model_validate(each) for each in shop.journal.all_of("health_alarm")]
    return [(alarm.record.slug, alarm.record.health) for alarm in alarms]


async def test_a_healthy_server_calls_nobody(shop: Shop) -> None:
    async with looking(shop, 1) as handle:
        await look_again(shop, handle)
    assert set(shop.journal.all_of("looked")) == {("nl1", Health.HEALTHY)}
    assert told(shop) == []


async def test_a_fall_and_a_return_are_told_once_each(shop: Shop) -> None:
    shop.peers.take_down("nl1")
    async with looking(shop, 1) as handle:
        await look_again(shop, handle, BAD_LOOKS_TO_FALL)
        await shop.journal.until("told", Health.DOWN)
        shop.peers.bring_back("nl1")
        await look_again(shop, handle, GOOD_LOOKS_TO_RISE + 1)
        await shop.journal.until("told", Health.HEALTHY)
    assert told(shop) == [("nl1", Health.DOWN), ("nl1", Health.HEALTHY)]


async def test_a_dead_server_leaves_the_others_as_they_are(shop: Shop) -> None:
    shop.peers.take_down("nl1")
    async with looking(shop, 1, 2) as handle:
        await look_again(shop, handle)
    looks = shop.journal.all_of("looked")
    assert looks.count(("nl2", Health.HEALTHY)) == looks.count(("nl1", Health.SUSPECT)) == 2


async def test_news_wait_for_telegram_and_the_looks_do_not(shop: Shop) -> None:
    shop.peers.take_down("nl1")
    shop.notices.take_down()
    async with looking(shop, 1) as handle:
        await look_again(shop, handle, BAD_LOOKS_TO_FALL)
        assert told(shop) == []
        shop.notices.bring_back()
        await look_again(shop, handle)
        await shop.journal.until("told", Health.DOWN)
    assert told(shop) == [("nl1", Health.DOWN)]


async def test_a_server_with_another_number_of_peers_is_reconciled(shop: Shop) -> None:
    shop.health.census_of = shop.health.census_of.model_copy(update={"least": 3, "most": 3})
    async with looking(shop, 1):
        await shop.journal.until("mended", 1)


async def test_a_full_fleet_is_told_once_a_day(shop: Shop) -> None:
    shop.health.full = ("month", "year")
    async with looking(shop, 1) as handle:
        await look_again(shop, handle, 2)
    (alarm,) = shop.journal.all_of("full_alarm")
    assert alarm == ("month", "year")
