"""How fast devices may be: as the plan says, and their servers hear of each change once."""

import pytest

from domain.devices import DeviceTurn
from domain.ids import DeviceId, UserId
from domain.reconciling import Drift, drift_between
from domain.subscriptions import Grant
from infra.keyring import KeyRing
from infra.postgres.pool import Pool
from infra.postgres.reconciling import PostgresReconcileLedger
from infra.postgres.speeds import PostgresSpeedLedger
from tests.infra.postgres.shop import DAY, MONTH, NOW, Shop
from tests.infra.postgres.test_reconciling import listing_of


@pytest.fixture
def speeds(pool: Pool) -> PostgresSpeedLedger:
    return PostgresSpeedLedger(pool)


async def give(shop: Shop, plan: str, speed: int | None) -> None:
    """The owner decides."""
    await shop.pool.execute("update tariffs set speed_mbit = $2 where slug = $1", plan, speed)


async def confirm(shop: Shop, *devices: DeviceId) -> None:
    """Their servers hold them as they are to be."""
    for device in devices:
        peer = await shop.access.placed_peer(device)
        await shop.setups.confirm_peer(device, peer.revision)


async def connected(shop: Shop) -> tuple[UserId, Grant]:
    """A customer whose device is on its server."""
    user_id = await shop.customer()
    grant = await shop.buy_to_the_end(user_id)
    await confirm(shop, grant.device_id)
    return user_id, grant


async def turns_of(shop: Shop, grant: Grant) -> tuple[DeviceTurn, ...]:
    return (await shop.setups.work(grant.subscription_id)).setups


async def test_a_device_begins_with_the_speed_of_its_plan(shop: Shop) -> None:
    await shop.server("nl1")
    await give(shop, "month", 50)
    user_id, grant = await connected(shop)
    second = await shop.add_device(user_id)
    for device in (grant.device_id, second):
        peer = await shop.access.placed_peer(device)
        assert (peer.speed_mbit, peer.revision) == (50, 1)


async def test_a_plan_without_a_limit_leaves_devices_as_fast_as_it_goes(shop: Shop) -> None:
    await shop.server("nl1")
    _, grant = await connected(shop)
    assert (await shop.access.placed_peer(grant.device_id)).speed_mbit is None


async def test_a_renewal_onto_another_plan_is_a_quiet_decision_about_each_device(
    shop: Shop,
) -> None:
    await shop.server("nl1")
    await give(shop, "month", 50)
    await give(shop, "quarter", 100)
    user_id, grant = await connected(shop)
    second = await shop.add_device(user_id)
    await confirm(shop, second)
    await shop.pay_to_the_end(await shop.order(user_id, "quarter"), NOW + DAY)
    turns = await turns_of(shop, grant)
    assert {turn.device_id for turn in turns} == {grant.device_id, second}
    assert all(turn.is_quiet and turn.revision == 2 for turn in turns)
    peer = await shop.access.placed_peer(second)
    assert (peer.speed_mbit, peer.revision) == (100, 2)
    shelf = await shop.devices.shelf(user_id)
    assert shelf is not None
    assert all(device.is_set_up for device in shelf.devices)
    await confirm(shop, grant.device_id, second)
    assert await turns_of(shop, grant) == ()


async def test_a_renewal_of_the_same_plan_decides_nothing(shop: Shop) -> None:
    await shop.server("nl1")
    await give(shop, "month", 50)
    user_id, grant = await connected(shop)
    await shop.buy_to_the_end(user_id, NOW + DAY)
    assert await turns_of(shop, grant) == ()


async def test_two_changes_in_a_row_are_as_quiet_as_one(
    shop: Shop, speeds: PostgresSpeedLedger
) -> None:
    await shop.server("nl1")
    _, grant = await connected(shop)
    for speed in (50, 70):
        await give(shop, "month", speed)
        await speeds.settle(10)
    (turn,) = await turns_of(shop, grant)
    assert (turn.revision, turn.is_quiet) == (3, True)


async def test_new_keys_after_a_change_of_speed_are_not_quiet(
    shop: Shop, speeds: PostgresSpeedLedger
) -> None:
    await shop.server("nl1")
    user_id, grant = await connected(shop)
    await give(shop, "month", 50)
    await speeds.settle(10)
    work = await shop.devices.reissue(user_id, grant.device_id, 2, NOW)
    assert [turn.is_quiet for turn in work.setups] == [False]
    await give(shop, "month", 70)
    assert await speeds.settle(10) == [], "who sets up the new keys brings the speed along"
    assert [turn.is_quiet for turn in await turns_of(shop, grant)] == [False]


async def test_a_device_that_returns_comes_with_the_present_speed_and_not_quietly(
    shop: Shop,
) -> None:
    await shop.server("nl1")
    user_id, grant = await connected(shop)
    await shop.leave(grant, NOW + MONTH)
    await give(shop, "month", 50)
    await shop.buy(user_id, NOW + MONTH + DAY)
    assert (await shop.access.placed_peer(grant.device_id)).speed_mbit == 50
    assert [turn.is_quiet for turn in await turns_of(shop, grant)] == [False]


async def test_what_the_owner_changes_reaches_those_who_have_the_plan(
    shop: Shop, speeds: PostgresSpeedLedger
) -> None:
    await shop.server("nl1", capacity=8)
    sold = [await connected(shop) for _ in range(3)]
    ended = await connected(shop)
    await shop.leave(ended[1], NOW + MONTH)
    await give(shop, "month", 50)
    first = await speeds.settle(2)
    assert len(first) == 2
    assert all(turn.is_quiet for turn in first)
    await confirm(shop, *(turn.device_id for turn in first))
    (last,) = await speeds.settle(2)
    assert {turn.device_id for turn in (*first, last)} == {grant.device_id for _, grant in sold}
    assert list(await speeds.settle(2)) == [last], "one that was not told is named again"
    await confirm(shop, last.device_id)
    assert await speeds.settle(2) == []
    await give(shop, "month", None)
    assert len(await speeds.settle(10)) == 3
    assert (await shop.access.placed_peer(last.device_id)).speed_mbit is None


async def test_a_device_on_its_way_takes_the_new_speed_along(
    shop: Shop, speeds: PostgresSpeedLedger
) -> None:
    await shop.server("nl1")
    grant = await shop.buy(await shop.customer())
    await give(shop, "month", 50)
    assert await speeds.settle(10) == []
    assert (await shop.access.placed_peer(grant.device_id)).speed_mbit == 50


async def test_a_server_that_holds_another_speed_is_put_right(
    shop: Shop, pool: Pool, key_ring: KeyRing
) -> None:
    server = await shop.server("nl1")
    await give(shop, "month", 50)
    _, grant = await connected(shop)
    ledger = PostgresReconcileLedger(pool, key_ring)
    peer = await shop.access.placed_peer(grant.device_id)
    told = listing_of(peer).model_copy(update={"limits_speeds": True, "version": "1.3.0"})
    roll = await ledger.roll(server)
    muster = await ledger.muster(roll, told)
    assert [each.speed_mbit for each in muster.peers] == [50]
    assert drift_between(told, roll, muster) == Drift()
    (saved,) = told.saved
    other = told.model_copy(update={"saved": (saved.model_copy(update={"speed_mbit": 5}),)})
    assert drift_between(other, roll, muster) == Drift(changed=1)
    silent = other.model_copy(update={"limits_speeds": False})
    assert drift_between(silent, roll, muster) == Drift(), "it cannot know better"
    assert await pool.fetchval("select program_version from vpn_servers") == "1.3.0"
