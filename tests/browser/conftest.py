"""One Chromium and one shop for all browser tests; a page that complains fails its test."""

import io
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import httpx
import pytest
import segno
from playwright.async_api import Browser, Page

from sandbox.shop import EmbeddedShop, ShopPlan
from sandbox.telegram.client import TelegramSandbox
from sandbox.telegram.server import running
from sandbox.yookassa.client import YooKassaSandbox
from tests.browser.chat_page import ChatPage
from tests.browser.chromium import CHROMIUM, Complaints, Language, Screen, Windows, chromium
from tests.browser.hand_bot import TOKEN, HandBot

STAFF = 9001
QUICK_SETTINGS = {
    "PURCHASE_FIRST_POLL": "2",
    "PURCHASE_SWIFT_SETUP": "2",
    "PURCHASE_SETUP_BUDGET": "8",
    "PURCHASE_SETUP_PAUSE": "1",
}

_user_ids = count(8_000)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of this folder in one process, where they share the shop."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(
                pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium")
            )


@pytest.fixture
def screen() -> Screen:
    """The size of `page`; `@on_each_screen` runs a test at every one."""
    return Screen.DESKTOP


@pytest.fixture
def language() -> Language:
    """The language of `page`; `@in_each_language` runs a test in every one."""
    return Language.ENGLISH


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium without a window."""
    async with chromium() as running:
        yield running


@pytest.fixture
async def complaints() -> Complaints:
    """What pages complained of; the test forgives what it provoked."""
    return Complaints()


@pytest.fixture
async def windows(browser: Browser, complaints: Complaints) -> AsyncIterator[Windows]:
    """Opens more pages; a console error or an uncaught one in any of them fails the test."""
    opened = Windows(browser, complaints)
    yield opened
    await opened.close()
    assert complaints.heard == []


@pytest.fixture
async def page(windows: Windows, screen: Screen, language: Language) -> Page:
    """An empty page."""
    return await windows.open(screen, language)


@pytest.fixture(scope="session")
async def shop(servers_folder: Path) -> AsyncIterator[EmbeddedShop]:
    """The whole shop, as `wgshop demo` starts it, with the patience of a test."""
    plan = ShopPlan(data=servers_folder / "browser-shop", settings=QUICK_SETTINGS)
    async with EmbeddedShop(plan) as running:
        await running.invite_staff(STAFF)
        yield running


@pytest.fixture
async def telegram(shop: EmbeddedShop) -> AsyncIterator[TelegramSandbox]:
    """Telegram's control room; outages end with the test."""
    async with TelegramSandbox(shop.addresses.telegram) as sandbox:
        yield sandbox
        await sandbox.clear_faults()


@pytest.fixture
async def kassa(shop: EmbeddedShop) -> AsyncIterator[YooKassaSandbox]:
    """YooKassa's control room; outages end with the test."""
    async with YooKassaSandbox(shop.addresses.yookassa) as sandbox:
        yield sandbox
        await sandbox.clear_faults()


@pytest.fixture
def user_id() -> int:
    """A Telegram user id that no other test of this process uses."""
    return next(_user_ids)


@pytest.fixture
def chat(page: Page, shop: EmbeddedShop) -> ChatPage:
    """The chat page of the whole shop."""
    return ChatPage(page, shop.addresses.telegram)


# A Telegram without a shop, for what no shop does on demand


@pytest.fixture(scope="session")
async def bare_address(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A Telegram sandbox of its own."""
    async with running(TOKEN, tmp_path_factory.mktemp("telegram")) as address:
        yield address


@pytest.fixture
async def people(bare_address: str) -> AsyncIterator[TelegramSandbox]:
    """Its people's side; everybody is forgotten after the test."""
    async with TelegramSandbox(bare_address) as sandbox:
        yield sandbox
        await sandbox.reset()


@pytest.fixture
async def bot(bare_address: str) -> AsyncIterator[HandBot]:
    """Its bot."""
    async with httpx.AsyncClient(base_url=bare_address, timeout=15, trust_env=False) as http:
        yield HandBot(http)


@pytest.fixture
def bare_chat(people: TelegramSandbox, page: Page, bare_address: str) -> ChatPage:
    """Its chat page, which is closed before its people are forgotten."""
    return ChatPage(page, bare_address)


@pytest.fixture(scope="session")
def picture() -> bytes:
    """A QR code, as the shop sends."""
    png = io.BytesIO()
    segno.make("[Interface]").save(png, kind="png", scale=6)
    return png.getvalue()
