"""Peers that have to leave their servers."""

from datetime import timedelta
from uuid import uuid4

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetActivityRequest
from temporalio.client import WorkflowHandle

from domain.errors import PeerSuperseded, ServerRefused
from domain.ids import DeviceId, ServerId
from domain.subscriptions import PlacedPeer
from tests.workflows.shop import ANSWER, Shop
from workflows.names import SHOP_QUEUE, removal_workflow_id
from workflows.removal import PeerRemovalWorkflow

HOUR = timedelta(hours=1)

Running = WorkflowHandle[PeerRemovalWorkflow, None]


async def test_a_removed_peer_frees_its_address(shop: Shop) -> None:
    running = await _removing(shop)

    await running.result(rpc_timeout=ANSWER)

    assert len(shop.journal.all_of("confirm_removal")) == 1


async def test_a_server_that_refuses_is_asked_again_an_hour_later(shop: Shop) -> None:
    shop.peers.removal_faults["nl1"] = ServerRefused("nl1 shows another host key")
    running = await _removing(shop)
    await shop.journal.until("remove_peer")

    shop.peers.bring_back("nl1")
    await shop.forward(running, HOUR)

    assert await shop.journal.until("peer_removed") == "nl1"


async def test_a_removal_that_a_newer_decision_overtook_is_over(shop: Shop) -> None:
    shop.peers.removal_faults["nl1"] = PeerSuperseded("nl1 knows revision 9")

    running = await _removing(shop)

    await running.result(rpc_timeout=ANSWER)


async def test_a_server_that_is_away_is_asked_until_it_is_back(shop: Shop) -> None:
    shop.peers.take_down("nl1")
    running = await _removing(shop)
    await shop.journal.until("remove_peer")

    shop.peers.bring_back("nl1")
    await _hurry(shop, running)

    await shop.journal.until("peer_removed")
    await running.result(rpc_timeout=ANSWER)


async def _hurry(shop: Shop, running: Running) -> None:
    """Let the next try come now instead of after its pause."""
    await shop.client.workflow_service.reset_activity(
        ResetActivityRequest(
            namespace=shop.client.namespace,
            execution=WorkflowExecution(workflow_id=running.id),
            type="remove_peer",
        ),
        timeout=ANSWER,
    )


async def _removing(shop: Shop) -> Running:
    placed = PlacedPeer(device_id=DeviceId(uuid4()), server_id=ServerId(1), revision=2)
    return await shop.client.start_workflow(
        PeerRemovalWorkflow.run, placed, id=removal_workflow_id(placed), task_queue=SHOP_QUEUE
    )
