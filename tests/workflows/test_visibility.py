"""What operators can find and read, and what nobody can read without the key."""

import asyncio
from typing import Any

from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter

from domain.purchases import PurchaseOrder, PurchaseStage
from temporal.client import TemporalTarget
from tests.workflows.journal import PATIENCE_SECONDS
from tests.workflows.shop import EMAIL, PLAN_NAME, Shop
from workflows.names import PURCHASE_STAGE, VPN_SERVER, purchase_workflow_id


async def test_operators_find_what_is_stuck_and_where(shop: Shop) -> None:
    order = await _stuck(shop)

    found = await _first_found(shop, "PurchaseStage = 'stuck' and VpnServer = 'nl1'")

    assert found == purchase_workflow_id(order.purchase_id)


async def test_a_finished_purchase_says_so_in_its_search_attributes(shop: Shop) -> None:
    order = await shop.buy()
    await shop.rests(order)

    known = (await shop.purchase(order).describe()).typed_search_attributes
    assert known[PURCHASE_STAGE] == PurchaseStage.DONE
    assert known[VPN_SERVER] == "nl1"


async def test_a_purchase_whose_device_was_moved_meanwhile_names_the_server_that_holds_it(
    shop: Shop,
) -> None:
    shop.peers.take_none("nl1")
    shop.peers.on_fault = shop.ledger.evacuate_first_server
    order = await shop.buy()
    await shop.rests(order)

    known = (await shop.purchase(order).describe()).typed_search_attributes
    assert known[VPN_SERVER] == "nl2"


async def test_the_details_say_what_a_stuck_purchase_waits_for_and_why(shop: Shop) -> None:
    order = await _stuck(shop)

    details = await _details(shop.purchase(order))

    assert "**stuck**" in details
    assert "a person: send the update `repair`" in details
    assert "nl1: no route to host" in details


async def test_nothing_about_the_customer_can_be_read_without_the_key(
    shop: Shop, temporal_target: TemporalTarget
) -> None:
    order = await _stuck(shop)

    stored = await _stored(temporal_target, order)

    for secret in (PLAN_NAME, EMAIL, "299.00", "pay.example", "no route to host"):
        assert secret.encode() not in stored


async def _stuck(shop: Shop) -> PurchaseOrder:
    shop.peers.take_down("nl1")
    order = await shop.buy()
    await shop.reaches(PurchaseStage.STUCK)
    await shop.journal.until("alarm")
    return order


async def _first_found(shop: Shop, query: str) -> str:
    """The search index follows the truth with a delay and tells nobody when it has caught up."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async for found in shop.client.list_workflows(query):
                return found.id
            await asyncio.sleep(0.1)


async def _details(handle: WorkflowHandle[Any, Any]) -> str:
    metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    return str(metadata.current_details)


async def _stored(target: TemporalTarget, order: PurchaseOrder) -> bytes:
    """Everything that the server holds of a purchase, as a client without the key gets it."""
    stranger = await Client.connect(
        target.address, namespace=target.namespace, data_converter=pydantic_data_converter
    )
    handle = stranger.get_workflow_handle(purchase_workflow_id(order.purchase_id))
    history = await handle.fetch_history()
    description = (await handle.describe()).raw_description
    events = b"".join(event.SerializeToString() for event in history.events)
    return events + description.SerializeToString()
