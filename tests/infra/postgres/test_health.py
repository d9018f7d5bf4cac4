"""Which servers are well, as it is written down, and whom the ledger expects on them."""

import asyncio

import pytest

from domain.errors import FleetRefused
from domain.health import BAD_LOOKS_TO_FALL, Census, Health, Look, Symptom
from domain.ids import ServerId
from domain.servers import PeerStatistics, ServerState
from infra.keyring import KeyRing
from infra.postgres.fleet import Fleet
from infra.postgres.health import PostgresHealthLedger
from infra.postgres.pool import Pool
from tests.infra.postgres.shop import MONTH, NOW, Shop

GONE = Look(symptom=Symptom.GONE, detail="no route to host")


@pytest.fixture
def ledger(pool: Pool, key_ring: KeyRing) -> PostgresHealthLedger:
    return PostgresHealthLedger(pool, key_ring)


@pytest.fixture
def fleet(pool: Pool, key_ring: KeyRing) -> Fleet:
    return Fleet(pool, key_ring)


async def test_looks_add_up_and_are_shown_with_the_fleet(
    shop: Shop, ledger: PostgresHealthLedger, fleet: Fleet
) -> None:
    nl1 = await shop.server("nl1")
    assert (await fleet.berth("nl1")).health is None
    for _ in range(BAD_LOOKS_TO_FALL):
        record = await ledger.note_look(nl1, GONE, NOW)
    assert (record.health, record.symptom, record.since) == (Health.DOWN, Symptom.GONE, NOW)
    berth = await fleet.berth("nl1")
    assert (berth.health, berth.symptom) == (Health.DOWN, Symptom.GONE)


async def test_two_looks_at_once_are_two(shop: Shop, ledger: PostgresHealthLedger) -> None:
    nl1 = await shop.server("nl1")
    looks = (ledger.note_look(nl1, GONE, NOW) for _ in range(BAD_LOOKS_TO_FALL))
    records = await asyncio.gather(*looks)
    assert sorted(record.bad_looks for record in records) == [1, 2, 3]


async def test_what_the_staff_know_is_no_news_any_more(
    shop: Shop, ledger: PostgresHealthLedger
) -> None:
    nl1 = await shop.server("nl1")
    for _ in range(BAD_LOOKS_TO_FALL):
        record = await ledger.note_look(nl1, GONE, NOW)
    assert record.news is Health.DOWN
    await ledger.note_told(nl1, Health.DOWN)
    assert (await ledger.note_look(nl1, GONE, NOW)).news is None


async def test_a_server_that_was_removed_meanwhile_has_no_health(
    ledger: PostgresHealthLedger,
) -> None:
    with pytest.raises(FleetRefused, match="no server 404"):
        await ledger.note_look(ServerId(404), GONE, NOW)


async def test_those_that_an_operator_declared_down_are_left_alone(
    shop: Shop, ledger: PostgresHealthLedger
) -> None:
    await shop.server("draining", state=ServerState.DRAINING)
    await shop.server("down", state=ServerState.DOWN)
    assert [one.server.slug for one in await ledger.patients()] == ["draining"]


async def test_one_that_is_being_installed_for_the_first_time_is_no_patient_yet(
    shop: Shop, ledger: PostgresHealthLedger
) -> None:
    await shop.server("nl1", state=ServerState.DRAINING)
    await shop.pool.execute("update vpn_servers set private_key_sealed = 'sealed'")
    assert await ledger.patients() == []
    await shop.pool.execute("update vpn_servers set installed_at = now()")
    assert len(await ledger.patients()) == 1


async def test_the_canary_is_tried_where_there_is_one(
    shop: Shop, ledger: PostgresHealthLedger, fleet: Fleet
) -> None:
    await shop.server("nl1")
    (by_hand,) = await ledger.patients()
    assert by_hand.canary is None
    canary = await fleet.canary("nl1")
    (checked,) = await ledger.patients()
    assert checked.canary == canary


async def test_a_standby_is_tried_at_its_own_address(
    shop: Shop, ledger: PostgresHealthLedger
) -> None:
    await shop.server("nl1")
    nl2 = await shop.server("nl2", state=ServerState.DRAINING)
    await shop.pool.execute(
        "update vpn_servers set standby_of = (select server_id from vpn_servers "
        "where slug = 'nl1') where server_id = $1",
        nl2,
    )
    principal, standby = await ledger.patients()
    assert principal.server.endpoint_host != principal.server.ssh_host
    assert standby.server.endpoint_host == standby.server.ssh_host


async def test_confirmed_peers_must_be_there_and_those_on_their_way_may_be(
    shop: Shop, ledger: PostgresHealthLedger, fleet: Fleet
) -> None:
    nl1 = await shop.server("nl1", capacity=9)
    confirmed, coming, going, gone = [(await shop.buy(await shop.customer())) for _ in range(4)]
    for grant in (confirmed, going, gone):
        revision = (await shop.access.placed_peer(grant.device_id)).revision
        await shop.setups.confirm_peer(grant.device_id, revision)
    await shop.end(going, NOW + MONTH)
    await shop.leave(gone, NOW + MONTH)
    assert coming.server == "nl1"
    assert await ledger.census(nl1) == Census(least=1, most=3, has_guests=False)
    await fleet.canary("nl1")
    assert (await ledger.census(nl1)).most == 4


async def test_a_customer_who_shook_hands_lately_is_a_guest(
    shop: Shop, ledger: PostgresHealthLedger
) -> None:
    nl1 = await shop.server("nl1")
    peer = await shop.access.placed_peer((await shop.buy(await shop.customer())).device_id)
    now = await shop.pool.fetchval("select now()")
    counted = PeerStatistics(
        public_key=peer.public_key,
        endpoint=None,
        latest_handshake=now,
        received_bytes=1,
        sent_bytes=1,
    )
    await shop.traffic.note(nl1, [counted], NOW)
    assert (await ledger.census(nl1)).has_guests


async def test_plans_that_nobody_could_be_served_with_are_named(
    shop: Shop, ledger: PostgresHealthLedger
) -> None:
    assert await ledger.plans_without_room() == ()
    nl1 = await shop.server("nl1", location="nl", capacity=1)
    assert await ledger.plans_without_room() == ()
    await shop.sell_only_in("month", "de")
    assert await ledger.plans_without_room() == ("month",)
    for _ in range(BAD_LOOKS_TO_FALL):
        await ledger.note_look(nl1, GONE, NOW)
    everything = tuple(plan.slug for plan in await shop.plans.for_sale())
    assert await ledger.plans_without_room() == everything
