"""Several devices of one customer on real parts: chat, ledger, workflows, nodes."""

from datetime import timedelta
from uuid import UUID

import pytest
from temporalio.client import Client
from temporalio.testing import TimeSkipper

from infra.postgres.pool import Connection
from sandbox.shopper import Shopper
from sandbox.telegram.views import MessageView
from tests.e2e.ledger import Ledger

pytestmark = pytest.mark.xdist_group("e2e")

QUARTER = 1
"""The number of the plan with three devices in the catalogue."""


async def keys(ledger: Ledger, customer: Shopper) -> set[str]:
    """The customer's keys on the nodes."""
    return {peer.public_key for peer in await ledger.peers(customer)}


async def opens_devices(customer: Shopper) -> MessageView:
    """From a fresh menu to the list of devices."""
    menu = await customer.opens_menu()
    await customer.taps(menu, "open:mine")
    mine = await customer.sees_again(menu, "open:devices")
    await customer.taps(mine, "open:devices")
    return await customer.sees_again(mine, "device:show")


async def adds(customer: Shopper, kind: str) -> bytes:
    """The new device's file."""
    page = await opens_devices(customer)
    await customer.taps(page, "open:new_device")
    page = await customer.sees_again(page, f"device_add:{kind}")
    await customer.taps(page, f"device_add:{kind}")
    return await gets_file(customer, page)


async def gets_file(customer: Shopper, page: MessageView) -> bytes:
    """The file that comes after a tap on the page, with the steps that follow it."""
    _, file = await customer.gets_config(after=page.message_id)
    await customer.sees(lambda each: "is above" in each.body, after=page.message_id)
    return file


async def opens_device(customer: Shopper, device_id: UUID) -> MessageView:
    page = await opens_devices(customer)
    await customer.taps(page, f"device:show:{device_id.hex}")
    return await customer.sees_again(page, "device:file")


async def devices_of(database: Connection, customer: Shopper) -> list[UUID]:
    rows = await database.fetch(
        """
        select device_id from devices join subscriptions using (subscription_id)
        where user_id = $1 and removed_at is null order by devices.created_at
        """,
        customer.user_id,
    )
    return [row["device_id"] for row in rows]


async def workflow_of(database: Connection, temporal: Client, device_id: UUID, kind: str) -> None:
    """Wait for the end of what the device's newest decision began."""
    row = await database.fetchrow(
        """
        select d.revision, a.server_id from devices d left join tunnel_addresses a using (device_id)
        where device_id = $1
        """,
        device_id,
    )
    assert row is not None
    revision, server = row["revision"], row["server_id"]
    name = f"{device_id}:{server}:{revision}" if kind == "removal" else f"{device_id}:{revision}"
    await temporal.get_workflow_handle(f"{kind}:{name}").result(rpc_timeout=timedelta(seconds=30))


async def test_devices_come_change_go_and_return(
    newcomer: Shopper, ledger: Ledger, database: Connection, temporal: Client
) -> None:
    await newcomer.buys(QUARTER)
    await ledger.reaches(newcomer, "done")
    (leaked,) = await keys(ledger, newcomer)

    # A second device has a file and a peer of its own.
    laptop_file = await adds(newcomer, "laptop")
    first, laptop = await devices_of(database, newcomer)
    assert len(await keys(ledger, newcomer)) == 2

    # The first one's file has leaked: its key leaves the node before the new file arrives.
    page = await opens_device(newcomer, first)
    await newcomer.taps(page, "device:keys")
    page = await newcomer.sees_again(page, "device_keys:")
    await newcomer.taps(page, "device_keys:")
    await gets_file(newcomer, page)
    after_leak = await keys(ledger, newcomer)
    assert len(after_leak) == 2
    assert leaked not in after_leak

    # A third one comes and goes.
    await adds(newcomer, "tv")
    tv = (await devices_of(database, newcomer))[-1]
    assert len(await keys(ledger, newcomer)) == 3
    page = await opens_device(newcomer, tv)
    await newcomer.taps(page, "device:drop")
    page = await newcomer.sees_again(page, "device:remove")
    removal = await database.fetchrow(
        "select revision, server_id from devices join tunnel_addresses using (device_id) "
        "where device_id = $1",
        tv,
    )
    assert removal is not None
    await newcomer.taps(page, "device:remove")
    await newcomer.sees_again(page, "open:new_device")
    gone = f"removal:{tv}:{removal['server_id']}:{removal['revision'] + 1}"
    await temporal.get_workflow_handle(gone).result(rpc_timeout=timedelta(seconds=30))
    assert await keys(ledger, newcomer) == after_leak

    # The end takes all, and a renewal brings all back with the same keys.
    subscription = await database.fetchval(
        "select subscription_id from subscriptions where user_id = $1", newcomer.user_id
    )
    handle = temporal.get_workflow_handle(f"subscription:{subscription}")
    clock = TimeSkipper(temporal)
    await clock.fast_forward(handle, timedelta(days=91))
    await newcomer.sees(lambda each: "ended" in each.body, after=page.message_id)
    # To its very end: the next run must not live on in a future of its own.
    await clock.fast_forward(handle, timedelta(days=30))
    await handle.result(rpc_timeout=timedelta(seconds=30))
    for device_id in (first, laptop):
        await workflow_of(database, temporal, device_id, "removal")
    assert await keys(ledger, newcomer) == set()

    await newcomer.buys_again(QUARTER)
    await ledger.reaches(newcomer, "done")
    await workflow_of(database, temporal, laptop, "device")
    assert await keys(ledger, newcomer) == after_leak
    page = await opens_device(newcomer, laptop)
    await newcomer.taps(page, "device:file")
    _, same_file = await newcomer.gets_config(after=page.message_id)
    assert same_file == laptop_file
