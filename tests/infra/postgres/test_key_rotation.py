"""A server's key is replaced: nothing changes before the machine has it, then everybody is told."""

import asyncio

import pytest

from domain.errors import FleetRefused
from domain.evacuation import EvacuationCause, EvacuationOrder
from infra.keyring import KeyRing
from infra.postgres.evacuations import PostgresEvacuationLedger
from infra.postgres.key_rotation import adopt_key, is_being_handed_out, next_key
from infra.wireguard_keys import public_key_of
from tests.infra.postgres.shop import Shop
from tests.infra.postgres.test_enlisting import Enlister, enlists

__all__ = ["enlists"]

ROTATION = EvacuationOrder(cause=EvacuationCause.KEY_ROTATION, source="nl1", target="nl1")


@pytest.fixture
async def sells(enlists: Enlister) -> None:
    """nl1 is installed."""
    await enlists(capacity=4)
    await enlists.fleet.finish_installation("nl1", "anna")


@pytest.mark.usefixtures("sells")
async def test_until_the_machine_has_the_new_key_every_file_stays_as_it_is(
    shop: Shop, key_ring: KeyRing
) -> None:
    grant = await shop.buy(await shop.customer())
    before = await shop.access.client_config(grant.device_id)
    keys = await asyncio.gather(*(next_key(shop.pool, key_ring, "nl1") for _ in range(3)))
    assert len({key.get_secret_value() for key in keys}) == 1
    assert public_key_of(keys[0]) != before.server_public_key
    assert await shop.access.client_config(grant.device_id) == before


@pytest.mark.usefixtures("sells")
async def test_every_customer_on_it_has_to_be_told_and_keeps_keys_and_address(
    shop: Shop, key_ring: KeyRing
) -> None:
    grants = [await shop.buy_to_the_end(await shop.customer()) for _ in range(2)]
    for grant in grants:
        await shop.setups.confirm_peer(grant.device_id, 1)
    before = await shop.access.client_config(grants[0].device_id)
    key = await next_key(shop.pool, key_ring, "nl1")
    for _ in range(2):
        await adopt_key(shop.pool, key_ring, "nl1", "anna")

    after = await shop.access.client_config(grants[0].device_id)
    assert after == before.model_copy(update={"server_public_key": public_key_of(key)})
    assert await shop.setups.file_of(grants[0].device_id) == before.digest
    ledger = PostgresEvacuationLedger(shop.pool, key_ring)
    rotation = await ledger.begin(ROTATION)
    told = await ledger.unfinished(rotation, None, 10)
    assert {each.turn.device_id for each in told} == {grant.device_id for grant in grants}
    assert (await ledger.tally(rotation.evacuation_id)).waiting == 0
    assert await is_being_handed_out(shop.pool, "nl1")
    await ledger.finish(rotation.evacuation_id)
    assert not await is_being_handed_out(shop.pool, "nl1")
    with pytest.raises(FleetRefused, match="nothing is left to be done"):
        await ledger.begin(ROTATION)


@pytest.mark.usefixtures("sells")
async def test_a_standby_follows_its_principals_new_key(
    enlists: Enlister, shop: Shop, key_ring: KeyRing
) -> None:
    await enlists("203.0.113.2", location=None, standby_of="nl1")
    with pytest.raises(FleetRefused, match="nl2 stands by for another server"):
        await next_key(shop.pool, key_ring, "nl2")
    key = await next_key(shop.pool, key_ring, "nl1")
    await adopt_key(shop.pool, key_ring, "nl1", "anna")
    upgraded = await enlists("203.0.113.2", location=None)
    assert upgraded.registration.server.public_key == public_key_of(key)


@pytest.mark.usefixtures("sells")
async def test_a_server_that_is_being_evacuated_keeps_its_key(
    enlists: Enlister, shop: Shop, key_ring: KeyRing
) -> None:
    await enlists("203.0.113.2")
    ledger = PostgresEvacuationLedger(shop.pool, key_ring)
    await ledger.begin(EvacuationOrder(source="nl1", target="nl2"))
    with pytest.raises(FleetRefused, match="let that end first"):
        await next_key(shop.pool, key_ring, "nl1")


async def test_a_server_whose_key_was_never_saved_is_refused(shop: Shop, key_ring: KeyRing) -> None:
    await shop.server("nl1")
    with pytest.raises(FleetRefused, match="registered by hand"):
        await next_key(shop.pool, key_ring, "nl1")
    with pytest.raises(FleetRefused, match="there is no server"):
        await next_key(shop.pool, key_ring, "nl9")
