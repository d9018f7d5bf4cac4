"""Traffic that a plan includes: counted in periods, told once, and slower when it is used up."""

import asyncio
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from domain.ids import ChangeId, DeviceId, ServerId, UserId
from domain.plan_changes import ChangeOffer, ChangeOrder
from domain.quotas import GIGABYTE, PERIOD, QuotaMark, Usage
from domain.servers import PeerStatistics
from domain.subscriptions import Grant
from tests.infra.postgres.shop import DAY, MONTH, NOW, Shop

QUOTA = 100


class Customer:
    """One with a month, whose devices transfer what a test tells."""

    def __init__(self, shop: Shop, user_id: UserId, grant: Grant, server: ServerId) -> None:
        self.shop, self.user_id, self.grant, self.server = shop, user_id, grant, server
        self._sums: dict[DeviceId, int] = {}

    async def transfers(
        self,
        gigabytes: float,
        now: datetime = NOW,
        device_id: DeviceId | None = None,
        server: ServerId | None = None,
    ) -> None:
        """So much more, half each way."""
        device_id = device_id or self.grant.device_id
        self._sums[device_id] = self._sums.get(device_id, 0) + int(gigabytes * GIGABYTE)
        half = self._sums[device_id] // 2
        key = (await self.shop.access.placed_peer(device_id)).public_key
        peer = PeerStatistics(
            public_key=key,
            endpoint=None,
            latest_handshake=now,
            received_bytes=half,
            sent_bytes=self._sums[device_id] - half,
        )
        await self.shop.traffic.note(server or self.server, [peer], now)

    async def speed(self) -> int | None:
        """As the next count of traffic decides."""
        await self.shop.speeds.settle(10)
        return (await self.shop.access.placed_peer(self.grant.device_id)).speed_mbit

    async def usage(self, now: datetime = NOW) -> Usage:
        """As "My subscription" shows it."""
        subscription = await self.shop.access.subscription_of(self.user_id)
        assert subscription is not None
        assert subscription.usage is not None
        return subscription.usage.at(now)

    async def hears(self, now: datetime = NOW) -> list[QuotaMark]:
        """What the next count of traffic tells."""
        notices = await self.shop.quotas.settle(now, 10)
        for notice in notices:
            assert notice.user_id == self.user_id
            await self.shop.quotas.note_told(notice)
        return [notice.mark for notice in notices]

    async def renews(self, plan: str, now: datetime) -> None:
        await self.shop.pay_to_the_end(await self.shop.order(self.user_id, plan), now)


async def allow(shop: Shop, gigabytes: int | None, *plans: str) -> None:
    """The owner decides."""
    await shop.pool.execute(
        "update tariffs set traffic_gb = $1, slow_mbit = 2 where slug = any($2)", gigabytes, plans
    )


@pytest.fixture
async def anna(shop: Shop) -> Customer:
    server = await shop.server("nl1")
    await allow(shop, QUOTA, "month")
    user_id = await shop.customer()
    grant = await shop.buy_to_the_end(user_id)
    return Customer(shop, user_id, grant, server)


async def test_nothing_is_used_before_anything_is_counted(anna: Customer) -> None:
    assert await anna.usage() == Usage(since=NOW)
    assert await anna.speed() is None


async def test_both_ways_and_all_devices_count_together(anna: Customer) -> None:
    second = await anna.shop.add_device(anna.user_id)
    await anna.transfers(10)
    await anna.transfers(5, NOW + DAY, second)
    await anna.transfers(1, NOW + DAY)
    assert await anna.usage() == Usage(since=NOW, used_bytes=16 * GIGABYTE)


async def test_a_removed_devices_traffic_stays_counted(anna: Customer) -> None:
    second = await anna.shop.add_device(anna.user_id)
    await anna.transfers(5, NOW, second)
    await anna.shop.devices.remove(anna.user_id, second, NOW)
    assert (await anna.usage()).used_bytes == 5 * GIGABYTE


async def test_used_up_devices_are_slow_and_not_cut_off(anna: Customer) -> None:
    await anna.transfers(99)
    assert await anna.speed() is None
    await anna.transfers(1)
    assert await anna.speed() == 2
    (turn,) = (await anna.shop.setups.work(anna.grant.subscription_id)).setups
    assert turn.revision == 2
    second = await anna.shop.add_device(anna.user_id)
    assert (await anna.shop.access.placed_peer(second)).speed_mbit == 2


async def test_the_slower_of_two_limits_holds(anna: Customer) -> None:
    await anna.shop.pool.execute("update tariffs set speed_mbit = 1 where slug = 'month'")
    await anna.transfers(QUOTA)
    assert await anna.speed() == 1


async def test_each_mark_is_told_once_a_period(anna: Customer) -> None:
    assert await anna.hears() == []
    await anna.transfers(80)
    assert await anna.hears() == [QuotaMark.NEARLY]
    await anna.transfers(10)
    assert await anna.hears() == []
    await anna.transfers(30)
    assert await anna.hears() == [QuotaMark.USED_UP]
    assert await anna.hears() == []
    await anna.renews("month", NOW + DAY)
    await anna.transfers(80, NOW + 2 * DAY)
    assert await anna.hears(NOW + 2 * DAY) == [QuotaMark.NEARLY]


async def test_a_mark_that_is_passed_at_once_is_the_only_one_told(anna: Customer) -> None:
    await anna.transfers(QUOTA)
    assert await anna.hears() == [QuotaMark.USED_UP]


async def test_one_who_was_not_told_before_a_crash_is_named_again(anna: Customer) -> None:
    await anna.transfers(80)
    first = await anna.shop.quotas.settle(NOW, 10)
    assert await anna.shop.quotas.settle(NOW, 10) == first


async def test_a_plan_without_a_quota_says_nothing_and_slows_nobody(anna: Customer) -> None:
    await allow(anna.shop, None, "month")
    await anna.transfers(10_000)
    assert await anna.hears() == []
    assert await anna.speed() is None
    subscription = await anna.shop.access.subscription_of(anna.user_id)
    assert subscription is not None
    assert subscription.quota is None


async def test_the_next_period_lifts_it_even_for_whoever_is_not_connected(anna: Customer) -> None:
    await anna.renews("year", NOW)
    await allow(anna.shop, QUOTA, "year")
    await anna.transfers(QUOTA, NOW + DAY)
    assert await anna.speed() == 2
    almost = NOW + PERIOD - timedelta(seconds=1)
    await anna.hears(almost)
    assert await anna.speed() == 2
    await anna.hears(NOW + PERIOD)
    assert await anna.speed() is None
    assert await anna.usage(NOW + PERIOD) == Usage(since=NOW + PERIOD)


async def test_traffic_after_a_period_that_nobody_has_begun_begins_it(anna: Customer) -> None:
    await anna.renews("year", NOW)
    await anna.transfers(50)
    await anna.transfers(7, NOW + 2 * PERIOD + DAY)
    assert await anna.usage(NOW + 2 * PERIOD + DAY) == Usage(
        since=NOW + 2 * PERIOD, used_bytes=7 * GIGABYTE
    )


async def test_a_renewal_gives_back_the_speed_at_once(anna: Customer) -> None:
    await anna.transfers(QUOTA)
    assert await anna.speed() == 2
    await anna.renews("month", NOW + 12 * DAY)
    assert (await anna.shop.access.placed_peer(anna.grant.device_id)).speed_mbit is None
    assert await anna.usage() == Usage(since=NOW + 12 * DAY)


async def test_a_renewal_takes_nothing_from_whoever_has_traffic_left(anna: Customer) -> None:
    await anna.transfers(60)
    await anna.renews("month", NOW + 25 * DAY)
    assert await anna.usage() == Usage(since=NOW, used_bytes=60 * GIGABYTE)
    assert await anna.usage(NOW + MONTH) == Usage(since=NOW + MONTH)


async def test_whoever_returns_begins_anew(anna: Customer) -> None:
    await anna.transfers(60)
    await anna.shop.leave(anna.grant, NOW + MONTH)
    back = NOW + MONTH + 10 * DAY
    await anna.renews("month", back)
    assert await anna.usage(back) == Usage(since=back)


async def test_a_change_of_plan_is_no_renewal(anna: Customer) -> None:
    await allow(anna.shop, 2 * QUOTA, "quarter")
    await anna.transfers(QUOTA)
    assert await anna.hears() == [QuotaMark.USED_UP]
    await change_to(anna, "quarter")
    assert (await anna.usage()).used_bytes == QUOTA * GIGABYTE
    assert await anna.speed() is None, "the other plan includes more"
    await anna.transfers(60)
    assert await anna.hears() == [QuotaMark.NEARLY], "of another quota, so it is news"


async def test_a_change_from_a_plan_without_a_quota_counts_from_there(anna: Customer) -> None:
    await allow(anna.shop, None, "month")
    await allow(anna.shop, QUOTA, "quarter")
    await anna.transfers(10_000)
    await change_to(anna, "quarter")
    assert await anna.usage() == Usage(since=NOW + DAY)
    assert await anna.speed() is None


async def change_to(customer: Customer, plan: str) -> None:
    """For nothing: the owner has just made the plan cheaper than what is left is worth."""
    shop, now = customer.shop, NOW + DAY
    await shop.pool.execute("update tariffs set price = 10 where slug = $1", plan)
    (wanted,) = [each for each in await shop.plans.for_sale() if each.slug == plan]
    found = await shop.changes.offers(customer.user_id, (wanted,), now)
    assert found is not None
    subscription_id, ((_, offer),) = found
    assert isinstance(offer, ChangeOffer)
    order = ChangeOrder(
        change_id=ChangeId(uuid4()),
        subscription_id=subscription_id,
        plan_id=wanted.plan_id,
        made_at=offer.made_at,
        fingerprint=offer.fingerprint,
    )
    await shop.changes.change_plan(order, now)


async def test_two_servers_that_are_counted_at_once_both_count(anna: Customer) -> None:
    second, other = await anna.shop.add_device(anna.user_id), await anna.shop.server("nl2")
    await asyncio.gather(anna.transfers(3), anna.transfers(4, NOW, second, other))
    assert (await anna.usage()).used_bytes == 7 * GIGABYTE
