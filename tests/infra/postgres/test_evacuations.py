"""Customers of one server go to another: who moves, with what, and what stays to be done."""

import asyncio

import pytest

from domain.errors import FleetRefused
from domain.evacuation import Batch, Evacuation, EvacuationOrder, Forecast, Handout
from domain.ids import DeviceId
from domain.servers import ServerState
from domain.subscriptions import Grant, PlacedPeer
from infra.keyring import KeyRing
from infra.postgres.evacuating import forecast
from infra.postgres.evacuations import PostgresEvacuationLedger
from infra.postgres.pool import Pool
from tests.infra.postgres.shop import MONTH, NOW, Shop

THERE = EvacuationOrder(source="nl1", target="nl2")
BACK = EvacuationOrder(source="nl2", target="nl1")
OTHER_NETWORKS = {"network_v4": "10.77.0.0/24", "network_v6": "fd77::/64"}


@pytest.fixture
def ledger(pool: Pool, key_ring: KeyRing) -> PostgresEvacuationLedger:
    return PostgresEvacuationLedger(pool, key_ring)


async def customers(shop: Shop, number: int) -> list[Grant]:
    """Customers on nl1, whom it holds; nl2 stands beside it, with the same networks."""
    await shop.server("nl1")
    grants = [await shop.buy_to_the_end(await shop.customer()) for _ in range(number)]
    for grant in grants:
        await shop.setups.confirm_peer(grant.device_id, 1)
    await shop.server("nl2", host="nl2.example")
    return grants


async def moves(
    ledger: PostgresEvacuationLedger, order: EvacuationOrder = THERE
) -> tuple[Evacuation, Batch]:
    evacuation = await ledger.begin(order)
    return evacuation, await ledger.decide(evacuation, evacuation.next_batch, 10)


def devices_in(batch: Batch) -> set[DeviceId]:
    return {each.turn.device_id for each in batch.relocations}


async def test_every_customer_moves_with_keys_and_address_and_the_old_peer_has_to_leave(
    shop: Shop, ledger: PostgresEvacuationLedger
) -> None:
    grants = await customers(shop, 2)
    before = [await shop.access.placed_peer(grant.device_id) for grant in grants]
    evacuation, batch = await moves(ledger)
    assert devices_in(batch) == {grant.device_id for grant in grants}
    for old in before:
        new = await shop.access.placed_peer(old.device_id)
        assert new.server.slug == "nl2"
        assert (new.public_key, new.ipv4, new.ipv6) == (old.public_key, old.ipv4, old.ipv6)
        assert new.revision > old.revision
    left = await ledger.left_behind(evacuation.source_id, 10)
    assert {each.device_id for each in left} == devices_in(batch)
    assert (await ledger.tally(evacuation.evacuation_id)).clinging == 2
    for each in left:
        await shop.access.confirm_removal(each)
    assert await ledger.left_behind(evacuation.source_id, 10) == []


async def test_the_old_server_sells_no_more(shop: Shop, ledger: PostgresEvacuationLedger) -> None:
    await customers(shop, 1)
    await moves(ledger)
    states = {server.slug: server.state for server in await shop.servers.all()}
    assert states == {"nl1": ServerState.DRAINING, "nl2": ServerState.SELLING}


async def test_an_address_that_is_taken_on_the_new_server_is_replaced_by_a_free_one(
    shop: Shop, ledger: PostgresEvacuationLedger
) -> None:
    (grant,) = await customers(shop, 1)
    taken = await shop.address_of(grant.device_id)
    other = await shop.buy_to_the_end(await shop.customer())
    assert taken is not None
    assert await shop.address_of(other.device_id) == ("nl2", taken[1])
    await moves(ledger)
    assert await shop.address_of(grant.device_id) == ("nl2", taken[1] + 1)


async def test_the_file_that_a_customer_has_is_remembered_before_it_changes(
    shop: Shop, ledger: PostgresEvacuationLedger
) -> None:
    (grant,) = await customers(shop, 1)
    had = (await shop.access.client_config(grant.device_id)).digest
    assert await shop.setups.file_of(grant.device_id) is None
    await moves(ledger)
    assert await shop.setups.file_of(grant.device_id) == had
    assert (await shop.access.client_config(grant.device_id)).digest != had


async def test_a_customer_whom_the_old_server_never_held_has_no_file_yet(
    shop: Shop, ledger: PostgresEvacuationLedger
) -> None:
    await shop.server("nl1")
    grant = await shop.buy(await shop.customer())
    await shop.server("nl2")
    await moves(ledger)
    assert await shop.setups.file_of(grant.device_id) is None


async def test_a_step_that_is_repeated_returns_what_it_had_decided(
    shop: Shop, ledger: PostgresEvacuationLedger
) -> None:
    await customers(shop, 3)
    evacuation = await ledger.begin(THERE)
    first = await ledger.decide(evacuation, 1, 2)
    assert (len(first.relocations), await ledger.decide(evacuation, 1, 2)) == (2, first)
    assert await ledger.begin(THERE) == evacuation.model_copy(update={"next_batch": 2})
    second = await ledger.decide(evacuation, 2, 2)
    assert len(second.relocations) == 1
    assert devices_in(first).isdisjoint(devices_in(second))


async def test_two_workers_at_the_same_step_move_each_device_once(
    shop: Shop, ledger: PostgresEvacuationLedger, pool: Pool
) -> None:
    await customers(shop, 3)
    evacuation = await ledger.begin(THERE)
    await asyncio.gather(*(ledger.decide(evacuation, 1, 3) for _ in range(4)))
    assert [row["revision"] for row in await pool.fetch("select revision from devices")] == [2] * 3


async def test_a_full_server_takes_what_it_can_and_the_others_stay_where_they_are(
    shop: Shop, ledger: PostgresEvacuationLedger
) -> None:
    grants = await customers(shop, 3)
    await shop.pool.execute(
        "delete from tunnel_addresses a using vpn_servers v "
        "where v.server_id = a.server_id and slug = 'nl2' and ipv4 > '10.66.0.3'"
    )
    evacuation, batch = await moves(ledger)
    assert (len(batch.relocations), batch.is_full) == (2, True)
    assert (await ledger.tally(evacuation.evacuation_id)).waiting == 1
    places = [await shop.address_of(grant.device_id) for grant in grants]
    assert sorted(place[0] for place in places if place) == ["nl1", "nl2", "nl2"]
    assert (await ledger.left_behind(evacuation.source_id, 10))[0].revision == 2

    await shop.server("nl2", host="nl2.example")
    rest = await ledger.decide(evacuation, 2, 10)
    assert (len(rest.relocations), rest.is_full) == (1, False)


async def test_those_who_are_away_find_their_address_on_the_new_server(
    shop: Shop, ledger: PostgresEvacuationLedger
) -> None:
    (grant,) = await customers(shop, 1)
    address = await shop.address_of(grant.device_id)
    await shop.leave(grant, NOW + MONTH)
    evacuation, batch = await moves(ledger)
    assert address is not None
    assert (batch.relocations, await shop.address_of(grant.device_id)) == ((), ("nl2", address[1]))
    assert await ledger.left_behind(evacuation.source_id, 10) == []


async def test_one_who_is_leaving_goes_on_to_leave_the_old_server(
    shop: Shop, ledger: PostgresEvacuationLedger
) -> None:
    (grant,) = await customers(shop, 1)
    (leaving,) = await shop.end(grant, NOW + MONTH)
    evacuation, batch = await moves(ledger)
    assert (batch.relocations, await shop.address_of(grant.device_id)) == ((), None)
    assert await ledger.left_behind(evacuation.source_id, 10) == [leaving]
    await shop.access.confirm_removal(leaving)
    assert await ledger.left_behind(evacuation.source_id, 10) == []
    # Their return finds them a place on a server that sells.
    again = await shop.buy(grant.user_id, NOW + 2 * MONTH)
    assert (await shop.address_of(again.device_id) or ("",))[0] == "nl2"


async def test_whoever_comes_back_before_the_old_server_has_let_go_returns_to_their_address(
    shop: Shop, ledger: PostgresEvacuationLedger
) -> None:
    await shop.server("nl1")
    grant = await shop.buy_to_the_end(await shop.customer())
    home = await shop.address_of(grant.device_id)
    await shop.server("nl2", **OTHER_NETWORKS)
    evacuation, _ = await moves(ledger)
    (late,) = await ledger.left_behind(evacuation.source_id, 10)
    await ledger.finish(evacuation.evacuation_id)
    await moves(ledger, BACK)
    assert await shop.address_of(grant.device_id) == home
    # A removal that was still on its way frees nothing of what is needed again.
    await shop.access.confirm_removal(late)
    assert await shop.address_of(grant.device_id) == home


async def test_an_old_key_that_the_server_may_still_hold_keeps_the_address_until_it_is_gone(
    shop: Shop, ledger: PostgresEvacuationLedger
) -> None:
    (grant,) = await customers(shop, 1)
    home = await shop.address_of(grant.device_id)
    evacuation, _ = await moves(ledger)
    await ledger.finish(evacuation.evacuation_id)
    await shop.devices.reissue(grant.user_id, grant.device_id, 2, NOW)
    await moves(ledger, BACK)
    assert home is not None
    assert await shop.address_of(grant.device_id) == ("nl1", home[1] + 1)


async def test_what_is_settled_and_told_is_finished(
    shop: Shop, ledger: PostgresEvacuationLedger
) -> None:
    await customers(shop, 2)
    evacuation, batch = await moves(ledger)
    first, second = await ledger.unfinished(evacuation, None, 10)
    assert {first.turn.device_id, second.turn.device_id} == devices_in(batch)
    assert await ledger.unfinished(evacuation, first.turn.device_id, 10) == [second]
    for each in (first, second):
        await ledger.note_settled(each)
    await ledger.note_handout(first, Handout.SENT)
    await ledger.note_handout(second, Handout.UNREACHABLE)
    tally = await ledger.tally(evacuation.evacuation_id)
    assert (tally.moved, tally.unsettled, tally.untold) == (2, 0, 0)
    assert (tally.sent, tally.unreachable, tally.total) == (1, 1, 2)
    assert await ledger.unfinished(evacuation, None, 10) == []


async def test_what_it_would_mean_is_known_before(shop: Shop, pool: Pool) -> None:
    grants = await customers(shop, 3)
    await shop.leave(grants[0], NOW + MONTH)
    await shop.sell_only_in("month", "nl")
    await shop.server("de1", location="de", **OTHER_NETWORKS)
    there = await forecast(pool, THERE)
    assert there == Forecast(devices=2, resting=1, keeps_files=False, room=4, elsewhere=0)
    abroad = await forecast(pool, EvacuationOrder(source="nl1", target="de1"))
    assert abroad.elsewhere == 2
    await pool.execute("update vpn_servers set endpoint_host = 'vpn.example' where slug = 'nl2'")
    assert (await forecast(pool, THERE)).keeps_files


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("nl1", "nl1", "to itself"),
        ("nl1", "nl9", "there is no server 'nl9'"),
        ("nl1", "de1", "towards nl2"),
        ("nl2", "nl1", "towards nl2"),
        ("de1", "nl1", "towards nl2"),
    ],
)
async def test_an_evacuation_that_makes_no_sense_or_crosses_another_is_refused(
    shop: Shop, ledger: PostgresEvacuationLedger, source: str, target: str, words: str
) -> None:
    await customers(shop, 1)
    await shop.server("de1", location="de", **OTHER_NETWORKS)
    await ledger.begin(THERE)
    with pytest.raises(FleetRefused, match=words):
        await ledger.begin(EvacuationOrder(source=source, target=target))


async def test_a_purchase_that_begins_meanwhile_goes_to_the_new_server(
    shop: Shop, ledger: PostgresEvacuationLedger
) -> None:
    await customers(shop, 1)
    await ledger.begin(THERE)
    grant = await shop.buy(await shop.customer())
    assert grant.server == "nl2"


async def test_access_that_ends_meanwhile_leaves_both_servers(
    shop: Shop, ledger: PostgresEvacuationLedger
) -> None:
    (grant,) = await customers(shop, 1)
    evacuation, batch = await moves(ledger)
    removals = await shop.end(grant, NOW + MONTH)
    servers = {each.server_id for each in removals}
    assert servers == {evacuation.source_id, evacuation.target_id}
    (relocation,) = batch.relocations
    assert not await shop.setups.is_current(relocation.turn)
    expected = PlacedPeer(device_id=grant.device_id, server_id=evacuation.target_id, revision=3)
    assert expected in removals
