"""What a server is to be is decided once, and never so that customers are cut off."""

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr

from domain.errors import FleetRefused
from domain.servers import ServerState
from infra.keyring import KeyRing
from infra.postgres.enlisting import Enlisted, Wishes, enlist
from infra.postgres.fleet import Fleet
from infra.ssh import SshEndpoint
from infra.wireguard_keys import new_private_key, public_key_of
from tests.infra.postgres.shop import Shop


class Enlister:
    """Enlists servers in the shop's ledger."""

    def __init__(self, shop: Shop, ring: KeyRing) -> None:
        self._shop = shop
        self._ring = ring
        self.fleet = Fleet(shop.pool, ring)

    async def __call__(
        self,
        host: str = "203.0.113.1",
        *,
        port: int = 22,
        found_key: SecretStr | None = None,
        **wishes: Any,
    ) -> Enlisted:
        line = SshEndpoint(name=host, host=host, port=port, user="wgshop", host_key="ssh-ed25519 A")
        told = Wishes(**{"location": "nl", **wishes})
        return await enlist(
            self._shop.pool, self._ring, line=line, wishes=told, found_key=found_key, actor="anna"
        )


@pytest.fixture
def enlists(shop: Shop, key_ring: KeyRing) -> Enlister:
    return Enlister(shop, key_ring)


async def test_a_new_server_gets_a_name_networks_and_a_key_and_no_customers_yet(
    enlists: Enlister,
) -> None:
    decided = await enlists()
    server = decided.registration.server
    assert (server.slug, server.state) == ("nl1", ServerState.DRAINING)
    assert str(decided.registration.network_v4) == "10.66.0.0/16"
    assert (server.endpoint_host, server.endpoint_port) == ("203.0.113.1", 51820)
    assert public_key_of(decided.private_key) == server.public_key


async def test_the_second_time_finds_what_the_first_decided(enlists: Enlister) -> None:
    first = await enlists()
    assert await enlists() == first
    assert len(await enlists.fleet.berths()) == 1


async def test_servers_enlisted_at_once_share_neither_name_nor_network(enlists: Enlister) -> None:
    hosts = [f"203.0.113.{number}" for number in range(1, 7)]
    decided = await asyncio.gather(*(enlists(host) for host in hosts))
    assert len({one.registration.server.slug for one in decided}) == 6
    assert len({one.registration.network_v4 for one in decided}) == 6
    assert len({one.registration.network_v6 for one in decided}) == 6


async def test_the_key_that_a_machine_has_already_becomes_the_servers(enlists: Enlister) -> None:
    key = new_private_key()
    decided = await enlists(found_key=key)
    assert decided.private_key == key
    assert (await enlists(found_key=new_private_key())).private_key == key, "the first one stays"


async def test_the_saved_key_is_sealed(enlists: Enlister, shop: Shop) -> None:
    decided = await enlists()
    sealed = await shop.pool.fetchval("select private_key_sealed from vpn_servers")
    assert decided.private_key.get_secret_value().encode() not in sealed


async def test_a_server_registered_by_hand_is_taken_over_with_its_own_key_only(
    enlists: Enlister, shop: Shop
) -> None:
    await shop.server("nl1")  # its public key is that of nobody
    with pytest.raises(FleetRefused, match=r"put its private key into /etc/wireguard/wg0\.key"):
        await enlists("127.0.0.1", found_key=new_private_key())
    key = new_private_key()
    await shop.pool.execute("update vpn_servers set public_key = $1", public_key_of(key))
    assert (await enlists("127.0.0.1", found_key=key)).registration.server.slug == "nl1"


async def test_a_disguise_is_chosen_once(enlists: Enlister) -> None:
    first = (await enlists(is_disguised=True)).registration.server.obfuscation
    assert first is not None
    assert (await enlists(is_disguised=True)).registration.server.obfuscation == first
    assert (await enlists()).registration.server.obfuscation == first
    other = (await enlists("203.0.113.2", is_disguised=True)).registration.server.obfuscation
    assert other != first


@pytest.mark.parametrize(
    ("wish", "named"),
    [
        ({"endpoint_port": 443}, "its UDP port"),
        ({"is_disguised": True}, "AmneziaWG's parameters"),
        ({"network_v4": "10.99.0.0/16"}, "its networks"),
    ],
)
async def test_a_server_with_customers_keeps_what_their_files_say(
    enlists: Enlister, shop: Shop, wish: dict[str, Any], named: str
) -> None:
    before = (await enlists()).registration.server
    await shop.pool.execute("update vpn_servers set state = 'selling'")
    await shop.buy(await shop.customer())
    with pytest.raises(FleetRefused, match=f"would stop working if {named} changed"):
        await enlists(**wish)
    await enlists(capacity=300, dns=("9.9.9.9",))
    after = (await enlists.fleet.berth("nl1")).registration.server
    assert after.model_copy(update={"dns": before.dns, "state": before.state}) == before


async def test_an_empty_server_may_become_another(enlists: Enlister) -> None:
    await enlists()
    server = (await enlists(endpoint_port=443, is_disguised=True)).registration.server
    assert server.endpoint_port == 443
    assert server.obfuscation is not None


async def test_a_name_belongs_to_one_machine_until_it_is_replaced(enlists: Enlister) -> None:
    first = await enlists(slug="nl1")
    with pytest.raises(FleetRefused, match="say --replace"):
        await enlists("203.0.113.2", slug="nl1")
    with pytest.raises(FleetRefused, match="this machine is nl1"):
        await enlists(slug="nl2")
    after = await enlists("203.0.113.2", slug="nl1", replaces=True)
    assert after.private_key == first.private_key
    server = after.registration.server
    assert (server.ssh_host, server.endpoint_host) == ("203.0.113.2", "203.0.113.2")


async def test_a_replaced_machine_keeps_the_dns_name_that_customers_have(enlists: Enlister) -> None:
    await enlists(slug="nl1", endpoint_host="nl1.example.com")
    after = await enlists("203.0.113.2", slug="nl1", replaces=True)
    assert after.registration.server.endpoint_host == "nl1.example.com"


async def test_without_a_location_a_new_server_is_not_enlisted(enlists: Enlister) -> None:
    with pytest.raises(FleetRefused, match="--location"):
        await enlists(location=None)


async def test_customers_of_a_disguised_server_get_its_parameters_in_their_files(
    enlists: Enlister, shop: Shop
) -> None:
    server = (await enlists(is_disguised=True)).registration.server
    await shop.pool.execute("update vpn_servers set state = 'selling'")
    grant = await shop.buy(await shop.customer())
    config = await shop.access.client_config(grant.device_id)
    assert server.obfuscation is not None
    assert set(server.obfuscation.lines()) <= set(config.render().splitlines())
