"""A customer takes a device to another location, on real parts: chat, ledger, workflows, nodes."""

from datetime import timedelta
from uuid import UUID

import pytest
from temporalio.client import Client
from temporalio.testing import TimeSkipper

from infra.postgres.pool import Connection
from sandbox.node.client import NodePeer, peers_on
from sandbox.shop import EmbeddedShop
from sandbox.shopper import Shopper
from sandbox.telegram.views import MessageView
from tests.e2e.ledger import ONE_OF_EACH, Ledger
from tests.e2e.test_devices import opens_device
from workflows.device_setup import PARTING

pytestmark = pytest.mark.xdist_group("e2e")

PLACES = {"nl1": "🇳🇱 Netherlands", "de1": "🇩🇪 Germany"}


async def opens_locations(customer: Shopper, device_id: UUID) -> MessageView:
    page = await opens_device(customer, device_id)
    await customer.taps(page, "device:places")
    return await customer.sees_text(page, "Another location")


async def revision_of(database: Connection, device_id: UUID) -> int:
    revision = await database.fetchval(
        "select revision from devices where device_id = $1", device_id
    )
    return int(revision)


async def held_by(shop: EmbeddedShop, slug: str, public_key: str) -> list[NodePeer]:
    return [each for each in await peers_on(shop.nodes[slug]) if each.public_key == public_key]


async def test_a_device_goes_to_another_location_and_its_former_server_lets_go(
    newcomer: Shopper,
    ledger: Ledger,
    shop: EmbeddedShop,
    database: Connection,
    temporal: Client,
) -> None:
    await newcomer.buys()
    await ledger.reaches(newcomer, "done")
    _, file = await newcomer.gets_config()
    device_id = UUID(await ledger.device_of(newcomer))
    (peer,) = await ledger.peers(newcomer)
    source = await ledger.server_of(newcomer)
    (target,) = set(shop.nodes) - {source}

    # An impatient thumb: one change all the same.
    page = await opens_locations(newcomer, device_id)
    assert f"Now: {PLACES[source]}" in page.body
    assert "Changes left: 3 of 3 in any 30 days" in page.body
    await newcomer.taps_twice_at_once(page, "place:")
    name, moved = await newcomer.gets_config(after=page.message_id)
    told = await newcomer.sees(
        lambda each: f"is now in {PLACES[target]}" in each.body, after=page.message_id
    )
    assert (name, moved != file) == (f"wg-{target}.conf", True)
    assert f":{shop.nodes[target].listen_port}".encode() in moved

    # The old tunnel lasts a minute longer, and then the device is at one place.
    assert await held_by(shop, source, peer.public_key)
    assert await held_by(shop, target, peer.public_key)
    revision = await revision_of(database, device_id)
    setup = temporal.get_workflow_handle(f"device:{device_id}:{revision}")
    await TimeSkipper(temporal).fast_forward(setup, PARTING)
    await setup.result(rpc_timeout=timedelta(seconds=30))
    former = await database.fetchval("select server_id from vpn_servers where slug = $1", source)
    removal = temporal.get_workflow_handle(f"removal:{device_id}:{former}:{revision}")
    await removal.result(rpc_timeout=timedelta(seconds=30))
    assert await held_by(shop, source, peer.public_key) == []
    assert await ledger.outcome(newcomer) == ONE_OF_EACH
    assert await ledger.server_of(newcomer) == target
    assert await newcomer.configs() == [file, moved]

    # The way back is the first file, or one like it; then the plan's changes are used up.
    page = await opens_locations(newcomer, device_id)
    assert page.message_id > told.message_id
    assert "Changes left: 2 of 3" in page.body
    await newcomer.taps(page, "place:")
    await newcomer.gets_config(after=page.message_id)
    await newcomer.sees(
        lambda each: f"is now in {PLACES[source]}" in each.body, after=page.message_id
    )
    assert await ledger.server_of(newcomer) == source
    assert len(await held_by(shop, source, peer.public_key)) == 1
    await database.execute(
        """
        insert into location_changes
        select device_id, 0, subscription_id, 'nl', 'de', now() - interval '10 days'
        from devices where device_id = $1
        """,
        device_id,
    )
    page = await opens_locations(newcomer, device_id)
    assert "your plan gives 3 in any 30 days" in page.body
    assert not any((each.callback_data or "").startswith("place:") for each in page.buttons)
