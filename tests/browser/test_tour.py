"""The guided tour, walked by hand in the browser: in the chat, the payment page, the room."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from sandbox.control_room.server import open_control_room
from sandbox.control_room.tour import ITINERARY
from sandbox.control_room.views import OutageKind
from sandbox.demo import supervised
from sandbox.shop import EmbeddedShop, ShopPlan
from tests.browser.chromium import Language, Screen
from tests.browser.conftest import STAFF
from tests.browser.room_page import RoomPage
from workers.shop_worker import WORKFLOWS

SETTINGS = {
    "PURCHASE_SWIFT_SETUP": "1",
    "PURCHASE_SETUP_PAUSE": "1",
    "PURCHASE_SETUP_BUDGET": "3",
}
"""A purchase parks after three seconds."""
FULL_WALKS = pytest.mark.parametrize(
    ("screen", "language"),
    [(Screen.DESKTOP, Language.ENGLISH), (Screen.PHONE, Language.RUSSIAN)],
    ids=["en-desktop", "ru-phone"],
)
SHORT_WALKS = pytest.mark.parametrize(
    ("screen", "language"),
    [(Screen.PHONE, Language.ENGLISH), (Screen.DESKTOP, Language.RUSSIAN)],
    ids=["en-phone", "ru-desktop"],
)


@pytest.fixture(scope="session")
async def room_address(servers_folder: Path) -> AsyncIterator[str]:
    """A shop with its control room, as `make demo` opens it."""
    plan = ShopPlan(data=servers_folder / "tour-shop", settings=SETTINGS, has_control_room=True)
    async with AsyncExitStack() as stack:
        shop = await stack.enter_async_context(EmbeddedShop(plan))
        await shop.invite_staff(STAFF)
        supervisor = await stack.enter_async_context(supervised(shop, lambda _: None))
        yield await stack.enter_async_context(open_control_room(shop, supervisor))


@pytest.fixture
def room(page: Page, room_address: str, screen: Screen, language: Language) -> RoomPage:
    """A visitor before the room."""
    return RoomPage(page, room_address, screen, language)


@FULL_WALKS
async def test_the_whole_tour_is_walked_and_every_mark_ticks_itself_off(room: RoomPage) -> None:
    buy, renew = room.words.label("button.buy"), room.words.label("button.renew")
    await room.open()

    await room.waits_for("buy:started")
    await room.starts()
    await room.waits_for("buy:chosen")
    for label in (buy, "299"):
        await room.taps(label)
    await room.waits_for("buy:paid")
    await room.pays()

    await room.waits_for("park:broken")
    await room.does()
    await room.waits_for("park:paid")
    await room.chooses(renew, "299")
    await room.pays()
    await room.waits_for("park:mended")
    await room.does()
    await room.waits_for("park:retried")
    await room.retries()

    await room.waits_for("kill:chosen")
    await room.chooses(renew, "299")
    await room.waits_for("kill:killed")
    await expect(room.customer.locator(".key").filter(has_text="💳")).to_be_visible()
    await room.does()
    await room.waits_for("kill:paid")
    await room.goes_to_chat()
    await room.pays()
    await room.waits_for("kill:revived")
    await room.does()

    await room.waits_for("clock:turned")
    await room.does()
    await room.waits_for("renew:paid")
    await room.goes_to_chat()
    await room.taps("🔄")
    await room.pays()
    await room.waits_for("over")
    await room.turn_to("tour")
    await expect(room.panel.locator(".finale")).to_be_visible()


@SHORT_WALKS
async def test_the_room_is_walked_through_by_its_tabs_and_switches(room: RoomPage) -> None:
    await room.open()
    page = room.page
    await room.waits_for("buy:started")
    await room.panel.locator("[data-key=skip]").click()
    await room.waits_for("park:broken")

    await page.locator("#tab-tour").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#tab-outages")).to_be_focused()
    switch = page.get_by_role("switch").and_(page.locator("[data-key=node_down]"))
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "true")
    await expect(page.locator("#mood")).to_have_attribute("data-well", "false")
    await room.waits_for("park:paid")
    await page.locator("[data-key=mend-all]").click()
    await expect(switch).to_have_attribute("aria-checked", "false")
    await expect(page.locator("#mood")).to_have_attribute("data-well", "true")

    await room.turn_to("flights")
    await expect(page.locator("#panel-flights .counts")).to_be_visible()
    await room.turn_to("clock")
    await expect(page.locator("#panel-clock .truth")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def shape(words: object) -> object:
    """The keys without the words; plural forms and lists count as one."""
    if not isinstance(words, dict) or "other" in words:
        return ""
    return {key: shape(value) for key, value in words.items()}


async def test_the_room_says_everything_in_both_languages(page: Page, room_address: str) -> None:
    await page.goto(room_address)
    words = await page.evaluate("import('/static/words.js').then((all) => all.allWords())")
    assert shape(words["en"]) == shape(words["ru"])
    rules = await page.evaluate("import('/static/outages.js').then((all) => all.KINDS)")
    for language in words.values():
        assert set(rules) == set(language["outage"]) == set(language["effect"])
        assert set(language["type"]) == {
            each.__name__.removesuffix("Workflow") for each in WORKFLOWS
        }
    assert set(rules) == set(OutageKind)
    for stop in ITINERARY:
        marks = {mark.id for mark in stop.marks}
        assert set(words["en"]["mark"][stop.id]) == marks
