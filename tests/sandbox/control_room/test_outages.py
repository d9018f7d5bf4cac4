"""What is broken with a click is broken, is shown, and loses nothing."""

import asyncio

import pytest

from sandbox.control_room.client import ControlRoom
from sandbox.control_room.views import OutageKind, ProcessName, RoomState
from sandbox.node.client import state_of
from sandbox.shop import EmbeddedShop
from sandbox.shopper import Shopper
from sandbox.supervision import Condition
from sandbox.yookassa.client import YooKassaSandbox

pytestmark = pytest.mark.xdist_group("control-room")


def shows(state: RoomState) -> set[OutageKind]:
    return {each.kind for each in state.outages if each.is_on}


async def test_all_is_well_at_first(room: ControlRoom) -> None:
    state = await room.state()
    assert shows(state) == set()
    assert {each.kind for each in state.outages} == set(OutageKind)


@pytest.mark.parametrize(
    "kind",
    [
        OutageKind.NODE_DOWN,
        OutageKind.NODE_HANGS,
        OutageKind.NODE_SLOW,
        OutageKind.KASSA_ERROR_AFTER,
        OutageKind.KASSA_DOWN,
        OutageKind.NOTIFICATIONS_LOST,
        OutageKind.NOTIFICATIONS_DOUBLED,
        OutageKind.TELEGRAM_FLOOD,
    ],
)
async def test_an_outage_is_shown_while_it_lasts_and_no_longer(
    room: ControlRoom, kind: OutageKind
) -> None:
    assert (await room.break_it(kind)).is_on
    assert shows(await room.state()) == {kind}
    assert not (await room.mend(kind)).is_on
    assert shows(await room.state()) == set()


async def test_what_is_broken_by_another_hand_is_shown_too(
    room: ControlRoom, kassa: YooKassaSandbox
) -> None:
    await kassa.go_down()
    assert shows(await room.state()) == {OutageKind.KASSA_DOWN}


async def test_a_new_order_for_the_node_replaces_the_old_one(
    room: ControlRoom, shop: EmbeddedShop
) -> None:
    await room.break_it(OutageKind.NODE_HANGS)
    await room.break_it(OutageKind.NODE_DOWN)
    await room.mend(OutageKind.NODE_HANGS)
    assert await state_of(shop.nodes["nl1"]) == "down"
    assert shows(await room.state()) == {OutageKind.NODE_DOWN}


async def test_mending_the_500s_leaves_an_outage_in_force(room: ControlRoom) -> None:
    await room.break_it(OutageKind.KASSA_DOWN)
    await room.break_it(OutageKind.KASSA_ERROR_AFTER)
    await room.mend(OutageKind.KASSA_ERROR_AFTER)
    assert shows(await room.state()) == {OutageKind.KASSA_DOWN}


async def test_a_purchase_survives_a_charge_answered_by_500_and_news_that_is_lost(
    room: ControlRoom, customer: Shopper
) -> None:
    await room.break_it(OutageKind.KASSA_ERROR_AFTER)
    await room.break_it(OutageKind.NOTIFICATIONS_LOST)
    message = await customer.reaches_payment_page()
    assert await customer.payment_count() == 1
    await customer.pays(message)
    name, _ = await customer.gets_config()
    assert name == "wg-nl1.conf"


async def test_the_newest_customer_blocks_the_bot_and_is_named(
    room: ControlRoom, customer: Shopper
) -> None:
    await customer.arrive()
    assert (await room.break_it(OutageKind.BOT_BLOCKED)).whom == "Anna"
    blocked = [each.user_id for each in (await room.state()).customers if each.has_blocked]
    assert blocked == [customer.user_id]
    await room.mend(OutageKind.BOT_BLOCKED)
    assert shows(await room.state()) == set()


async def test_a_purchase_waits_for_a_worker_that_is_kept_down_and_two_clicks_kill_it_once(
    room: ControlRoom, customer: Shopper
) -> None:
    message = await customer.reaches_payment_page()
    before = (await room.state()).process(ProcessName.WORKER)
    await asyncio.gather(*(room.break_it(OutageKind.WORKER_DOWN) for _ in range(2)))
    payment = await customer.pays(message)
    state = await room.wait_for(lambda state: payment.id in state.payments)
    worker = state.process(ProcessName.WORKER)
    assert (worker.condition, worker.deaths) == (Condition.KEPT_DOWN, before.deaths + 1)
    assert [each.stage for each in state.flights.running if each.type == "Purchase"] == [
        "awaiting_payment"
    ]
    await room.mend(OutageKind.WORKER_DOWN)
    assert (await room.state()).process(ProcessName.WORKER).condition is Condition.RUNNING
    await customer.gets_config()


async def test_what_was_paid_while_the_database_was_down_is_delivered_afterwards(
    room: ControlRoom, customer: Shopper
) -> None:
    message = await customer.reaches_payment_page()
    await room.break_it(OutageKind.POSTGRES_DOWN)
    assert shows(await room.state()) == {OutageKind.POSTGRES_DOWN}
    await customer.pays(message)
    await room.mend(OutageKind.POSTGRES_DOWN)
    await customer.gets_config()


async def test_what_was_paid_while_temporal_was_down_is_delivered_afterwards(
    room: ControlRoom, customer: Shopper
) -> None:
    message = await customer.reaches_payment_page()
    await room.break_it(OutageKind.TEMPORAL_DOWN)
    state = await room.state()
    assert shows(state) == {OutageKind.TEMPORAL_DOWN}
    assert not state.flights.is_reachable
    await customer.pays(message)
    await room.mend(OutageKind.TEMPORAL_DOWN)
    assert (await room.state()).flights.is_reachable
    await customer.gets_config()
