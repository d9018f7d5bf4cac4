"""What devices transfer, from counters that begin anew."""

import asyncio
from datetime import timedelta

import pytest

from domain.ids import DeviceId, ServerId, UserId
from domain.servers import PeerStatistics, ServerState
from domain.traffic import Traffic
from tests.infra.postgres.shop import NOW, Shop

MINUTE = timedelta(minutes=1)


class Counted:
    """One customer's device on one server, whose counters a test tells."""

    def __init__(self, shop: Shop, user_id: UserId, device_id: DeviceId, server: ServerId) -> None:
        self.shop, self.user_id, self.device_id, self.server = shop, user_id, device_id, server

    async def says(self, received: int, sent: int, minute: int | None) -> None:
        """The server is asked and answers so."""
        key = (await self.shop.access.placed_peer(self.device_id)).public_key
        await self.says_of(key, received, sent, minute)

    async def says_of(self, key: str, received: int, sent: int, minute: int | None) -> None:
        peer = PeerStatistics(
            public_key=key,
            endpoint="198.51.100.7:51820",
            latest_handshake=None if minute is None else NOW + minute * MINUTE,
            received_bytes=received,
            sent_bytes=sent,
        )
        await self.shop.traffic.note(self.server, [peer], NOW)

    async def traffic(self) -> Traffic:
        shelf = await self.shop.devices.shelf(self.user_id)
        assert shelf is not None
        device = shelf.find(self.device_id)
        assert device is not None
        return device.traffic


@pytest.fixture
async def counted(shop: Shop) -> Counted:
    server = await shop.server("nl1")
    anna = await shop.customer()
    grant = await shop.buy(anna)
    return Counted(shop, anna, grant.device_id, server)


def traffic(received: int, sent: int, minute: int | None) -> Traffic:
    return Traffic(
        latest_handshake=None if minute is None else NOW + minute * MINUTE,
        received_bytes=received,
        sent_bytes=sent,
    )


async def test_a_device_that_never_connected_has_no_traffic(counted: Counted) -> None:
    assert await counted.traffic() == Traffic()
    await counted.says(0, 0, None)
    assert await counted.traffic() == Traffic()


async def test_growing_counters_are_taken_as_they_are(counted: Counted) -> None:
    await counted.says(100, 1000, 1)
    await counted.says(150, 1600, 3)
    assert await counted.traffic() == traffic(150, 1600, 3)


async def test_counters_that_begin_anew_are_added(counted: Counted) -> None:
    await counted.says(100, 1000, 1)
    await counted.says(10, 20, 5)
    await counted.says(30, 50, 5)
    assert await counted.traffic() == traffic(130, 1050, 5)


async def test_a_server_that_restarted_and_has_seen_no_handshake_forgets_nothing(
    counted: Counted,
) -> None:
    await counted.says(100, 1000, 1)
    await counted.says(0, 0, None)
    await counted.says(7, 9, 6)
    assert await counted.traffic() == traffic(107, 1009, 6)


async def test_an_old_answer_that_comes_late_changes_nothing(counted: Counted) -> None:
    await counted.says(100, 1000, 3)
    await counted.says(90, 900, 3)
    await counted.says(50, 500, 1)
    assert await counted.traffic() == traffic(100, 1000, 3)


async def test_the_same_answer_at_once_is_counted_once(counted: Counted) -> None:
    await asyncio.gather(*(counted.says(100, 1000, 1) for _ in range(5)))
    assert await counted.traffic() == traffic(100, 1000, 1)


async def test_new_keys_go_on_where_the_old_ones_stopped(counted: Counted) -> None:
    await counted.says(100, 1000, 1)
    await counted.shop.devices.reissue(counted.user_id, counted.device_id, 1, NOW)
    await counted.says(400, 4000, 2)
    assert await counted.traffic() == traffic(500, 5000, 2)


async def test_a_leaked_keys_traffic_is_no_longer_the_customers(counted: Counted) -> None:
    leaked = (await counted.shop.access.placed_peer(counted.device_id)).public_key
    await counted.shop.devices.reissue(counted.user_id, counted.device_id, 1, NOW)
    await counted.says_of(leaked, 9999, 9999, 9)
    assert await counted.traffic() == Traffic()


async def test_traffic_of_every_server_that_the_device_was_on_is_one_sum(counted: Counted) -> None:
    await counted.says(100, 1000, 1)
    shop = counted.shop
    other = await shop.server("de1", network_v4="10.67.0.0/24")
    await shop.access.move_device(counted.device_id, "nl1")
    moved = Counted(shop, counted.user_id, counted.device_id, other)
    await moved.says(5, 50, 8)
    assert await counted.traffic() == traffic(105, 1050, 8)


async def test_a_stranger_on_the_interface_is_not_counted(counted: Counted) -> None:
    await counted.says_of("B" * 43 + "=", 1, 1, 1)
    assert await counted.shop.count("device_traffic") == 0


async def test_customers_addresses_are_kept_nowhere(counted: Counted) -> None:
    await counted.says(100, 1000, 1)
    row = await counted.shop.pool.fetchrow("select * from device_traffic")
    assert row is not None
    assert "198.51.100.7" not in str(dict(row))


async def test_a_server_that_was_declared_down_is_not_asked(shop: Shop) -> None:
    await shop.server("nl1")
    await shop.server("nl2", state=ServerState.DOWN, network_v4="10.67.0.0/24")
    assert [server.slug for server in await shop.traffic.servers()] == ["nl1"]
