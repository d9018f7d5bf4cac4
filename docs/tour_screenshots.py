"""Pictures of the control room, taken while its tour is walked."""

from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

from tests.browser.chromium import Language, Screen, Windows
from tests.browser.room_page import PATIENCE, RoomPage

Shoot = Callable[[Page, str], Awaitable[None]]

SETTINGS = {
    "PURCHASE_SWIFT_SETUP": "2",
    "PURCHASE_SETUP_PAUSE": "1",
    "PURCHASE_SETUP_BUDGET": "6",
    "STAFF_LANGUAGE": "en",
}
"""Nobody waits for a purchase to park while pictures are taken."""


async def photograph_tour(address: str, windows: Windows, shoot: Shoot) -> None:
    """Walk the tour in English on a desktop, and look at it in Russian on a phone."""
    desktop = await windows.open(Screen.DESKTOP, Language.ENGLISH)
    room = RoomPage(desktop, address, Screen.DESKTOP, Language.ENGLISH)
    await room.open(afresh=False)
    await _buy(room)
    await _park(room)
    await shoot(desktop, "room")
    await room.turn_to("flights")
    await shoot(desktop, "room-flights")
    await room.turn_to("outages")
    await shoot(desktop, "room-outages")
    await _mend(room)
    await _turn_clock(room)
    await shoot(desktop, "room-clock")
    await _on_a_phone(address, windows, shoot)


async def _buy(room: RoomPage) -> None:
    await room.waits_for("buy:started")
    await room.starts()
    await room.waits_for("buy:chosen")
    await room.taps(room.words.label("button.buy"))
    await room.taps("299")
    await room.pays()
    await room.waits_for("park:broken")


async def _park(room: RoomPage) -> None:
    await room.does()
    await room.chooses(room.words.label("button.renew"), "299")
    await room.pays()
    await room.waits_for("park:mended")
    alarm = room.chat.locator(".pane[data-kind=group] .key").filter(has_text="🔁")
    await expect(alarm.last).to_be_visible(timeout=PATIENCE)


async def _mend(room: RoomPage) -> None:
    await room.does()
    await room.waits_for("park:retried")
    await room.retries()
    await room.waits_for("kill:chosen")


async def _turn_clock(room: RoomPage) -> None:
    await room.panel.locator("[data-key=skip]").click()
    await room.waits_for("clock:turned")
    await room.does()
    await room.waits_for("renew:paid")
    await expect(room.customer.get_by_text("⏳").last).to_be_visible(timeout=PATIENCE)
    await room.turn_to("clock")


async def _on_a_phone(address: str, windows: Windows, shoot: Shoot) -> None:
    phone = await windows.open(Screen.PHONE, Language.RUSSIAN)
    room = RoomPage(phone, address, Screen.PHONE, Language.RUSSIAN)
    await room.open()
    await _buy(room)
    await room.turn_to("chat")
    await expect(room.customer.locator(".bubble__photo img")).to_be_visible(timeout=PATIENCE)
    await shoot(phone, "room-phone-chat")
    await room.turn_to("tour")
    await shoot(phone, "room-phone")
