"""Who may connect, until when, and where."""

import asyncio
from ipaddress import IPv4Address, IPv4Interface, IPv6Interface
from uuid import uuid4

import pytest

from domain.errors import AccessEnded, NoFreeAddress
from domain.ids import DeviceId, ServerId, SubscriptionId, UserId
from domain.subscriptions import Ending, Move, PlacedPeer, SubscriptionStatus
from infra.keyring import KeyRing
from infra.postgres.subscriptions import Subscriptions
from tests.infra.postgres.shop import DAY, MONTH, NOW, Shop, lock_waiters

NOBODY = DeviceId(uuid4())


async def free_addresses(shop: Shop, slug: str) -> int:
    return int(
        await shop.pool.fetchval(
            """
            select count(*) from tunnel_addresses join vpn_servers using (server_id)
            where slug = $1 and device_id is null
            """,
            slug,
        )
    )


# The peer


async def test_a_repeat_describes_the_same_peer(shop: Shop) -> None:
    await shop.server("nl1")
    device_id = (await shop.buy(await shop.customer())).device_id
    peer = await shop.access.placed_peer(device_id)
    assert await shop.access.placed_peer(device_id) == peer
    assert (peer.server.slug, str(peer.ipv4), str(peer.ipv6)) == ("nl1", "10.66.0.2", "fd66::2")


async def test_a_device_that_found_no_address_is_placed_once_there_is_one(shop: Shop) -> None:
    device_id = (await shop.buy(await shop.customer())).device_id
    with pytest.raises(NoFreeAddress, match="add a server"):
        await shop.access.placed_peer(device_id)
    await shop.server("nl1")
    assert (await shop.access.placed_peer(device_id)).server.slug == "nl1"


async def test_many_workers_at_once_place_a_device_at_one_address(shop: Shop) -> None:
    device_id = (await shop.buy(await shop.customer())).device_id
    await shop.server("nl1")
    peers = await asyncio.gather(*(shop.access.placed_peer(device_id) for _ in range(8)))
    assert {peer.ipv4 for peer in peers} == {IPv4Address("10.66.0.2")}
    assert await free_addresses(shop, "nl1") == 3


async def test_a_peer_asked_for_during_a_move_is_the_one_after_the_move(shop: Shop) -> None:
    await shop.server("nl1")
    device_id = (await shop.buy(await shop.customer())).device_id
    await shop.server("nl2")
    async with shop.pool.acquire() as bystander, bystander.transaction():
        await bystander.execute("select from devices for no key update")
        moving = asyncio.create_task(shop.access.move_device(device_id, "nl1"))
        await lock_waiters(shop.pool, 1)
        asking = asyncio.create_task(shop.access.placed_peer(device_id))
        await lock_waiters(shop.pool, 2)
    await moving
    peer = await asking
    assert (peer.server.slug, peer.revision) == ("nl2", 2)


async def test_an_unknown_device_is_a_lookup_error(shop: Shop) -> None:
    server_id = await shop.server("nl1")
    placed = PlacedPeer(device_id=NOBODY, server_id=server_id, revision=1)
    for question in (
        shop.access.placed_peer(NOBODY),
        shop.access.move_device(NOBODY, None),
        shop.access.client_config(NOBODY),
        shop.access.removal(placed),
    ):
        with pytest.raises(LookupError):
            await question


# Moves


async def test_a_move_goes_to_another_server_and_names_the_peer_to_remove(shop: Shop) -> None:
    old = await shop.server("nl1")
    device_id = (await shop.buy(await shop.customer())).device_id
    await shop.server("nl2")
    before = await shop.access.placed_peer(device_id)
    move = await shop.access.move_device(device_id, "nl1")
    left = PlacedPeer(device_id=device_id, server_id=old, revision=before.revision + 1)
    assert move == Move(server="nl2", left=left)
    after = await shop.access.placed_peer(device_id)
    assert (after.server.slug, after.revision) == ("nl2", before.revision + 1)
    assert after.public_key == before.public_key


async def test_a_repeated_move_is_the_same_move(shop: Shop) -> None:
    await shop.server("nl1")
    device_id = (await shop.buy(await shop.customer())).device_id
    await shop.server("nl2")
    await shop.server("nl3")
    move = await shop.access.move_device(device_id, "nl1")
    assert await shop.access.move_device(device_id, "nl1") == move


async def test_moves_at_once_are_one_move(shop: Shop) -> None:
    await shop.server("nl1")
    device_id = (await shop.buy(await shop.customer())).device_id
    await shop.server("nl2")
    moves = await asyncio.gather(*(shop.access.move_device(device_id, "nl1") for _ in range(5)))
    assert len(set(moves)) == 1
    assert await free_addresses(shop, "nl2") == 3


async def test_a_move_that_finds_no_room_changes_nothing(shop: Shop) -> None:
    await shop.server("nl1")
    device_id = (await shop.buy(await shop.customer())).device_id
    before = await shop.access.placed_peer(device_id)
    await shop.server("de1", location="de")
    await shop.sell_only_in("month", "nl")
    with pytest.raises(NoFreeAddress):
        await shop.access.move_device(device_id, "nl1")
    assert await shop.access.placed_peer(device_id) == before


async def test_the_old_address_is_given_to_nobody_until_its_server_has_let_go(shop: Shop) -> None:
    await shop.server("nl1", capacity=1)
    device_id = (await shop.buy(await shop.customer())).device_id
    await shop.server("nl2", capacity=1)
    move = await shop.access.move_device(device_id, "nl1")
    assert (await shop.pay_late(await shop.customer())).server is None
    assert move.left is not None
    await shop.access.confirm_removal(move.left)
    assert (await shop.buy(await shop.customer())).server == "nl1"


async def test_a_late_confirmation_of_an_earlier_move_does_not_free_a_later_address(
    shop: Shop,
) -> None:
    await shop.server("nl1")
    device_id = (await shop.buy(await shop.customer())).device_id
    await shop.server("nl2")
    away = await shop.access.move_device(device_id, "nl1")
    await shop.access.move_device(device_id, "nl2")
    assert away.left is not None
    for _ in range(2):
        await shop.access.confirm_removal(away.left)
    assert (await shop.access.placed_peer(device_id)).server.slug == "nl1"
    assert await free_addresses(shop, "nl1") == 3


async def test_a_device_without_a_server_is_moved_onto_one(shop: Shop) -> None:
    device_id = (await shop.buy(await shop.customer())).device_id
    await shop.server("nl1")
    assert await shop.access.move_device(device_id, None) == Move(server="nl1")


async def test_a_device_that_is_elsewhere_already_stays_there(shop: Shop) -> None:
    await shop.server("nl1")
    device_id = (await shop.buy(await shop.customer())).device_id
    await shop.server("nl2")
    for away_from in ("nl2", "never-heard-of", None):
        assert await shop.access.move_device(device_id, away_from) == Move(server="nl1")


# Removals


async def test_a_removal_names_the_key_and_the_server(shop: Shop) -> None:
    await shop.server("nl1")
    grant = await shop.buy(await shop.customer())
    peer = await shop.access.placed_peer(grant.device_id)
    (placed,) = await shop.end(grant, NOW + MONTH)
    removal = await shop.access.removal(placed)
    assert (removal.public_key, removal.server) == (peer.public_key, peer.server)
    assert removal.revision > peer.revision


async def test_a_removal_confirmed_after_the_customers_return_changes_nothing(shop: Shop) -> None:
    await shop.server("nl1", capacity=1)
    user_id = await shop.customer()
    first = await shop.buy(user_id)
    (placed,) = await shop.end(first, NOW + MONTH)
    await shop.buy(user_id, NOW + MONTH + DAY)
    await shop.access.confirm_removal(placed)
    assert (await shop.pay_late(await shop.customer())).server is None
    peer = await shop.access.placed_peer(first.device_id)
    assert peer.server.slug == "nl1"
    assert peer.revision > placed.revision


async def test_a_removal_from_an_unknown_server_is_a_lookup_error(shop: Shop) -> None:
    grant = await shop.buy(await shop.customer())
    placed = PlacedPeer(device_id=grant.device_id, server_id=ServerId(404), revision=1)
    with pytest.raises(LookupError, match="no server 404"):
        await shop.access.removal(placed)


# Ends


async def test_a_subscription_does_not_end_before_its_time(shop: Shop) -> None:
    await shop.server("nl1")
    grant = await shop.buy(await shop.customer())
    ending = await shop.access.end_subscription(grant.subscription_id, NOW + MONTH - DAY)
    assert ending == Ending(ended=False, expires_at=NOW + MONTH)
    await shop.access.placed_peer(grant.device_id)


async def test_a_subscription_ends_at_its_time_and_its_peer_has_to_leave(shop: Shop) -> None:
    server_id = await shop.server("nl1")
    user_id = await shop.customer()
    grant = await shop.buy(user_id)
    ending = await shop.access.end_subscription(grant.subscription_id, NOW + MONTH)
    assert ending == Ending(
        ended=True,
        expires_at=NOW + MONTH,
        removals=(PlacedPeer(device_id=grant.device_id, server_id=server_id, revision=2),),
    )
    subscription = await shop.access.subscription_of(user_id)
    assert subscription is not None
    assert subscription.status is SubscriptionStatus.EXPIRED
    with pytest.raises(AccessEnded):
        await shop.access.placed_peer(grant.device_id)


async def test_the_end_of_a_device_that_just_moved_names_both_its_servers(shop: Shop) -> None:
    old = await shop.server("nl1")
    grant = await shop.buy(await shop.customer())
    new = await shop.server("nl2")
    await shop.access.move_device(grant.device_id, "nl1")
    removals = await shop.end(grant, NOW + MONTH)
    assert {(placed.server_id, placed.revision) for placed in removals} == {(old, 2), (new, 3)}


async def test_a_subscription_extended_meanwhile_goes_on(shop: Shop) -> None:
    user_id = await shop.customer()
    grant = await shop.buy(user_id)
    await shop.buy(user_id)
    ending = await shop.access.end_subscription(grant.subscription_id, NOW + MONTH)
    assert ending == Ending(ended=False, expires_at=NOW + 2 * MONTH)


async def test_an_end_said_twice_names_the_same_peers_until_they_are_gone(shop: Shop) -> None:
    await shop.server("nl1")
    grant = await shop.buy(await shop.customer())
    (placed,) = await shop.end(grant, NOW + MONTH)
    assert await shop.end(grant, NOW + MONTH) == (placed,)
    for _ in range(2):
        await shop.access.confirm_removal(placed)
    assert await shop.end(grant, NOW + MONTH) == ()
    kinds = await shop.pool.fetch("select kind from subscription_events order by event_id")
    assert [row["kind"] for row in kinds] == ["opened", "expired"]


async def test_the_state_of_a_subscription_grows_newer_with_each_change(shop: Shop) -> None:
    user_id = await shop.customer()
    grant = await shop.buy(user_id)
    before = await shop.access.subscription_state(grant.subscription_id)
    await shop.buy(user_id)
    after = await shop.access.subscription_state(grant.subscription_id)
    assert (before.user_id, before.expires_at) == (user_id, NOW + MONTH)
    assert after.expires_at == NOW + 2 * MONTH
    assert after.revision > before.revision


async def test_an_unknown_subscription_is_a_lookup_error(shop: Shop) -> None:
    unknown = SubscriptionId(uuid4())
    with pytest.raises(LookupError):
        await shop.access.subscription_state(unknown)
    with pytest.raises(LookupError):
        await shop.access.end_subscription(unknown, NOW)


# The configuration


async def test_the_configuration_holds_the_devices_keys_and_its_servers_address(
    shop: Shop,
) -> None:
    await shop.server("nl1")
    device_id = (await shop.buy(await shop.customer())).device_id
    config, peer = (
        await shop.access.client_config(device_id),
        await shop.access.placed_peer(device_id),
    )
    assert (config.ipv4, config.ipv6) == (IPv4Interface("10.66.0.2/32"), IPv6Interface("fd66::2"))
    assert config.preshared_key == peer.preshared_key
    assert config.server_public_key == peer.server.public_key
    assert config.file_name == "wg-nl1.conf"
    assert f"PrivateKey = {config.private_key.get_secret_value()}" in config.render()
    assert "Endpoint = vpn.example:51820" in config.render()


async def test_a_device_on_no_server_has_no_configuration(shop: Shop) -> None:
    device_id = (await shop.buy(await shop.customer())).device_id
    with pytest.raises(LookupError, match="on no server"):
        await shop.access.client_config(device_id)


async def test_the_keys_at_rest_open_with_no_other_ring(shop: Shop) -> None:
    await shop.server("nl1")
    device_id = (await shop.buy(await shop.customer())).device_id
    stranger = Subscriptions(shop.pool, KeyRing.parse(KeyRing.generate_entry("test")))
    with pytest.raises(ValueError, match="does not open"):
        await stranger.client_config(device_id)


async def test_one_devices_keys_do_not_open_as_anothers(shop: Shop) -> None:
    await shop.server("nl1")
    device_id = (await shop.buy(await shop.customer())).device_id
    await shop.buy(await shop.customer())
    await shop.pool.execute(
        "update devices set private_key_sealed = (select private_key_sealed from devices "
        "where device_id <> $1) where device_id = $1",
        device_id,
    )
    with pytest.raises(ValueError, match="another context"):
        await shop.access.client_config(device_id)


# What the customer sees


async def test_who_never_bought_has_no_subscription(shop: Shop) -> None:
    assert await shop.access.subscription_of(await shop.customer()) is None
    assert await shop.access.subscription_of(UserId(404)) is None


async def test_a_subscription_tells_its_plan_end_and_place(shop: Shop) -> None:
    await shop.server("nl1")
    user_id = await shop.customer()
    grant = await shop.buy(user_id)
    subscription = await shop.access.subscription_of(user_id)
    assert subscription is not None
    assert (subscription.plan_name_ru, subscription.plan_name_en) == ("30 дней", "30 days")
    assert (subscription.starts_at, subscription.expires_at) == (NOW, NOW + MONTH)
    assert (subscription.server, subscription.location) == ("nl1", "nl")
    assert subscription.device_id == grant.device_id


async def test_a_subscription_without_a_server_is_still_told(shop: Shop) -> None:
    user_id = await shop.customer()
    await shop.buy(user_id)
    subscription = await shop.access.subscription_of(user_id)
    assert subscription is not None
    assert (subscription.status, subscription.server) == (SubscriptionStatus.ACTIVE, None)
