"""What a server has to hold, read at one moment, and how far from it it was."""

from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address

import pytest

from domain.ids import ServerId
from domain.reconciling import Drift, HeldPeer, Listing, Muster, Roll, drift_between
from domain.servers import Peer
from infra.keyring import KeyRing
from infra.postgres.fleet import Fleet
from infra.postgres.pool import Pool
from infra.postgres.reconciling import PostgresReconcileLedger
from tests.infra.postgres.shop import MONTH, NOW, Shop

STRANGER = "S" * 42 + "A="


@pytest.fixture
def ledger(pool: Pool, key_ring: KeyRing) -> PostgresReconcileLedger:
    return PostgresReconcileLedger(pool, key_ring)


def listing_of(*peers: Peer, strangers: tuple[str, ...] = (), generation: int = 0) -> Listing:
    saved = tuple(
        HeldPeer(
            public_key=peer.public_key,
            ipv4=peer.ipv4,
            ipv6=peer.ipv6,
            revision=peer.revision,
            serial=1,
            speed_mbit=peer.speed_mbit,
        )
        for peer in peers
    )
    live = dict.fromkeys([*(peer.public_key for peer in peers), *strangers])
    return Listing(version="1.2.0", generation=generation, serial=1, saved=saved, live=live)


async def held(shop: Shop) -> Peer:
    """A customer's peer that its server has confirmed."""
    grant = await shop.buy(await shop.customer())
    peer = await shop.access.placed_peer(grant.device_id)
    await shop.setups.confirm_peer(grant.device_id, peer.revision)
    return peer


async def seen(
    ledger: PostgresReconcileLedger, server: ServerId, listing: Listing
) -> tuple[Drift, Muster]:
    roll = await ledger.roll(server)
    muster = await ledger.muster(roll, listing)
    return drift_between(listing, roll, muster), muster


async def test_a_server_that_lost_everything_has_all_put_back(
    shop: Shop, ledger: PostgresReconcileLedger
) -> None:
    server = await shop.server("nl1")
    peers = {await held(shop), await held(shop)}
    drift, muster = await seen(ledger, server, listing_of())
    assert drift == Drift(missing=2)
    assert set(muster.peers) == peers


async def test_a_peer_in_the_file_and_not_on_the_interface_is_missing(
    shop: Shop, ledger: PostgresReconcileLedger
) -> None:
    server = await shop.server("nl1")
    listing = listing_of(await held(shop)).model_copy(update={"live": {}})
    assert (await seen(ledger, server, listing))[0] == Drift(missing=1)


async def test_what_is_still_on_its_way_is_in_the_set_and_no_drift(
    shop: Shop, ledger: PostgresReconcileLedger
) -> None:
    server = await shop.server("nl1")
    await shop.buy(await shop.customer())
    drift, muster = await seen(ledger, server, listing_of())
    assert (drift, len(muster.peers)) == (Drift(), 1)


async def test_an_older_decision_or_another_address_is_a_change(
    shop: Shop, ledger: PostgresReconcileLedger
) -> None:
    server = await shop.server("nl1")
    peer, other = await held(shop), await held(shop)
    old = peer.model_copy(update={"revision": 0})
    astray = other.model_copy(update={"ipv4": IPv4Address("10.9.9.9")})
    assert (await seen(ledger, server, listing_of(old, astray)))[0] == Drift(changed=2)


async def test_a_stolen_network_on_the_interface_is_a_change(
    shop: Shop, ledger: PostgresReconcileLedger
) -> None:
    server = await shop.server("nl1")
    peer = await held(shop)
    live = {peer.public_key: frozenset({f"{peer.ipv6}/128"})}
    listing = listing_of(peer).model_copy(update={"live": live})
    assert (await seen(ledger, server, listing))[0] == Drift(changed=1)


async def test_a_peer_that_has_to_leave_is_neither_wanted_nor_a_stranger(
    shop: Shop, ledger: PostgresReconcileLedger
) -> None:
    server = await shop.server("nl1")
    grant = await shop.buy(await shop.customer())
    peer = await shop.access.placed_peer(grant.device_id)
    await shop.end(grant, NOW + MONTH)
    drift, muster = await seen(ledger, server, listing_of(peer))
    assert (drift, muster.peers) == (Drift(), ())
    assert [one.public_key for one in muster.departed] == [peer.public_key]
    assert muster.departed[0].revision > peer.revision


async def test_a_peer_that_was_gone_and_is_back_is_counted(
    shop: Shop, ledger: PostgresReconcileLedger
) -> None:
    server = await shop.server("nl1")
    grant = await shop.buy(await shop.customer())
    peer = await shop.access.placed_peer(grant.device_id)
    await shop.leave(grant, NOW + MONTH)
    assert (await seen(ledger, server, listing_of(peer)))[0] == Drift(returned=1)


async def test_a_replaced_key_departs_and_the_new_one_belongs(
    shop: Shop, ledger: PostgresReconcileLedger
) -> None:
    server = await shop.server("nl1")
    anna = await shop.customer()
    grant = await shop.buy_to_the_end(anna)
    old = await shop.access.placed_peer(grant.device_id)
    await shop.setups.confirm_peer(grant.device_id, old.revision)
    await shop.devices.reissue(anna, grant.device_id, old.revision, NOW)
    drift, muster = await seen(ledger, server, listing_of(old))
    assert drift == Drift()
    assert [one.public_key for one in muster.departed] == [old.public_key]
    (new,) = muster.peers
    assert (new.ipv4, new.public_key != old.public_key) == (old.ipv4, True)


async def test_a_peer_that_moved_away_departs(shop: Shop, ledger: PostgresReconcileLedger) -> None:
    server = await shop.server("nl1")
    peer = await held(shop)
    other = await shop.server("nl2", network_v4="10.77.0.0/24", network_v6="fd77::/64")
    await shop.access.move_device(peer.device_id, "nl1")
    _, left = await seen(ledger, server, listing_of(peer))
    _, taken = await seen(ledger, other, listing_of())
    assert (left.peers, len(left.departed)) == ((), 1)
    assert [one.public_key for one in taken.peers] == [peer.public_key]


async def test_a_key_of_nobodys_is_a_stranger_and_may_block_a_customer(
    shop: Shop, ledger: PostgresReconcileLedger
) -> None:
    server = await shop.server("nl1")
    peer = await held(shop)
    squatter = peer.model_copy(update={"public_key": STRANGER, "ipv6": IPv6Address("fd99::9")})
    drift, _ = await seen(ledger, server, listing_of(squatter))
    assert drift == Drift(missing=1, strangers=(STRANGER,), blocked=1)
    drift, _ = await seen(ledger, server, listing_of(peer, strangers=(STRANGER,)))
    assert drift == Drift(strangers=(STRANGER,))


async def test_the_shops_own_canary_belongs(
    shop: Shop, ledger: PostgresReconcileLedger, pool: Pool, key_ring: KeyRing
) -> None:
    server = await shop.server("nl1")
    canary = await Fleet(pool, key_ring).canary("nl1")
    roll = await ledger.roll(server)
    listing = listing_of(canary.peer_on(roll.server))
    drift, muster = await seen(ledger, server, listing)
    assert (drift, muster.departed) == (Drift(), ())
    assert [one.public_key for one in muster.peers] == [canary.keys.public_key]


async def test_each_reading_is_newer_than_every_other_whatever_the_server_knows(
    shop: Shop, ledger: PostgresReconcileLedger
) -> None:
    roll = await ledger.roll(await shop.server("nl1"))
    numbers = [
        (await ledger.muster(roll, listing_of(generation=known))).generation
        for known in (0, 0, 40, 7)
    ]
    assert numbers == [1, 2, 41, 42]


async def test_drift_that_an_interrupted_try_had_found_is_not_lost(
    shop: Shop, ledger: PostgresReconcileLedger
) -> None:
    server = await shop.server("nl1")
    await ledger.note_drift(server, 1, Drift(missing=3))
    assert await ledger.note_drift(server, 2, Drift()) == Drift(missing=3)
    await ledger.note_mended(server, 2)
    assert await ledger.note_drift(server, 3, Drift()) == Drift()


async def test_of_looks_that_found_nothing_only_the_newest_is_kept(
    shop: Shop, ledger: PostgresReconcileLedger, pool: Pool
) -> None:
    server = await shop.server("nl1")
    for generation, drift in enumerate((Drift(), Drift(changed=1), Drift(), Drift()), 1):
        await ledger.note_drift(server, generation, drift)
        await ledger.note_mended(server, generation)
    kept = await pool.fetch("select generation from server_drifts order by generation")
    assert [row["generation"] for row in kept] == [2, 4]


def test_what_came_after_the_question_is_no_stranger() -> None:
    late = HeldPeer(
        public_key=STRANGER,
        ipv4=IPv4Address("10.0.0.9"),
        ipv6=IPv6Address("fd00::9"),
        revision=1,
        serial=8,
    )
    listing = Listing(version="1.2.0", serial=7, saved=(late,), live={STRANGER: None})
    roll = Roll.model_construct(confirmed={}, read_at=datetime.now(UTC))
    muster = Muster.model_construct(peers=(), departed=())
    assert drift_between(listing, roll, muster) == Drift()


async def test_what_was_put_right_lately_is_counted_with_the_fleet(
    shop: Shop, ledger: PostgresReconcileLedger, key_ring: KeyRing, pool: Pool
) -> None:
    server = await shop.server("nl1")
    for generation, drift in enumerate((Drift(changed=1), Drift(missing=2), Drift()), 1):
        await ledger.note_drift(server, generation, drift)
        await ledger.note_mended(server, generation)
    fleet = Fleet(pool, key_ring)
    assert (await fleet.berth("nl1")).drift == 3
    await pool.execute("update server_drifts set found_at = found_at - interval '40 days'")
    assert (await fleet.berth("nl1")).drift == 0
