"""How an evacuation's run can end: the stories that become histories."""

from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowHandle

from domain.errors import TelegramUnavailable
from domain.evacuation import EvacuationCause, EvacuationOrder
from temporal.evacuation import begin_or_join
from tests.workflows.fake_ledger import a_server
from tests.workflows.shop import ANSWER, Shop

Handle = WorkflowHandle[Any, Any]
ORDER = EvacuationOrder(source="nl1", target="nl2", pace=2)


async def evacuated(shop: Shop) -> Handle:
    """Two batches, files, and an old server that lets go."""
    return await _to_the_end(await _begun(shop, 3))


async def evacuated_with_hindrances(shop: Shop) -> Handle:
    """A full server at first, and a Telegram that does not answer in time."""
    shop.evacuations.room = 0
    shop.notices.outage = TelegramUnavailable("502 Bad Gateway")
    run = await _begun(shop, 2)
    await shop.journal.until("decided")
    shop.evacuations.room = 9
    shop.notices.bring_back()
    await shop.forward(run, timedelta(minutes=1))
    return await _to_the_end(run)


async def evacuated_in_several_runs(shop: Shop) -> Handle:
    """The first of the runs of a long one."""
    run = await _begun(shop, 25, ORDER.model_copy(update={"pace": 1}))
    await shop.forward(shop.client.get_workflow_handle(run.id), timedelta(hours=1))
    await _to_the_end(shop.client.get_workflow_handle(run.id))
    return run


async def key_rotated(shop: Shop) -> Handle:
    """Nobody moves; everybody gets another file."""
    order = ORDER.model_copy(update={"cause": EvacuationCause.KEY_ROTATION, "target": "nl1"})
    return await _to_the_end(await _begun(shop, 2, order))


async def cleared(shop: Shop) -> Handle:
    """An old server lets go at the first question."""
    await evacuated(shop)
    return await _newest(shop, "clear:nl1")


async def cleared_later(shop: Shop) -> Handle:
    """It is away at first."""
    shop.peers.take_down("nl1")
    await evacuated(shop)
    shop.peers.bring_back("nl1")
    run = await _newest(shop, "clear:nl1")
    await shop.forward(run, timedelta(minutes=1))
    return await _to_the_end(run)


EVACUATION_STORIES = {
    "Evacuation": {
        "done": evacuated,
        "hindered": evacuated_with_hindrances,
        "long": evacuated_in_several_runs,
        "key_rotated": key_rotated,
    },
    "ServerClearing": {"done": cleared, "away": cleared_later},
}


async def _begun(shop: Shop, customers: int, order: EvacuationOrder = ORDER) -> Handle:
    shop.ledger.servers = [a_server(2)]
    shop.ledger.on_removal = shop.evacuations.let_go
    devices = shop.evacuations.settle_in(customers)
    if order.cause is EvacuationCause.KEY_ROTATION:
        shop.evacuations.rotate_for(devices)
    shop.devices.files = dict.fromkeys(devices, "another")
    handle = await begin_or_join(shop.client, order)
    return await _newest(shop, handle.id)


async def _newest(shop: Shop, workflow_id: str) -> Handle:
    description = await shop.client.get_workflow_handle(workflow_id).describe(rpc_timeout=ANSWER)
    return shop.client.get_workflow_handle(workflow_id, run_id=description.run_id)


async def _to_the_end(run: Handle) -> Handle:
    await run.result(rpc_timeout=ANSWER)
    return run
