"""The shop without a public address: it asks Telegram and YooKassa, and nobody calls it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from sandbox.shop import EmbeddedShop, ShopPlan
from sandbox.shopper import Shopper
from sandbox.telegram.client import FaultKind, TelegramSandbox
from sandbox.yookassa.client import YooKassaSandbox
from sandbox.yookassa.notifications import DeliveryState
from tests.e2e.conftest import QUICK_SETTINGS
from tests.e2e.ledger import ANNOUNCE_STAGES, ONE_OF_EACH, Ledger

pytestmark = pytest.mark.xdist_group("polling")


@pytest.fixture(scope="module")
async def shop(servers_folder: Path, temporal_address: str) -> AsyncIterator[EmbeddedShop]:
    """One VPN node, a worker, and the bot that polls; no API."""
    plan = ShopPlan(
        data=servers_folder / "polling",
        settings=QUICK_SETTINGS,
        external_temporal=temporal_address,
        namespace="polling",
        polling=True,
    )
    async with EmbeddedShop(plan) as running:
        connection = await asyncpg.connect(running.database_url, timeout=10)
        await connection.execute(ANNOUNCE_STAGES)
        await connection.close()
        yield running


@pytest.fixture
async def standby(shop: EmbeddedShop) -> AsyncIterator[asyncio.Task[None]]:
    """A second bot, which is ready once the first is gone."""
    waiting = asyncio.create_task(shop.start_shop_process("bot", name="standby"))
    yield waiting
    waiting.cancel()


async def test_a_customer_buys_from_a_shop_that_nobody_can_call(
    newcomer: Shopper, ledger: Ledger, kassa: YooKassaSandbox
) -> None:
    message = await newcomer.reaches_payment_page()
    payment = await newcomer.pays(message)
    await ledger.reaches(newcomer, "done")
    assert await ledger.outcome(newcomer) == ONE_OF_EACH
    assert len(await newcomer.configs()) == 1
    notifications = await kassa.notifications(payment.id)
    assert [each.state for each in notifications] == [DeliveryState.LOST]


async def test_a_second_bot_goes_on_where_the_first_was_killed(
    newcomer: Shopper,
    ledger: Ledger,
    shop: EmbeddedShop,
    telegram: TelegramSandbox,
    standby: asyncio.Task[None],
) -> None:
    plans = await newcomer.opens_plans(await newcomer.arrive())
    # Holds the bot where the purchase is written down and its workflow not begun.
    await telegram.order_fault(FaultKind.DELAY, method="editMessageText", seconds=60)
    await newcomer.taps_and_leaves(plans, "buy:")
    await ledger.reaches(newcomer, "preparing")
    assert not standby.done(), "two bots polled at the same time"
    await shop.children["bot"].kill()
    await telegram.clear_faults()
    await standby
    await newcomer.pays(await newcomer.sees_payment_page())
    await ledger.reaches(newcomer, "done")
    assert await ledger.outcome(newcomer) == ONE_OF_EACH
    assert await newcomer.payment_count() == 1
    assert len(await newcomer.configs()) == 1
