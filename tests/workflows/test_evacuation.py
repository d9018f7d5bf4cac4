"""A server's customers move to another one, whatever is away, slow or killed meanwhile."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import WorkflowFailureError

from domain.errors import FleetRefused, ServerRefused
from domain.evacuation import EvacuationOrder, EvacuationPhase, Handout
from domain.notices import Delivery
from temporal.evacuation import Watched, begin_or_join, progress_of
from tests.workflows.fake_ledger import a_server
from tests.workflows.journal import PATIENCE_SECONDS
from tests.workflows.shop import ANSWER, Shop
from workflows.evacuation import PAUSE

ORDER = EvacuationOrder(source="nl1", target="nl2", pace=50)
AN_HOUR = timedelta(hours=1)


@pytest.fixture
def two_servers(shop: Shop) -> Shop:
    """Everybody who moves is placed on nl2; what nl1 lets go of is known."""
    shop.ledger.servers = [a_server(2)]
    shop.ledger.on_removal = shop.evacuations.let_go
    return shop


async def begins(shop: Shop, customers: int, order: EvacuationOrder = ORDER) -> Watched:
    """Their files will all be other ones."""
    for device_id in shop.evacuations.settle_in(customers):
        shop.devices.files[device_id] = "another"
    return await begin_or_join(shop.client, order)


async def pauses(handle: Watched) -> str:
    """Wait until it waits for something to be put right; what it says meanwhile."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for event in handle.fetch_history_events(wait_new_event=True):
            timer = event.timer_started_event_attributes
            if timer.start_to_fire_timeout.ToTimedelta() == PAUSE:
                return (await progress_of(handle)).in_words
    raise AssertionError("it ended without a pause")


async def test_everybody_moves_and_knows_and_the_old_server_lets_go(two_servers: Shop) -> None:
    shop = two_servers
    done = await (await begins(shop, 3)).result(rpc_timeout=ANSWER)
    assert (done.phase, done.hindrance) == (EvacuationPhase.DONE, None)
    assert (done.tally.moved, done.tally.sent, done.tally.clinging) == (3, 3, 0)
    assert shop.peers.holders == {"nl2"}
    assert shop.journal.all_of("peer_removed") == ["nl1"] * 3
    assert len(set(shop.journal.all_of("handed_out"))) == 3


async def test_nothing_is_sent_to_those_whose_file_stays_true(two_servers: Shop) -> None:
    shop = two_servers
    for device_id in shop.evacuations.settle_in(2):
        await shop.ledger.placed_peer(device_id)
        shop.devices.files[device_id] = (await shop.ledger.client_config(device_id)).digest
    handle = await begin_or_join(shop.client, ORDER)
    assert (await handle.result(rpc_timeout=ANSWER)).tally.sent == 0
    assert set(shop.evacuations.handouts.values()) == {Handout.SAME_FILE}
    assert shop.journal.all_of("handed_out") == []


async def test_a_later_decision_about_a_device_is_left_to_whoever_made_it(
    two_servers: Shop,
) -> None:
    shop = two_servers
    shop.devices.everything_is_obsolete = True
    done = await (await begins(shop, 1)).result(rpc_timeout=ANSWER)
    assert (done.tally.unsettled, shop.journal.all_of("peer_held")) == (0, [])
    assert set(shop.evacuations.handouts.values()) == {Handout.OBSOLETE}


async def test_while_telegram_is_away_everybody_moves_and_the_files_follow(
    two_servers: Shop,
) -> None:
    shop = two_servers
    shop.notices.take_down()
    handle = await begins(shop, 2)
    await shop.journal.until("settled", times=2)
    assert shop.evacuations.handouts == {}
    shop.notices.bring_back()
    assert (await handle.result(rpc_timeout=ANSWER)).tally.sent == 2


async def test_customers_who_blocked_the_bot_move_all_the_same(two_servers: Shop) -> None:
    shop = two_servers
    shop.notices.outcome = Delivery.UNREACHABLE
    done = await (await begins(shop, 2)).result(rpc_timeout=ANSWER)
    assert (done.tally.unreachable, shop.journal.all_of("settled")) == (
        2,
        shop.journal.all_of("told"),
    )


async def test_a_dead_old_server_holds_up_nobody_and_lets_go_when_it_is_back(
    two_servers: Shop,
) -> None:
    shop = two_servers
    shop.peers.take_down("nl1")
    handle = await begins(shop, 2)
    done = await handle.result(rpc_timeout=ANSWER)
    assert (done.phase, done.tally.sent, done.tally.clinging) == (EvacuationPhase.DONE, 2, 2)
    assert "nl1 still has to let go of 2" in done.in_words
    shop.peers.bring_back("nl1")
    clearing = shop.client.get_workflow_handle("clear:nl1")
    await shop.forward(clearing, AN_HOUR)
    await clearing.result(rpc_timeout=ANSWER)
    assert shop.evacuations.left == []


async def test_while_the_new_server_takes_nobody_nobody_else_is_moved(two_servers: Shop) -> None:
    shop = two_servers
    shop.peers.faults["nl2"] = ServerRefused("nl2 shows another host key")
    handle = await begins(shop, 3, ORDER.model_copy(update={"pace": 1}))
    assert "another host key" in await pauses(handle)
    assert len(shop.evacuations.waiting) == 2
    shop.peers.bring_back("nl2")
    await shop.forward(handle, timedelta(minutes=1))
    done = await handle.result(rpc_timeout=ANSWER)
    assert (done.tally.moved, done.tally.unsettled) == (3, 0)


async def test_a_full_server_is_told_and_goes_on_once_it_has_room(two_servers: Shop) -> None:
    shop = two_servers
    shop.evacuations.room = 1
    handle = await begins(shop, 2)
    assert "nl2 is full: give it a larger --capacity" in await pauses(handle)
    shop.evacuations.room = 5
    await shop.forward(handle, AN_HOUR)
    assert (await handle.result(rpc_timeout=ANSWER)).tally.moved == 2


async def test_it_goes_on_where_it_was_when_every_worker_was_killed(closed_shop: Shop) -> None:
    shop = closed_shop
    shop.ledger.servers = [a_server(2)]
    shop.ledger.on_removal = shop.evacuations.let_go
    async with shop.at_work():
        handle = await begins(shop, 3, ORDER.model_copy(update={"pace": 2}))
        await shop.journal.until("settled")
    async with shop.at_work():
        done = await handle.result(rpc_timeout=ANSWER)
    assert (done.tally.moved, done.tally.sent) == (3, 3)
    assert len(set(shop.journal.all_of("handed_out"))) == 3


async def test_the_command_run_again_joins_and_another_target_is_refused(
    two_servers: Shop,
) -> None:
    shop = two_servers
    shop.evacuations.room = 0
    handle = await begins(shop, 1)
    assert (await begin_or_join(shop.client, ORDER)).id == handle.id
    with pytest.raises(FleetRefused, match="is being evacuated to nl2"):
        await begin_or_join(shop.client, ORDER.model_copy(update={"target": "de1"}))
    await handle.terminate(rpc_timeout=ANSWER)


async def test_what_the_ledger_refuses_ends_at_once(two_servers: Shop) -> None:
    two_servers.evacuations.refusal = FleetRefused("nl2 is down")
    handle = await begins(two_servers, 1)
    with pytest.raises(WorkflowFailureError):
        await handle.result(rpc_timeout=ANSWER)


async def test_many_batches_take_several_runs(two_servers: Shop) -> None:
    handle = await begins(two_servers, 25, ORDER.model_copy(update={"pace": 1}))
    first = (await handle.describe(rpc_timeout=ANSWER)).run_id
    await two_servers.forward(handle, AN_HOUR)
    assert (await handle.result(rpc_timeout=ANSWER)).tally.sent == 25
    assert (await handle.describe(rpc_timeout=ANSWER)).run_id != first
