"""A device goes to another location: whose plan lets it, how often, and what is told to whom."""

import asyncio
from datetime import datetime, timedelta

import pytest

from domain.devices import Device, DeviceTurn, DeviceWork
from domain.errors import (
    AccessEnded,
    DeviceBusy,
    DeviceMoved,
    LocationLimitReached,
    LocationNotOffered,
    NoFreeAddress,
    UnknownDevice,
)
from domain.ids import SubscriptionId, UserId
from domain.locations import LocationChoice, LocationOrder
from domain.servers import ServerState
from infra.keyring import KeyRing
from infra.postgres.personal_data import PersonalDataExport
from tests.infra.postgres.shop import DAY, MONTH, NOW, Shop, all_at_once

YEAR = 365 * DAY


@pytest.fixture
async def anna(shop: Shop) -> UserId:
    """A customer in the Netherlands with a long time to go; Germany and Finland have room."""
    await shop.server("nl1")
    anna = await shop.customer()
    grant = await shop.pay_to_the_end(await shop.order(anna, "year"))
    await shop.setups.confirm_peer(grant.device_id, 1)
    await shop.server("de1", location="de", network_v4="10.67.0.0/24", host="de.example")
    await shop.server("fi1", location="fi", network_v4="10.68.0.0/24", host="fi.example")
    return anna


async def device_of(shop: Shop, user_id: UserId) -> Device:
    """The customer's first device."""
    shelf = await shop.devices.shelf(user_id)
    assert shelf is not None
    return shelf.devices[0]


async def wish(shop: Shop, user_id: UserId, location: str) -> LocationOrder:
    """What a button on the device's screen carries now."""
    shelf = await shop.devices.shelf(user_id)
    assert shelf is not None
    return LocationOrder(
        subscription_id=shelf.subscription_id,
        user_id=user_id,
        device_id=shelf.devices[0].device_id,
        revision=shelf.devices[0].revision,
        location=location,
    )


async def goes(shop: Shop, user_id: UserId, location: str, now: datetime = NOW) -> DeviceWork:
    return await shop.devices.change_location(await wish(shop, user_id, location), now)


async def choice(shop: Shop, user_id: UserId, now: datetime = NOW) -> LocationChoice | None:
    device = await device_of(shop, user_id)
    return await shop.devices.locations(user_id, device.device_id, now)


async def allow(shop: Shop, changes: int | None) -> None:
    await shop.pool.execute("update tariffs set location_changes = $1", changes)


# Moving


async def test_the_device_keeps_its_keys_and_gets_the_address_and_the_file_of_another_server(
    shop: Shop, anna: UserId
) -> None:
    device = await device_of(shop, anna)
    before = await shop.access.placed_peer(device.device_id)
    had = await shop.access.client_config(device.device_id)

    await goes(shop, anna, "de")

    after = await shop.access.placed_peer(device.device_id)
    assert (before.server.slug, after.server.slug) == ("nl1", "de1")
    assert after.public_key == before.public_key
    assert after.revision == before.revision + 1
    config = await shop.access.client_config(device.device_id)
    assert config.endpoint_host == "de.example"
    assert await shop.setups.file_of(device.device_id) == had.digest != config.digest


async def test_the_new_server_is_told_first_and_the_former_one_once_that_holds_the_device(
    shop: Shop, anna: UserId
) -> None:
    device_id = (await device_of(shop, anna)).device_id
    former = (await shop.access.placed_peer(device_id)).server.server_id

    work = await goes(shop, anna, "de")

    turn = DeviceTurn(device_id=device_id, user_id=anna, revision=2)
    assert work == DeviceWork(setups=(turn,))
    (left,) = await shop.setups.left_behind(device_id)
    assert (left.server_id, left.revision) == (former, 2)
    await shop.setups.confirm_peer(device_id, 2)
    assert await shop.setups.work(await subscription_of(shop, anna)) == DeviceWork(removals=(left,))
    await shop.access.confirm_removal(left)
    assert await shop.setups.left_behind(device_id) == ()


async def subscription_of(shop: Shop, user_id: UserId) -> SubscriptionId:
    subscription = await shop.access.subscription_of(user_id)
    assert subscription is not None
    return subscription.subscription_id


async def test_a_key_that_leaked_leaves_the_former_server_without_waiting_for_the_new_one(
    shop: Shop, anna: UserId
) -> None:
    device_id = (await device_of(shop, anna)).device_id
    leaked = (await shop.access.placed_peer(device_id)).public_key
    await goes(shop, anna, "de")
    work = await shop.devices.reissue(anna, device_id, 2, NOW)
    (removal,) = work.removals
    assert (await shop.access.removal(removal)).public_key == leaked


async def test_after_the_end_the_device_leaves_both_servers(shop: Shop, anna: UserId) -> None:
    device_id = (await device_of(shop, anna)).device_id
    await goes(shop, anna, "de")
    ending = await shop.access.end_subscription(await subscription_of(shop, anna), NOW + YEAR)
    assert {each.device_id for each in ending.removals} == {device_id}
    assert len({each.server_id for each in ending.removals}) == 2


async def test_there_and_back_again_while_the_first_server_has_not_let_go(
    shop: Shop, anna: UserId
) -> None:
    device_id = (await device_of(shop, anna)).device_id
    for location in ("de", "nl"):
        await goes(shop, anna, location)
    assert (await shop.address_of(device_id) or ("", None))[0] == "nl1"
    left = await shop.setups.left_behind(device_id)
    assert [each.revision for each in left] == [2, 3]
    for each in left:
        await shop.access.confirm_removal(each)
    assert (await shop.address_of(device_id) or ("", None))[0] == "nl1"


async def test_the_place_that_was_chosen_is_told_with_that_decision_only(
    shop: Shop, anna: UserId
) -> None:
    device_id = (await device_of(shop, anna)).device_id
    turns = [DeviceTurn(device_id=device_id, user_id=anna, revision=each) for each in (1, 2, 3)]
    for location in ("de", "fi"):
        await goes(shop, anna, location)
    assert [await shop.setups.is_current(turn) for turn in turns] == [False, False, True]
    assert await shop.setups.chosen_place(turns[0]) is None
    assert await shop.setups.chosen_place(turns[2]) == "fi"


async def test_a_customer_moves_only_what_is_theirs(shop: Shop, anna: UserId) -> None:
    stranger = await shop.customer()
    await shop.buy_to_the_end(stranger)
    order = (await wish(shop, anna, "de")).model_copy(update={"user_id": stranger})
    with pytest.raises(UnknownDevice):
        await shop.devices.change_location(order, NOW)


# The limit


async def test_a_plan_lets_devices_move_three_times_in_thirty_days_to_begin_with(
    shop: Shop, anna: UserId
) -> None:
    for day, location in enumerate(("de", "fi", "nl")):
        await goes(shop, anna, location, NOW + day * DAY)
    with pytest.raises(LocationLimitReached):
        await goes(shop, anna, "de", NOW + 3 * DAY)
    assert (await shop.address_of((await device_of(shop, anna)).device_id) or ("",))[0] == "nl1"
    offered = await choice(shop, anna, NOW + 3 * DAY)
    assert offered is not None
    assert offered.changes.again_at == NOW + MONTH
    await goes(shop, anna, "de", NOW + MONTH)


async def test_all_devices_of_a_subscription_share_the_limit(shop: Shop, anna: UserId) -> None:
    await allow(shop, 1)
    await shop.allow_devices(2, "year")
    second = await shop.add_device(anna)
    await goes(shop, anna, "de")
    order = (await wish(shop, anna, "fi")).model_copy(update={"device_id": second, "revision": 1})
    with pytest.raises(LocationLimitReached):
        await shop.devices.change_location(order, NOW)


async def test_an_unlimited_plan_counts_nothing(shop: Shop, anna: UserId) -> None:
    await allow(shop, None)
    for location in ("de", "fi", "nl", "de", "fi"):
        await goes(shop, anna, location)
    offered = await choice(shop, anna)
    assert offered is not None
    assert offered.changes.number is None


async def test_a_tap_that_comes_again_is_counted_once(shop: Shop, anna: UserId) -> None:
    order = await wish(shop, anna, "de")
    works = [await shop.devices.change_location(order, NOW) for _ in range(3)]
    assert works == [works[0]] * 3
    assert await shop.count("location_changes") == 1


async def test_many_taps_on_one_button_at_once_are_counted_once(shop: Shop, anna: UserId) -> None:
    order = await wish(shop, anna, "de")
    steps = [shop.devices.change_location(order, NOW) for _ in range(6)]
    works = await all_at_once(shop.pool, "users", steps)
    assert works == [works[0]] * 6
    assert await shop.count("location_changes") == 1
    assert (await device_of(shop, anna)).revision == 2


async def test_of_two_places_tapped_at_once_one_is_taken(shop: Shop, anna: UserId) -> None:
    orders = [await wish(shop, anna, location) for location in ("de", "fi")]
    outcomes = await asyncio.gather(
        *(shop.devices.change_location(order, NOW) for order in orders), return_exceptions=True
    )
    assert {type(each) for each in outcomes} == {DeviceWork, DeviceMoved}
    assert await shop.count("location_changes") == 1


async def test_two_devices_moved_at_once_cannot_exceed_the_limit(shop: Shop, anna: UserId) -> None:
    await allow(shop, 1)
    await shop.allow_devices(2, "year")
    second = await shop.add_device(anna)
    order = await wish(shop, anna, "de")
    other = order.model_copy(update={"device_id": second, "revision": 1})
    outcomes = await asyncio.gather(
        *(shop.devices.change_location(each, NOW) for each in (order, other)),
        return_exceptions=True,
    )
    assert {type(each) for each in outcomes} == {DeviceWork, LocationLimitReached}


async def test_an_old_screens_tap_after_a_later_move_changes_nothing(
    shop: Shop, anna: UserId
) -> None:
    stale = [await wish(shop, anna, location) for location in ("de", "fi")]
    await goes(shop, anna, "de")
    await goes(shop, anna, "nl")
    await shop.devices.change_location(stale[0], NOW)  # a repeat of what was done
    with pytest.raises(DeviceMoved):
        await shop.devices.change_location(stale[1], NOW)
    assert (await device_of(shop, anna)).location == "nl"
    assert await shop.count("location_changes") == 2


async def test_moves_by_staff_and_other_decisions_since_the_screen_do_not_matter(
    shop: Shop, anna: UserId
) -> None:
    order = await wish(shop, anna, "fi")
    await shop.access.move_device(order.device_id, "nl1")
    await shop.devices.change_location(order, NOW)
    assert (await device_of(shop, anna)).location == "fi"
    assert await shop.count("location_changes") == 1


# What is offered


async def test_other_places_with_room_are_offered_in_order(shop: Shop, anna: UserId) -> None:
    offered = await choice(shop, anna)
    assert offered is not None
    assert offered.places == ("de", "fi")
    assert (offered.changes.limit, offered.changes.number) == (3, 3)


async def test_a_place_that_the_plan_does_not_allow_is_neither_offered_nor_given(
    shop: Shop, anna: UserId
) -> None:
    await shop.sell_only_in("year", "nl", "fi")
    offered = await choice(shop, anna)
    assert offered is not None
    assert offered.places == ("fi",)
    with pytest.raises(LocationNotOffered):
        await goes(shop, anna, "de")


async def test_a_plan_without_changes_offers_none(shop: Shop, anna: UserId) -> None:
    await allow(shop, 0)
    assert await choice(shop, anna) is None
    with pytest.raises(LocationNotOffered):
        await goes(shop, anna, "de")


@pytest.mark.parametrize("state", [ServerState.DRAINING, ServerState.DOWN])
async def test_a_server_that_takes_nobody_is_no_place_to_go(
    shop: Shop, anna: UserId, state: ServerState
) -> None:
    await shop.pool.execute("update vpn_servers set state = $1 where slug = 'de1'", state)
    offered = await choice(shop, anna)
    assert offered is not None
    assert offered.places == ("fi",)
    with pytest.raises(NoFreeAddress):
        await goes(shop, anna, "de")


async def test_a_server_that_does_not_answer_is_no_place_to_go(shop: Shop, anna: UserId) -> None:
    await shop.pool.execute(
        """
        insert into server_health
        select server_id, 'down', 'gone', 'no route to host', 3, 0, now(), now()
        from vpn_servers where slug = 'de1'
        """
    )
    offered = await choice(shop, anna)
    assert offered is not None
    assert offered.places == ("fi",)
    with pytest.raises(NoFreeAddress):
        await goes(shop, anna, "de")


async def test_a_place_that_is_full_is_neither_offered_nor_given_and_costs_nothing(
    shop: Shop, anna: UserId
) -> None:
    order = await wish(shop, anna, "de")
    await shop.pool.execute(
        "delete from tunnel_addresses where server_id = "
        "(select server_id from vpn_servers where slug = 'de1')"
    )
    offered = await choice(shop, anna)
    assert offered is not None
    assert offered.places == ("fi",)
    with pytest.raises(NoFreeAddress):
        await shop.devices.change_location(order, NOW)
    device = await device_of(shop, anna)
    assert (device.location, device.revision, device.is_set_up) == ("nl", 1, True)
    assert await shop.count("location_changes") == 0
    assert await shop.setups.left_behind(device.device_id) == ()
    await shop.server("de1", location="de", network_v4="10.67.0.0/24", capacity=9)
    await shop.devices.change_location(order, NOW)


async def test_whose_addresses_wait_for_a_return_still_has_room(shop: Shop, anna: UserId) -> None:
    await shop.sell_only_in("month", "de")
    for _ in range(4):
        await shop.leave(await shop.buy_to_the_end(await shop.customer()), NOW + MONTH)
    offered = await choice(shop, anna)
    assert offered is not None
    assert "de" in offered.places
    await goes(shop, anna, "de")


async def test_where_the_device_is_already_it_need_not_go(shop: Shop, anna: UserId) -> None:
    with pytest.raises(DeviceMoved):
        await goes(shop, anna, "nl")
    assert await shop.count("location_changes") == 0


async def test_while_a_purchase_sets_the_device_up_it_stays(shop: Shop, anna: UserId) -> None:
    order = await wish(shop, anna, "de")
    await shop.buy(anna)
    with pytest.raises(DeviceBusy):
        await shop.devices.change_location(order, NOW)


async def test_without_access_nothing_moves(shop: Shop, anna: UserId) -> None:
    with pytest.raises(AccessEnded):
        await goes(shop, anna, "de", NOW + YEAR + timedelta(seconds=1))


async def test_a_device_that_rests_stays(shop: Shop, anna: UserId) -> None:
    await shop.allow_devices(2, "year")
    second = await shop.add_device(anna)
    await shop.allow_devices(1, "year")
    await shop.pay_to_the_end(await shop.order(anna, "year"))
    order = (await wish(shop, anna, "de")).model_copy(update={"device_id": second, "revision": 9})
    with pytest.raises(AccessEnded):
        await shop.devices.change_location(order, NOW)


async def test_a_stranger_has_nothing_to_choose(shop: Shop, anna: UserId) -> None:
    device_id = (await device_of(shop, anna)).device_id
    stranger = await shop.customer()
    assert await shop.devices.locations(stranger, device_id, NOW) is None
    await shop.buy(stranger)
    assert await shop.devices.locations(stranger, device_id, NOW) is None


# What is remembered


async def test_each_change_is_in_the_customers_data(
    shop: Shop, anna: UserId, key_ring: KeyRing
) -> None:
    await goes(shop, anna, "de")
    data = await PersonalDataExport(shop.pool, key_ring).of(anna, NOW)
    (change,) = data.tables["location_changes"]
    assert (change["from_location"], change["to_location"]) == ("nl", "de")
    kinds = [each["kind"] for each in data.tables["subscription_events"]]
    assert kinds.count("location_changed") == 1
