"""Telegram Stars from the button to the tunnel, and back: only public doors, a real ledger."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from infra.postgres.pool import Connection
from sandbox.shop import ADMIN_CHAT, EmbeddedShop
from sandbox.shopper import Shopper
from sandbox.telegram.client import TelegramSandbox
from tests.e2e.conftest import STAFF
from tests.e2e.ledger import NOTHING, ONE_OF_EACH, Ledger

pytestmark = pytest.mark.xdist_group("e2e")


@pytest.fixture(autouse=True)
async def sold_for_stars(database: Connection) -> AsyncIterator[None]:
    """A month costs 250 Stars."""
    await database.execute("update tariffs set price_stars = 250 where slug = 'month'")
    yield
    await database.execute("update tariffs set price_stars = null")


@asynccontextmanager
async def no_room(database: Connection) -> AsyncIterator[None]:
    """Within, no server takes anybody: a purchase that is paid parks at once."""
    await database.execute("update vpn_servers set state = 'down'")
    try:
        yield
    finally:
        await database.execute("update vpn_servers set state = 'selling'")


async def charges(
    database: Connection, ledger: Ledger, customer: Shopper
) -> list[tuple[bool, bool]]:
    """Of each charge: whether it is a surplus, and whether it went back."""
    rows = await database.fetch(
        "select is_surplus, refunded_at is not null as is_back from star_charges "
        "where purchase_id = $1 order by is_surplus",
        await ledger.purchase_id(customer),
    )
    return [(row["is_surplus"], row["is_back"]) for row in rows]


async def test_a_customer_pays_with_stars_and_gets_a_tunnel(
    newcomer: Shopper, ledger: Ledger, database: Connection
) -> None:
    message = await newcomer.reaches_star_invoice()
    assert "250 ⭐" in message.body
    assert (await newcomer.pays_stars(message)).is_paid
    await ledger.reaches(newcomer, "done")
    assert await ledger.outcome(newcomer) == ONE_OF_EACH
    assert await newcomer.sees_text(message, "is ready")
    paid = await database.fetchrow(
        "select provider, amount, currency from payments where purchase_id = $1",
        await ledger.purchase_id(newcomer),
    )
    assert paid is not None
    assert tuple(paid) == ("stars", 250, "XTR")


async def test_a_price_that_changed_meanwhile_is_refused_before_the_stars_are_taken(
    newcomer: Shopper, ledger: Ledger, database: Connection
) -> None:
    message = await newcomer.reaches_star_invoice()
    await database.execute("update tariffs set price_stars = 300 where slug = 'month'")
    outcome = await newcomer.pays_stars(message)
    assert (outcome.is_paid, "price has changed" in (outcome.error_message or "")) == (False, True)
    assert await ledger.outcome(newcomer) == NOTHING


async def test_somebody_elses_invoice_is_refused(
    newcomer: Shopper, second_newcomer: Shopper, telegram: TelegramSandbox
) -> None:
    message = await newcomer.reaches_star_invoice()
    await second_newcomer.arrive()
    outcome = await telegram.pay_link(
        next(button.url for button in message.buttons if button.url), second_newcomer.user_id
    )
    assert "другому человеку" in (outcome.error_message or "")


async def test_news_of_a_payment_that_comes_again_changes_nothing(
    newcomer: Shopper, ledger: Ledger, database: Connection, telegram: TelegramSandbox
) -> None:
    await newcomer.pays_stars(await newcomer.reaches_star_invoice())
    await ledger.reaches(newcomer, "done")
    told = await database.fetchval("select max(update_id) from telegram_updates")
    # As if the shop had died before it noted that the update was handled.
    await database.execute("delete from telegram_updates where update_id = $1", told)
    await telegram.redeliver(told)
    # A chat's updates come one after the other: what answers this has handled that.
    await newcomer.opens_menu()
    assert await database.fetchval(
        "select true from telegram_updates where update_id = $1", told
    ), "the update did not come again"
    assert await ledger.outcome(newcomer) == ONE_OF_EACH
    assert await charges(database, ledger, newcomer) == [(False, False)]


async def test_of_two_payments_at_once_one_goes_back(
    newcomer: Shopper, ledger: Ledger, database: Connection, telegram: TelegramSandbox
) -> None:
    message = await newcomer.reaches_star_invoice()
    await telegram.pause_delivery()
    paying = asyncio.gather(*(newcomer.pays_stars(message) for _ in range(2)))
    async with asyncio.timeout(5):
        while (await telegram.stats()).pending_updates < 2:
            pass
    await telegram.resume_delivery()
    assert [outcome.is_paid for outcome in await paying] == [True, True]
    await ledger.reaches(newcomer, "done")
    await telegram.wait_for(
        newcomer.user_id,
        lambda log: any(each.current.refunded_payment for each in log.present),
    )
    assert await ledger.outcome(newcomer) == ONE_OF_EACH


async def test_staff_give_the_stars_back_with_the_repair_button(
    newcomer: Shopper, ledger: Ledger, database: Connection, telegram: TelegramSandbox
) -> None:
    message = await newcomer.reaches_star_invoice()
    async with no_room(database):
        await newcomer.pays_stars(message)
        await ledger.reaches(newcomer, "stuck")
    purchase = await ledger.purchase_id(newcomer)
    alarm = await telegram.wait_for_message(ADMIN_CHAT, lambda each: purchase in each.body)
    await telegram.press(alarm, data=alarm.buttons[-1].callback_data, user_id=STAFF)
    await ledger.reaches(newcomer, "refunded")
    assert await newcomer.sees_text(message, "The Stars are back")
    assert await charges(database, ledger, newcomer) == [(False, True)]
    assert (await ledger.outcome(newcomer)).grants == 0


async def test_the_owner_sets_prices_from_the_command_line(
    shop: EmbeddedShop, database: Connection
) -> None:
    price = "select price_stars from tariffs where slug = 'year'"
    assert (await shop.wgshop("stars", "year=1990")).output.strip() == "year: 1990 Stars"
    assert await database.fetchval(price) == 1990
    await shop.wgshop("stars", "year=0")
    assert await database.fetchval(price) is None
    for wrong, words in (("year", "expected PLAN=STARS"), ("nope=5", "no plan 'nope'")):
        refused = await shop.wgshop("stars", wrong)
        assert (refused.exit_code, words in refused.output) == (1, True)
