"""On which server a device comes, and whose address it may take."""

import asyncio

import pytest

from domain.errors import SoldOut
from domain.health import BAD_LOOKS_TO_FALL, Look, Symptom
from domain.servers import ServerState
from infra.postgres.health import PostgresHealthLedger
from tests.infra.postgres.shop import DAY, MONTH, NOW, Shop, lock_waiters

GONE = Look(symptom=Symptom.GONE, detail="no route to host")


async def test_the_emptiest_server_is_chosen(shop: Shop) -> None:
    await shop.server("small", capacity=2)
    await shop.server("large", capacity=3)
    grants = [await shop.buy(await shop.customer()) for _ in range(3)]
    assert [grant.server for grant in grants] == ["large", "small", "large"]


async def test_only_the_plans_locations_are_used(shop: Shop) -> None:
    await shop.server("nl1", location="nl", capacity=9)
    await shop.server("de1", location="de", capacity=1)
    await shop.sell_only_in("month", "de", "fi")
    grants = [await shop.pay_late(await shop.customer()) for _ in range(2)]
    assert [grant.server for grant in grants] == ["de1", None]


async def test_a_server_that_does_not_sell_takes_nobody(shop: Shop) -> None:
    await shop.server("down", state=ServerState.DOWN)
    await shop.server("draining", state=ServerState.DRAINING)
    assert (await shop.pay_late(await shop.customer())).server is None


async def test_a_renewal_stays_on_a_server_that_no_longer_sells(shop: Shop) -> None:
    await shop.server("nl1")
    user_id = await shop.customer()
    await shop.buy(user_id)
    await shop.pool.execute("update vpn_servers set state = 'draining'")
    await shop.server("nl2")
    assert (await shop.buy(user_id)).server == "nl1"


async def test_of_two_customers_at_once_exactly_one_gets_the_last_address(shop: Shop) -> None:
    await shop.server("nl1", capacity=1)
    first, second = [await shop.order(await shop.customer()) for _ in range(2)]
    async with shop.paid_but_not_committed(first) as granting:
        too_late = await shop.pay(second)
    grant = await granting
    assert (grant.server, too_late.server) == ("nl1", None)
    assert await shop.address_of(grant.device_id) is not None


async def test_many_customers_at_once_share_out_every_address(shop: Shop) -> None:
    await shop.server("nl1", capacity=5)
    await shop.server("de1", capacity=5)
    orders = [await shop.order(await shop.customer()) for _ in range(10)]
    grants = await asyncio.gather(*(shop.pay(order) for order in orders))
    assert all(grant.server for grant in grants)
    assert len({await shop.address_of(grant.device_id) for grant in grants}) == 10


async def test_an_address_is_kept_for_its_customers_return_while_there_are_others(
    shop: Shop,
) -> None:
    await shop.server("nl1", capacity=2)
    absent = await shop.buy(await shop.customer())
    await shop.leave(absent, NOW + MONTH)
    kept = await shop.address_of(absent.device_id)
    newcomer = await shop.buy(await shop.customer())
    assert newcomer.server == "nl1"
    assert await shop.address_of(absent.device_id) == kept


async def test_a_full_server_gives_away_the_address_of_the_longest_absent(shop: Shop) -> None:
    await shop.server("nl1", capacity=3)
    customers = [await shop.customer() for _ in range(3)]
    _, second, first = grants = [await shop.buy(one) for one in customers]
    for grant in (first, second):
        await shop.leave(grant, NOW + MONTH)
    address = await shop.address_of(first.device_id)
    newcomer = await shop.buy(await shop.customer())
    assert await shop.address_of(newcomer.device_id) == address
    assert await shop.address_of(first.device_id) is None
    assert await shop.address_of(second.device_id) is not None
    assert await shop.address_of(grants[0].device_id) is not None


async def test_an_address_is_not_given_away_before_the_server_has_let_go_of_it(
    shop: Shop,
) -> None:
    await shop.server("nl1", capacity=1)
    gone = await shop.buy(await shop.customer())
    (leaving,) = await shop.end(gone, NOW + MONTH)
    assert (await shop.pay_late(await shop.customer())).server is None
    await shop.access.confirm_removal(leaving)
    assert (await shop.buy(await shop.customer())).server == "nl1"


async def test_an_address_that_was_left_is_not_given_away_with_its_absent_customer(
    shop: Shop,
) -> None:
    left = await shop.server("nl1", capacity=1)
    absent = await shop.buy(await shop.customer())
    await shop.server("nl2", capacity=1)
    await shop.access.move_device(absent.device_id, "nl1")
    for placed in await shop.end(absent, NOW + MONTH):
        if placed.server_id != left:
            await shop.access.confirm_removal(placed)
    grants = [await shop.pay_late(await shop.customer()) for _ in range(2)]
    assert [grant.server for grant in grants] == ["nl2", None]


async def test_a_customer_whose_address_was_given_away_comes_back_to_another(shop: Shop) -> None:
    await shop.server("nl1", capacity=1)
    user_id = await shop.customer()
    first = await shop.buy(user_id)
    await shop.leave(first, NOW + MONTH)
    await shop.buy(await shop.customer())
    await shop.server("nl2", capacity=1)
    second = await shop.buy(user_id, NOW + MONTH + DAY)
    assert (second.device_id, second.server) == (first.device_id, "nl2")


async def test_a_customer_back_in_time_is_never_robbed(shop: Shop) -> None:
    await shop.server("nl1", capacity=1)
    user_id = await shop.customer()
    await shop.leave(await shop.buy(user_id), NOW + MONTH)
    returning, newcoming = await shop.order(user_id), await shop.order(await shop.customer())
    async with shop.paid_but_not_committed(returning) as granting:
        newcomer = await shop.pay(newcoming)
    assert ((await granting).server, newcomer.server) == ("nl1", None)


async def test_a_customer_back_a_moment_too_late_does_not_take_the_address_back(
    shop: Shop,
) -> None:
    await shop.server("nl1", capacity=1)
    user_id = await shop.customer()
    await shop.leave(await shop.buy(user_id), NOW + MONTH)
    returning, newcoming = await shop.order(user_id), await shop.order(await shop.customer())
    async with shop.paid_but_not_committed(newcoming) as granting:
        coming_back = asyncio.create_task(shop.pay(returning))
        await lock_waiters(shop.pool, 2)
    assert ((await granting).server, (await coming_back).server) == ("nl1", None)


async def fall_ill(shop: Shop, slug: str, look: Look, times: int = BAD_LOOKS_TO_FALL) -> None:
    ledger = PostgresHealthLedger(shop.pool, shop.sealer)
    server_id = next(one.server_id for one in await shop.servers.all() if one.slug == slug)
    for _ in range(times):
        await ledger.note_look(server_id, look, NOW)


async def test_a_server_that_is_down_gets_nobody(shop: Shop) -> None:
    await shop.server("large", capacity=9)
    await shop.server("small", capacity=1)
    await fall_ill(shop, "large", GONE)
    grants = [await shop.pay_late(await shop.customer()) for _ in range(2)]
    assert [grant.server for grant in grants] == ["small", None]


async def test_a_suspect_server_gets_whom_no_healthy_one_takes(shop: Shop) -> None:
    await shop.server("large", capacity=9)
    await shop.server("small", capacity=1)
    await fall_ill(shop, "large", GONE, times=1)
    grants = [await shop.buy(await shop.customer()) for _ in range(2)]
    assert [grant.server for grant in grants] == ["small", "large"]


async def test_a_renewal_stays_on_a_server_that_is_down(shop: Shop) -> None:
    await shop.server("nl1")
    await shop.server("nl2", capacity=1)
    user_id = await shop.customer()
    await shop.buy(user_id)
    await fall_ill(shop, "nl1", GONE)
    assert (await shop.buy(user_id)).server == "nl1"


# Sold out


@pytest.mark.parametrize(
    "how", ["full", "draining", "down", "elsewhere"], ids=lambda how: f"where it is {how}"
)
async def test_what_no_server_can_take_is_not_sold(shop: Shop, how: str) -> None:
    await shop.server("nl1", capacity=1)
    if how == "full":
        await shop.buy(await shop.customer())
    elif how == "draining":
        await shop.pool.execute("update vpn_servers set state = 'draining'")
    elif how == "down":
        await fall_ill(shop, "nl1", GONE)
    else:
        await shop.sell_only_in("month", "de")
    boris = await shop.customer()
    with pytest.raises(SoldOut):
        await shop.order(boris)
    assert await shop.purchases.latest_of(boris) is None


async def test_a_full_server_still_sells_to_those_whom_it_holds(shop: Shop) -> None:
    await shop.server("nl1", capacity=1)
    anna = await shop.customer()
    await shop.buy(anna)
    assert (await shop.buy(anna)).server == "nl1"


async def test_a_full_server_sells_what_an_absent_customer_would_make_room_for(shop: Shop) -> None:
    await shop.server("nl1", capacity=1)
    await shop.leave(await shop.buy(await shop.customer()), NOW + MONTH)
    assert (await shop.buy(await shop.customer())).server == "nl1"


async def test_a_shop_without_any_server_sells_and_waits_for_the_first(shop: Shop) -> None:
    assert (await shop.buy(await shop.customer())).server is None
