"""One whole shop with its control room for all tests of this folder."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path

import pytest

from sandbox.control_room.client import ControlRoom
from sandbox.control_room.server import open_control_room
from sandbox.demo import supervised
from sandbox.shop import EmbeddedShop, ShopPlan
from sandbox.shopper import Shopper
from sandbox.telegram.client import TelegramSandbox
from sandbox.yookassa.client import YooKassaSandbox

STAFF = 9001
QUICK_SETTINGS = {
    "PURCHASE_FIRST_POLL": "1",
    "PURCHASE_SWIFT_SETUP": "1",
    "PURCHASE_SETUP_PAUSE": "1",
    "PURCHASE_SETUP_BUDGET": "3",
}

_user_ids = count(6_000)


@pytest.fixture(scope="session")
async def shop(servers_folder: Path) -> AsyncIterator[EmbeddedShop]:
    """The shop as the demo starts it, with the patience of a test."""
    plan = ShopPlan(
        data=servers_folder / "room-shop", settings=QUICK_SETTINGS, has_control_room=True
    )
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(EmbeddedShop(plan))
        await running.invite_staff(STAFF)
        supervisor = await stack.enter_async_context(supervised(running, lambda _: None))
        await stack.enter_async_context(open_control_room(running, supervisor))
        yield running


@pytest.fixture
async def room(shop: EmbeddedShop) -> AsyncIterator[ControlRoom]:
    """The room; what a test breaks is mended after it."""
    async with ControlRoom(shop.addresses.control_room) as client:
        yield client
        await client.mend_all()


@pytest.fixture
async def telegram(shop: EmbeddedShop) -> AsyncIterator[TelegramSandbox]:
    """The Telegram sandbox."""
    async with TelegramSandbox(shop.addresses.telegram) as sandbox:
        yield sandbox


@pytest.fixture
async def kassa(shop: EmbeddedShop) -> AsyncIterator[YooKassaSandbox]:
    """The YooKassa sandbox."""
    async with YooKassaSandbox(shop.addresses.yookassa) as sandbox:
        yield sandbox


@pytest.fixture
def customer(telegram: TelegramSandbox, kassa: YooKassaSandbox) -> Shopper:
    """A customer whom the shop does not know."""
    return Shopper(telegram, kassa, next(_user_ids))
