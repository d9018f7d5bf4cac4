"""The fleet as operators see it: room, states, removal, and the shop's own peer."""

import pytest

from domain.errors import FleetRefused
from domain.servers import Peer, PeerStatistics, ServerState
from infra.keyring import KeyRing
from infra.postgres.fleet import Fleet
from tests.infra.postgres.shop import DAY, NOW, Shop


@pytest.fixture
def fleet(shop: Shop, key_ring: KeyRing) -> Fleet:
    return Fleet(shop.pool, key_ring)


async def acts(shop: Shop) -> list[tuple[str, str, str]]:
    rows = await shop.pool.fetch("select actor, action, subject from admin_logs order by log_id")
    return [tuple(row) for row in rows]


async def test_a_berth_tells_its_room_and_who_takes_it(shop: Shop, fleet: Fleet) -> None:
    await shop.server("nl1", capacity=4)
    await shop.buy(await shop.customer())
    berth = await fleet.berth("nl1")
    assert (berth.taken, berth.registration.capacity) == (1, 4)
    assert not berth.is_installed


async def test_each_server_tells_what_went_through_it_also_of_those_who_moved_on(
    shop: Shop, fleet: Fleet
) -> None:
    former = await shop.server("nl1")
    device_id = (await shop.buy(await shop.customer())).device_id
    await shop.traffic.note(former, [counted(await shop.access.placed_peer(device_id), 5, 7)], NOW)
    present = await shop.server("nl2", network_v4="10.67.0.0/24")
    await shop.access.move_device(device_id, "nl1")
    await shop.traffic.note(present, [counted(await shop.access.placed_peer(device_id), 1, 2)], NOW)
    assert [berth.traffic_bytes for berth in await fleet.berths()] == [12, 3]


def counted(peer: Peer, received: int, sent: int) -> PeerStatistics:
    return PeerStatistics(
        public_key=peer.public_key,
        endpoint=None,
        latest_handshake=NOW,
        received_bytes=received,
        sent_bytes=sent,
    )


async def test_a_drained_server_gets_nobody_new_and_the_log_says_who_did_it(
    shop: Shop, fleet: Fleet
) -> None:
    await shop.server("nl1")
    await fleet.set_state("nl1", ServerState.DRAINING, "anna")
    assert (await fleet.berth("nl1")).registration.server.state is ServerState.DRAINING
    assert await acts(shop) == [("anna", "server_draining", "server:nl1")]
    assert await shop.servers.locations_for_sale() == ()


async def test_a_server_that_is_not_there_is_told(fleet: Fleet) -> None:
    for attempt in (
        fleet.berth("nl9"),
        fleet.canary("nl9"),
        fleet.remove("nl9", "anna"),
        fleet.set_state("nl9", ServerState.SELLING, "anna"),
    ):
        with pytest.raises(FleetRefused, match="there is no server 'nl9'"):
            await attempt


async def test_an_empty_server_is_removed(shop: Shop, fleet: Fleet) -> None:
    await shop.server("nl1")
    await fleet.canary("nl1")
    await fleet.remove("nl1", "anna")
    assert await fleet.berths() == ()
    assert await shop.count("tunnel_addresses") == await shop.count("server_canaries") == 0


async def test_a_server_is_removed_only_when_it_has_confirmed_that_everybody_is_gone(
    shop: Shop, fleet: Fleet
) -> None:
    await shop.server("nl1")
    grant = await shop.buy(await shop.customer())
    with pytest.raises(FleetRefused, match="nl1 holds 1 devices"):
        await fleet.remove("nl1", "anna")
    removals = await shop.end(grant, NOW + 31 * DAY)
    with pytest.raises(FleetRefused, match="or has not confirmed"):
        await fleet.remove("nl1", "anna")
    for placed in removals:
        await shop.access.confirm_removal(placed)
    await fleet.remove("nl1", "anna")
    assert await fleet.berths() == ()


async def test_a_server_that_may_hold_a_replaced_key_is_not_removed(
    shop: Shop, fleet: Fleet
) -> None:
    await shop.server("nl1")
    grant = await shop.buy(await shop.customer())
    for placed in await shop.end(grant, NOW + 31 * DAY):
        await shop.access.confirm_removal(placed)
    await shop.pool.execute(
        "insert into retired_keys (device_id, last_revision, public_key, server_id) "
        "select $1, 1, repeat('B', 43) || '=', server_id from vpn_servers",
        grant.device_id,
    )
    with pytest.raises(FleetRefused, match="nl1 holds 1 devices"):
        await fleet.remove("nl1", "anna")
    await shop.pool.execute("update retired_keys set gone_at = now()")
    await fleet.remove("nl1", "anna")


async def test_the_canary_is_hatched_once_and_sealed(shop: Shop, fleet: Fleet) -> None:
    await shop.server("nl1")
    canary = await fleet.canary("nl1")
    assert await fleet.canary("nl1") == canary
    assert (str(canary.ipv4), str(canary.ipv6)) == ("10.66.0.254", "fd66::fe")
    row = await shop.pool.fetchrow("select * from server_canaries")
    assert canary.keys.private_key.get_secret_value().encode() not in row["private_key_sealed"]


async def test_no_customer_gets_the_canarys_address(shop: Shop, fleet: Fleet) -> None:
    await shop.server("nl1", capacity=254)
    canary = await fleet.canary("nl1")
    taken = await shop.pool.fetch("select ipv4 from tunnel_addresses")
    assert len(taken) == 252
    assert canary.ipv4 not in {row["ipv4"] for row in taken}


async def test_a_canary_whose_address_an_older_release_gave_away_is_refused(
    shop: Shop, fleet: Fleet
) -> None:
    await shop.server("nl1", capacity=1)
    await shop.pool.execute("update tunnel_addresses set ipv4 = '10.66.0.254'")
    await shop.buy(await shop.customer())
    with pytest.raises(FleetRefused, match=r"holds 10\.66\.0\.254"):
        await fleet.canary("nl1")


async def test_an_installation_that_is_complete_sells_the_first_time_only(
    shop: Shop, fleet: Fleet
) -> None:
    await shop.server("nl1", state=ServerState.DRAINING)
    await shop.pool.execute("update vpn_servers set private_key_sealed = 'x'")
    assert await fleet.finish_installation("nl1", "anna")
    await fleet.set_state("nl1", ServerState.DRAINING, "anna")
    assert not await fleet.finish_installation("nl1", "anna"), "the operator's word stands"
    assert (await fleet.berth("nl1")).registration.server.state is ServerState.DRAINING
