"""Several devices of one subscription: added, renamed, given new keys, removed."""

import asyncio
from uuid import uuid4

import pytest

from domain.devices import DeviceTurn, DeviceWork
from domain.errors import (
    AccessEnded,
    DeviceBusy,
    DeviceLimitReached,
    LastDevice,
    NoFreeAddress,
    UnknownDevice,
)
from domain.ids import DeviceId, UserId
from tests.infra.postgres.shop import DAY, MONTH, NOW, Shop

LATER = NOW + DAY


@pytest.fixture
async def anna(shop: Shop) -> UserId:
    """A customer with a month on a plan for three devices, whose purchase is done."""
    await shop.server("nl1", capacity=8)
    await shop.allow_devices(3)
    anna = await shop.customer()
    await shop.setups.confirm_peer((await shop.buy(anna)).device_id, 1)
    await shop.pool.execute("update purchases set stage = 'done'")
    return anna


async def names(shop: Shop, user_id: UserId) -> list[str]:
    shelf = await shop.devices.shelf(user_id)
    assert shelf is not None
    return [device.name for device in shelf.devices]


async def connected(shop: Shop, user_id: UserId) -> list[str]:
    """The names of the devices that may connect."""
    shelf = await shop.devices.shelf(user_id)
    assert shelf is not None
    return [device.name for device in shelf.devices if device.may_connect]


async def first_of(shop: Shop, user_id: UserId) -> DeviceId:
    subscription = await shop.access.subscription_of(user_id)
    assert subscription is not None
    return subscription.device_id


# Adding


async def test_an_added_device_has_keys_and_an_address_of_its_own(shop: Shop, anna: UserId) -> None:
    first, added = await first_of(shop, anna), await shop.add_device(anna)

    configs = [await shop.access.client_config(each) for each in (first, added)]
    assert len({config.ipv4 for config in configs}) == 2
    assert len({config.private_key for config in configs}) == 2


async def test_what_was_added_has_to_be_told_to_its_server(shop: Shop, anna: UserId) -> None:
    device_id = DeviceId(uuid4())
    work = await shop.devices.add(anna, device_id, "Phone", NOW)
    turn = DeviceTurn(device_id=device_id, user_id=anna, revision=1)
    assert work == DeviceWork(setups=(turn,))

    await shop.setups.confirm_peer(device_id, 1)
    assert await shop.devices.add(anna, device_id, "Phone", NOW) == DeviceWork()


async def test_two_taps_on_one_button_are_one_device(shop: Shop, anna: UserId) -> None:
    device_id = DeviceId(uuid4())
    works = await asyncio.gather(
        *(shop.devices.add(anna, device_id, "Phone", NOW) for _ in range(5))
    )
    assert works == [works[0]] * 5
    assert await names(shop, anna) == ["", "Phone"]


async def test_ten_taps_at_once_cannot_exceed_the_plans_limit(shop: Shop, anna: UserId) -> None:
    outcomes = await asyncio.gather(
        *(shop.add_device(anna) for _ in range(10)), return_exceptions=True
    )
    refused = [each for each in outcomes if isinstance(each, DeviceLimitReached)]
    assert len(refused) == 8
    assert await names(shop, anna) == ["", "Phone", "Phone 2"]


async def test_a_tap_repeated_after_the_removal_brings_nothing_back(
    shop: Shop, anna: UserId
) -> None:
    added = await shop.add_device(anna)
    await shop.devices.remove(anna, added, NOW)
    await shop.devices.add(anna, added, "Phone", NOW)
    assert await names(shop, anna) == [""]


async def test_a_bigger_plan_makes_room_at_once(shop: Shop, anna: UserId) -> None:
    await shop.allow_devices(1)
    with pytest.raises(DeviceLimitReached):
        await shop.add_device(anna)
    await shop.allow_devices(2, "year")
    await shop.pay(await shop.order(anna, "year"))
    await shop.add_device(anna)


async def test_without_access_nothing_is_added(shop: Shop, anna: UserId) -> None:
    with pytest.raises(AccessEnded):
        await shop.add_device(anna, now=NOW + MONTH)
    with pytest.raises(AccessEnded):
        await shop.add_device(await shop.customer())


async def test_where_all_servers_are_full_nothing_is_added(shop: Shop) -> None:
    await shop.server("nl1", capacity=1)
    await shop.allow_devices(3)
    anna = await shop.customer()
    await shop.buy(anna)
    with pytest.raises(NoFreeAddress):
        await shop.add_device(anna)
    assert await names(shop, anna) == [""]


async def test_a_device_goes_to_the_country_of_its_siblings(shop: Shop, anna: UserId) -> None:
    await shop.server("de1", capacity=50, location="de", network_v4="10.67.0.0/24")
    added = await shop.add_device(anna)
    assert (await shop.address_of(added) or ("", None))[0] == "nl1"


async def test_where_that_country_is_full_it_goes_elsewhere(shop: Shop) -> None:
    await shop.server("nl1", capacity=1)
    await shop.allow_devices(3)
    anna = await shop.customer()
    await shop.buy(anna)
    await shop.server("de1", location="de", network_v4="10.67.0.0/24")
    added = await shop.add_device(anna)
    assert (await shop.address_of(added) or ("", None))[0] == "de1"


# Other people's devices


async def test_nobody_touches_another_customers_device(shop: Shop, anna: UserId) -> None:
    boris = await shop.customer()
    await shop.buy(boris)
    device_id = await shop.add_device(anna)
    deeds = (
        shop.devices.add(boris, device_id, "Mine", NOW),
        shop.devices.rename(boris, device_id, "Mine"),
        shop.devices.reissue(boris, device_id, 1, NOW),
        shop.devices.remove(boris, device_id, NOW),
    )
    for deed in deeds:
        with pytest.raises(UnknownDevice):
            await deed
    assert await names(shop, anna) == ["", "Phone"]


# Names


async def test_a_device_is_called_as_its_owner_says(shop: Shop, anna: UserId) -> None:
    await shop.devices.rename(anna, await first_of(shop, anna), "Кухня")
    assert await names(shop, anna) == ["Кухня"]


async def test_a_name_survives_new_keys_and_the_end_of_access(shop: Shop, anna: UserId) -> None:
    first = await first_of(shop, anna)
    await shop.devices.rename(anna, first, "Кухня")
    await shop.devices.reissue(anna, first, 1, NOW)
    await shop.buy(anna, NOW + 2 * MONTH)
    assert await names(shop, anna) == ["Кухня"]


# New keys


async def test_new_keys_replace_the_leaked_at_the_same_address(shop: Shop, anna: UserId) -> None:
    first = await first_of(shop, anna)
    before, peer_before = (
        await shop.access.client_config(first),
        await shop.access.placed_peer(first),
    )

    await shop.devices.reissue(anna, first, 1, NOW)

    after = await shop.access.placed_peer(first)
    assert (after.ipv4, after.server) == (peer_before.ipv4, peer_before.server)
    assert after.public_key != peer_before.public_key
    assert after.preshared_key != peer_before.preshared_key
    await leak_gone(shop, first)
    assert (await shop.access.client_config(first)).private_key != before.private_key


async def test_the_old_key_has_to_leave_by_a_revision_of_its_own(shop: Shop, anna: UserId) -> None:
    first = await first_of(shop, anna)
    old = await shop.access.placed_peer(first)

    work = await shop.devices.reissue(anna, first, old.revision, NOW)

    (retired,) = await shop.setups.retired_peers(first, old.server.server_id)
    removal, new = await shop.access.removal(retired), await shop.access.placed_peer(first)
    assert removal.public_key == old.public_key
    assert old.revision < removal.revision < new.revision
    assert work.setups == (DeviceTurn(device_id=first, user_id=anna, revision=new.revision),)


async def test_no_file_is_handed_out_while_the_leaked_key_lives(shop: Shop, anna: UserId) -> None:
    first = await first_of(shop, anna)
    await shop.devices.reissue(anna, first, 1, NOW)
    with pytest.raises(LookupError):
        await shop.access.client_config(first)
    await leak_gone(shop, first)
    assert await shop.access.client_config(first)


async def leak_gone(shop: Shop, device_id: DeviceId) -> None:
    """The server confirms that it holds none of the device's earlier keys."""
    server = (await shop.access.placed_peer(device_id)).server
    for retired in await shop.setups.retired_peers(device_id, server.server_id):
        await shop.access.confirm_removal(retired)


async def test_two_taps_at_once_make_one_new_key(shop: Shop, anna: UserId) -> None:
    first = await first_of(shop, anna)
    works = await asyncio.gather(*(shop.devices.reissue(anna, first, 1, NOW) for _ in range(5)))
    assert works == [works[0]] * 5
    assert await shop.count("retired_keys") == 1


async def test_a_second_leak_is_another_new_key(shop: Shop, anna: UserId) -> None:
    first = await first_of(shop, anna)
    keys = {(await shop.access.placed_peer(first)).public_key}
    for _ in range(2):
        peer = await shop.access.placed_peer(first)
        await shop.devices.reissue(anna, first, peer.revision, NOW)
        keys.add((await shop.access.placed_peer(first)).public_key)
    assert len(keys) == 3
    assert await shop.count("retired_keys") == 2


async def test_an_earlier_setup_is_out_of_date_with_new_keys(shop: Shop, anna: UserId) -> None:
    first = await first_of(shop, anna)
    turns = [DeviceTurn(device_id=first, user_id=anna, revision=1)]
    for _ in range(2):
        newest = turns[-1].revision
        turns += (await shop.devices.reissue(anna, first, newest, NOW)).setups
    assert [await shop.setups.is_current(turn) for turn in turns] == [False, False, True]


async def test_a_removal_of_before_the_leak_still_names_the_key_of_then(
    shop: Shop, anna: UserId
) -> None:
    first = await first_of(shop, anna)
    old = await shop.access.placed_peer(first)
    await shop.server("nl2", network_v4="10.67.0.0/24")
    left = (await shop.access.move_device(first, "nl1")).left
    assert left is not None
    await shop.devices.reissue(anna, first, left.revision, NOW)
    assert (await shop.access.removal(left)).public_key == old.public_key


async def test_a_device_without_a_server_gets_new_keys_too(shop: Shop) -> None:
    anna = await shop.customer()
    grant = await shop.buy(anna)
    await shop.devices.reissue(anna, grant.device_id, 1, NOW)
    await shop.server("nl1")
    assert (await shop.access.placed_peer(grant.device_id)).revision == 3
    assert await shop.access.client_config(grant.device_id)


async def test_a_device_that_may_not_connect_gets_no_keys(shop: Shop, anna: UserId) -> None:
    added = await shop.add_device(anna)
    await shop.allow_devices(1)
    await shop.buy(anna)
    with pytest.raises(AccessEnded):
        await shop.devices.reissue(anna, added, 9, NOW)


# Removing


async def test_a_removed_device_leaves_its_server_and_then_its_address_is_free(
    shop: Shop, anna: UserId
) -> None:
    added = await shop.add_device(anna)
    peer = await shop.access.placed_peer(added)

    (leaving,) = (await shop.devices.remove(anna, added, NOW)).removals

    removal = await shop.access.removal(leaving)
    assert (removal.public_key, removal.server) == (peer.public_key, peer.server)
    assert removal.revision > peer.revision
    taken = "select count(*) from tunnel_addresses where device_id is not null"
    assert await shop.pool.fetchval(taken) == 2
    await shop.access.confirm_removal(leaving)
    assert await shop.pool.fetchval(taken) == 1


async def test_a_removal_said_twice_names_the_same_peer_until_it_is_gone(
    shop: Shop, anna: UserId
) -> None:
    added = await shop.add_device(anna)
    works = [await shop.devices.remove(anna, added, NOW) for _ in range(2)]
    assert works[0].removals == works[1].removals
    await shop.access.confirm_removal(works[0].removals[0])
    assert (await shop.devices.remove(anna, added, NOW)).removals == ()


async def test_a_removed_devices_secrets_are_gone(shop: Shop, anna: UserId) -> None:
    added = await shop.add_device(anna)
    await shop.devices.remove(anna, added, NOW)
    secrets = await shop.pool.fetchrow(
        "select private_key_sealed, preshared_key_sealed from devices where device_id = $1", added
    )
    assert secrets is not None
    assert set(secrets.values()) == {b""}
    with pytest.raises(LookupError):
        await shop.access.client_config(added)


async def test_the_first_device_may_go_when_there_is_another(shop: Shop, anna: UserId) -> None:
    first, added = await first_of(shop, anna), await shop.add_device(anna)
    await shop.devices.remove(anna, first, NOW)
    assert await first_of(shop, anna) == added
    renewed = await shop.buy(anna)
    assert renewed.device_id == added


async def test_the_last_device_stays_however_many_taps_at_once(shop: Shop, anna: UserId) -> None:
    devices = [await first_of(shop, anna), await shop.add_device(anna)]
    outcomes = await asyncio.gather(
        *(shop.devices.remove(anna, each, NOW) for each in devices), return_exceptions=True
    )
    assert {type(each) for each in outcomes} == {DeviceWork, LastDevice}


async def test_a_device_that_a_purchase_is_setting_up_is_not_removed(
    shop: Shop, anna: UserId
) -> None:
    await shop.add_device(anna)
    await shop.buy(anna)
    with pytest.raises(DeviceBusy):
        await shop.devices.remove(anna, await first_of(shop, anna), NOW)


# The plan's limit, and the end of access


async def test_on_a_smaller_plan_the_oldest_stay_and_the_others_rest(
    shop: Shop, anna: UserId
) -> None:
    for name in ("Laptop", "TV"):
        await shop.add_device(anna, name)
    await shop.allow_devices(2)
    grant = await shop.buy(anna)

    assert await connected(shop, anna) == ["", "Laptop"]
    assert await names(shop, anna) == ["", "Laptop", "TV"]
    assert len((await shop.setups.work(grant.subscription_id)).removals) == 1


async def test_removing_one_lets_the_next_come_back_with_its_keys(shop: Shop, anna: UserId) -> None:
    laptop, tv = await shop.add_device(anna, "Laptop"), await shop.add_device(anna, "TV")
    key = (await shop.access.placed_peer(tv)).public_key
    await shop.allow_devices(2)
    await shop.buy(anna)

    work = await shop.devices.remove(anna, laptop, NOW)

    assert await connected(shop, anna) == ["", "TV"]
    assert (await shop.access.placed_peer(tv)).public_key == key
    assert tv in {turn.device_id for turn in work.setups}


async def test_the_end_takes_every_device_and_a_purchase_brings_all_back(
    shop: Shop, anna: UserId
) -> None:
    added = [await shop.add_device(anna, name) for name in ("Laptop", "TV")]
    devices = [await first_of(shop, anna), *added]
    before = [await shop.access.client_config(each) for each in devices]
    subscription = await shop.access.subscription_of(anna)
    assert subscription is not None
    leaving = (
        await shop.access.end_subscription(subscription.subscription_id, NOW + MONTH)
    ).removals
    assert {each.device_id for each in leaving} == set(devices)
    for placed in leaving:
        await shop.access.confirm_removal(placed)

    await shop.buy(anna, NOW + 2 * MONTH)

    assert [await shop.access.client_config(each) for each in devices] == before
    work = await shop.setups.work(subscription.subscription_id)
    assert {turn.device_id for turn in work.setups} == set(devices)


async def test_a_removed_device_does_not_come_back_with_a_purchase(
    shop: Shop, anna: UserId
) -> None:
    await shop.devices.remove(anna, await shop.add_device(anna), NOW)
    await shop.buy(anna, NOW + 2 * MONTH)
    assert await names(shop, anna) == [""]


async def test_a_returning_device_whose_address_was_given_away_gets_another(shop: Shop) -> None:
    await shop.server("nl1", capacity=2)
    await shop.allow_devices(2)
    anna, boris = await shop.customer(), await shop.customer()
    grant = await shop.buy(anna)
    laptop = await shop.add_device(anna, "Laptop")
    await shop.leave(grant, NOW + MONTH)
    await shop.buy(boris, NOW + MONTH)
    await shop.buy(anna, NOW + 2 * MONTH)
    waiting = [each for each in (grant.device_id, laptop) if await shop.address_of(each) is None]
    assert len(waiting) == 1
    await shop.server("nl1", capacity=4)
    assert (await shop.access.placed_peer(waiting[0])).server.slug == "nl1"


async def test_devices_and_renewals_at_once_never_exceed_the_limit(
    shop: Shop, anna: UserId
) -> None:
    """Whatever the order in which locks are taken, everybody gets through."""
    orders = [await shop.order(anna) for _ in range(3)]
    first = await first_of(shop, anna)
    await asyncio.gather(
        *(shop.pay(order) for order in orders),
        *(shop.add_device(anna) for _ in range(2)),
        shop.devices.reissue(anna, first, 1, NOW),
    )
    assert len(await connected(shop, anna)) == 3
