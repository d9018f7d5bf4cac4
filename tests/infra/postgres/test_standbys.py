"""A server that waits to take another one's customers without a new file for anybody."""

from ipaddress import IPv4Address

import pytest

from domain.errors import FleetRefused
from domain.evacuation import EvacuationOrder
from domain.servers import ServerState
from infra.keyring import KeyRing
from infra.postgres.evacuating import forecast
from infra.postgres.evacuations import PostgresEvacuationLedger
from infra.postgres.fleet import Fleet
from tests.infra.postgres.shop import NOW, Shop
from tests.infra.postgres.test_enlisting import Enlister, enlists

__all__ = ["enlists"]

NAME = "nl.example.com"
THERE = EvacuationOrder(source="nl1", target="nl2")


@pytest.fixture
def fleet(shop: Shop, key_ring: KeyRing) -> Fleet:
    return Fleet(shop.pool, key_ring)


async def both(enlists: Enlister, endpoint: str | None = NAME) -> None:
    """nl1 sells; nl2 stands by for it."""
    await enlists(endpoint_host=endpoint, capacity=4)
    await enlists.fleet.finish_installation("nl1", "anna")
    await enlists("203.0.113.2", location=None, standby_of="nl1")


async def test_a_standby_is_the_same_to_customers_and_takes_nobody(
    enlists: Enlister, fleet: Fleet
) -> None:
    await both(enlists)
    first, standby = await fleet.berths()
    one, other = first.registration.server, standby.registration.server
    assert (other.slug, standby.principal, other.state) == ("nl2", "nl1", ServerState.DRAINING)
    for what in ("location", "public_key", "endpoint_host", "endpoint_port", "dns", "mtu"):
        assert getattr(one, what) == getattr(other, what), what
    networks = {
        (each.registration.network_v4, each.registration.network_v6) for each in (first, standby)
    }
    assert (len(networks), standby.registration.capacity) == (1, 4)
    assert standby.tried_at.endpoint_host == "203.0.113.2", "the name leads to nl1"
    assert not await fleet.finish_installation("nl2", "anna")
    with pytest.raises(FleetRefused, match="nl2 stands by for nl1"):
        await fleet.set_state("nl2", ServerState.SELLING, "anna")


async def test_the_second_time_finds_the_standby_of_the_first(enlists: Enlister) -> None:
    await both(enlists)
    again = await enlists("203.0.113.2", location=None)
    assert again == await enlists("203.0.113.2", location=None, standby_of="nl1")
    assert len(await enlists.fleet.berths()) == 2


async def test_where_customers_know_an_address_the_standby_has_its_own(
    enlists: Enlister, fleet: Fleet
) -> None:
    await both(enlists, endpoint=None)
    assert (await fleet.berth("nl2")).registration.server.endpoint_host == "203.0.113.2"


async def test_a_standby_takes_the_place_and_no_file_changes(
    enlists: Enlister, fleet: Fleet, shop: Shop, key_ring: KeyRing
) -> None:
    await both(enlists)
    grant = await shop.buy_to_the_end(await shop.customer())
    await shop.setups.confirm_peer(grant.device_id, 1)
    before = await shop.access.client_config(grant.device_id)
    assert (await forecast(shop.pool, THERE)).keeps_files

    ledger = PostgresEvacuationLedger(shop.pool, key_ring)
    await ledger.decide(await ledger.begin(THERE), 1, 10)
    after = await shop.access.client_config(grant.device_id)
    assert (after.digest, after.ipv4.ip) == (before.digest, IPv4Address("10.66.0.2"))
    first, second = await fleet.berths()
    assert (first.principal, second.principal) == ("nl2", None)
    assert (await shop.buy(await shop.customer(), NOW)).server == "nl2"


@pytest.mark.parametrize(
    ("host", "standby_of", "words"),
    [
        ("203.0.113.3", "nl9", "there is no server 'nl9'"),
        ("203.0.113.3", "nl2", "nl2 itself stands by for nl1"),
        ("203.0.113.1", "nl2", "nl1 is a server already"),
    ],
)
async def test_a_standby_that_makes_no_sense_is_refused(
    enlists: Enlister, host: str, standby_of: str, words: str
) -> None:
    await both(enlists)
    with pytest.raises(FleetRefused, match=words):
        await enlists(host, standby_of=standby_of)


async def test_a_server_whose_key_nobody_knows_can_have_no_standby(
    enlists: Enlister, shop: Shop
) -> None:
    await shop.server("nl1")
    with pytest.raises(FleetRefused, match="`wgshop server upgrade nl1` fetches it"):
        await enlists("203.0.113.2", standby_of="nl1")


async def test_a_server_that_is_being_evacuated_does_not_sell_again_meanwhile(
    enlists: Enlister, fleet: Fleet, shop: Shop, key_ring: KeyRing
) -> None:
    await both(enlists)
    await shop.pool.execute("update vpn_servers set standby_of = null")
    await PostgresEvacuationLedger(shop.pool, key_ring).begin(THERE)
    with pytest.raises(FleetRefused, match="nl1 is being evacuated to nl2"):
        await fleet.set_state("nl1", ServerState.SELLING, "anna")
