"""A device that was added, got new keys, or came back, on its way to its server."""

from datetime import timedelta
from uuid import uuid4

from temporalio.client import WorkflowHandle

from domain.devices import DeviceTurn, DeviceWork, SetupOutcome
from domain.errors import PeerSuperseded, ServerRefused, ServerUnavailable
from domain.ids import DeviceId, ServerId
from domain.subscriptions import PlacedPeer
from tests.workflows.fake_ledger import USER, subscription_of
from tests.workflows.shop import ANSWER, Shop
from workflows.device_setup import AFTER_A_REFUSAL, PARTING, DeviceSetup, DeviceSetupWorkflow
from workflows.names import SHOP_QUEUE, device_workflow_id

Running = WorkflowHandle[DeviceSetupWorkflow, SetupOutcome]

SWIFT = timedelta(seconds=0.4)
PAUSE = timedelta(seconds=0.2)
A_MOMENT = timedelta(seconds=10)


async def test_the_file_comes_once_the_server_holds_the_device(shop: Shop) -> None:
    turn = a_turn()

    await shop.starter.carry_out(DeviceWork(setups=(turn,)))

    delivered = await shop.journal.until("device_delivered")
    assert (delivered.device_id, delivered.name) == (turn.device_id, "Laptop")
    assert [what for what, _ in shop.journal.notes if what in {"peer_held", "confirm_peer"}] == [
        "peer_held",
        "confirm_peer",
    ]


async def test_of_another_speed_the_customer_hears_nothing(shop: Shop) -> None:
    turn = a_turn(revision=2).model_copy(update={"is_quiet": True})
    shop.peers.take_down("nl1")
    running = await setting_up(shop, turn)
    await shop.journal.until("ensure_peer", times=2)
    shop.peers.bring_back("nl1")

    assert await running.result(rpc_timeout=ANSWER) is SetupOutcome.HELD
    assert shop.journal.all_of("device_delayed") == shop.journal.all_of("device_delivered") == []


async def test_the_leaked_key_has_left_before_the_new_one_arrives(shop: Shop) -> None:
    turn = a_turn(revision=3)
    shop.devices.retired.append(
        PlacedPeer(device_id=turn.device_id, server_id=ServerId(1), revision=2)
    )

    assert await (await setting_up(shop, turn)).result(rpc_timeout=ANSWER) is SetupOutcome.HELD

    steps = [what for what, _ in shop.journal.notes]
    assert steps.index("confirm_removal") < steps.index("peer_held")
    assert steps.index("peer_held") < steps.index("device_delivered")


async def test_a_leaked_key_that_does_not_leave_keeps_the_new_file_back(shop: Shop) -> None:
    turn = a_turn(revision=3)
    shop.devices.retired.append(
        PlacedPeer(device_id=turn.device_id, server_id=ServerId(1), revision=2)
    )
    shop.peers.removal_faults["nl1"] = ServerUnavailable("nl1: no route to host")

    await setting_up(shop, turn)
    await is_patient(shop)
    assert shop.journal.all_of("device_delivered") == []

    shop.peers.bring_back("nl1")
    await shop.journal.until("device_delivered")


async def test_a_server_that_is_away_is_told_once_and_asked_until_it_is_back(shop: Shop) -> None:
    shop.peers.take_down("nl1")
    await setting_up(shop, a_turn())
    await is_patient(shop)
    shop.peers.bring_back("nl1")

    await shop.journal.until("device_delivered")
    (delayed,) = shop.journal.all_of("device_delayed")
    assert not delayed.all_full


async def test_without_room_the_customer_is_told_and_the_device_waits_for_it(shop: Shop) -> None:
    servers, shop.ledger.servers = shop.ledger.servers, []
    running = await setting_up(shop, a_turn())

    assert (await shop.journal.until("device_delayed")).all_full
    shop.ledger.servers = servers
    await shop.forward(running, AFTER_A_REFUSAL)

    await shop.journal.until("device_delivered")
    assert len(shop.journal.all_of("device_delayed")) == 1


async def test_a_server_that_refuses_is_asked_again_later(shop: Shop) -> None:
    shop.peers.faults["nl1"] = ServerRefused("nl1 shows another host key")
    running = await setting_up(shop, a_turn())
    await shop.journal.until("device_delayed")

    shop.peers.bring_back("nl1")
    await shop.forward(running, AFTER_A_REFUSAL)

    await shop.journal.until("device_delivered")


async def test_a_later_decision_ends_it_quietly(shop: Shop) -> None:
    turn = a_turn()
    shop.devices.obsolete.add(turn)

    outcome = await (await setting_up(shop, turn)).result(rpc_timeout=ANSWER)

    assert outcome is SetupOutcome.OBSOLETE
    assert shop.journal.all_of("peer_held") == []
    assert shop.journal.all_of("device_delivered") == []


async def test_a_device_removed_while_its_server_is_away_is_given_up_quietly(shop: Shop) -> None:
    turn = a_turn()
    shop.peers.take_down("nl1")
    running = await setting_up(shop, turn)
    await is_patient(shop)

    shop.devices.obsolete.add(turn)

    assert await running.result(rpc_timeout=ANSWER) is SetupOutcome.OBSOLETE


async def test_an_order_that_a_newer_one_overtook_on_its_way_is_given_anew(shop: Shop) -> None:
    turn = a_turn()
    shop.peers.faults["nl1"] = PeerSuperseded("nl1 knows revision 9")
    shop.peers.on_fault = lambda: decide_anew(shop, turn.device_id)

    assert await (await setting_up(shop, turn)).result(rpc_timeout=ANSWER) is SetupOutcome.HELD


async def test_a_telegram_that_is_away_keeps_no_device_from_its_server(shop: Shop) -> None:
    shop.notices.take_down()
    await setting_up(shop, a_turn())

    await shop.journal.until("peer_held")
    shop.notices.bring_back()

    await shop.journal.until("device_delivered")


async def test_what_is_under_way_is_not_begun_twice(shop: Shop) -> None:
    work = DeviceWork(setups=(a_turn(),))

    for _ in range(2):
        await shop.starter.carry_out(work)
    await shop.journal.until("device_delivered")

    started = [each async for each in shop.client.list_workflows("WorkflowType = 'DeviceSetup'")]
    assert len(started) <= 1


async def test_peers_that_have_to_leave_do(shop: Shop) -> None:
    placed = PlacedPeer(device_id=DeviceId(uuid4()), server_id=ServerId(1), revision=2)

    await shop.starter.carry_out(DeviceWork(removals=(placed,)))

    assert await shop.journal.until("confirm_removal") == placed


async def test_a_renewal_has_the_other_devices_set_up_too(shop: Shop) -> None:
    turn = a_turn()
    order = await shop.begin()
    shop.devices.decided[subscription_of(order)] = DeviceWork(setups=(turn,))

    await shop.pay(order)

    assert (await shop.journal.until("device_delivered")).device_id == turn.device_id


async def test_a_former_server_lets_go_a_minute_after_the_new_file_has_come(shop: Shop) -> None:
    turn, former = left_behind(shop)
    running = await setting_up(shop, turn)

    await shop.journal.until("device_delivered")
    await shop.forward(running, PARTING - A_MOMENT)
    assert shop.journal.all_of("confirm_removal") == []
    await shop.forward(running, A_MOMENT)

    assert await shop.journal.until("confirm_removal") == former
    assert await running.result(rpc_timeout=ANSWER) is SetupOutcome.HELD


async def test_until_the_new_server_holds_the_device_the_former_one_does(shop: Shop) -> None:
    turn, _ = left_behind(shop)
    shop.peers.take_down("nl1")
    running = await setting_up(shop, turn)
    await is_patient(shop)
    assert shop.journal.all_of("confirm_removal") == []

    shop.peers.bring_back("nl1")
    await shop.journal.until("device_delivered")
    await shop.forward(running, PARTING)
    await shop.journal.until("confirm_removal")


async def test_a_file_that_has_not_come_yet_leaves_the_former_tunnel(shop: Shop) -> None:
    turn, _ = left_behind(shop)
    shop.notices.take_down()
    running = await setting_up(shop, turn)
    await shop.journal.until("peer_held")
    assert shop.journal.all_of("confirm_removal") == []

    shop.notices.bring_back()
    await shop.journal.until("device_delivered")
    await shop.forward(running, PARTING)
    await shop.journal.until("confirm_removal")


def left_behind(shop: Shop) -> tuple[DeviceTurn, PlacedPeer]:
    """A decision to move, and the peer at the former server."""
    turn = a_turn(revision=2)
    former = PlacedPeer(device_id=turn.device_id, server_id=ServerId(2), revision=2)
    shop.devices.left.append(former)
    return turn, former


def a_turn(revision: int = 1) -> DeviceTurn:
    return DeviceTurn(device_id=DeviceId(uuid4()), user_id=USER, revision=revision)


async def setting_up(shop: Shop, turn: DeviceTurn) -> Running:
    """Begin with little patience."""
    return await shop.client.start_workflow(
        DeviceSetupWorkflow.run,
        DeviceSetup(turn=turn, swift=SWIFT, pause=PAUSE),
        id=device_workflow_id(turn),
        task_queue=SHOP_QUEUE,
    )


def decide_anew(shop: Shop, device_id: DeviceId) -> None:
    """A newer decision: the ledger knows it, and the server too."""
    shop.peers.bring_back("nl1")
    shop.ledger.decide_anew(device_id)


async def is_patient(shop: Shop) -> None:
    """Wait until the customer knows of the delay and a try has been made since."""
    await shop.journal.until_after("device_delayed", "ensure_peer", "remove_peer")
