"""Takes the pictures of README.md and docs/ from the running shop: `make screenshots`."""

import asyncio
import io
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.async_api import Page

from docs.tour_screenshots import SETTINGS, photograph_tour
from sandbox.control_room.server import open_control_room
from sandbox.demo import supervised
from sandbox.shop import EmbeddedShop, ShopPlan
from sandbox.telegram.client import TelegramSandbox
from sandbox.yookassa.client import YooKassaSandbox
from sandbox.yookassa.faults import Operation
from tests.browser.chat_page import ChatPage
from tests.browser.chromium import Complaints, Screen, Windows, chromium

PICTURES = Path(__file__).parent / "pictures"
LARGEST = 150_000
"""Bytes: pictures live in the repository for ever."""
COLOURS = 256
STAFF_ID = 9001
ANNA = 7001


async def shoot(page: Page, name: str) -> None:
    """Write what a page shows into docs/pictures.

    Raises:
        ValueError: The page is too rich for a picture in a repository.
    """
    shot = Image.open(io.BytesIO(await page.screenshot(animations="disabled")))
    # Coverage, not frequency, chooses the colours: the wallpaper would take them all.
    small = shot.convert("RGB").quantize(
        COLOURS, method=Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE
    )
    path = PICTURES / f"{name}.png"
    small.save(path, optimize=True)
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{path} has {path.stat().st_size} bytes, more than {LARGEST}")


async def walk(shop: EmbeddedShop, windows: Windows) -> None:
    """Meet the shop as its people do, and take a picture at each stop."""
    async with TelegramSandbox(shop.addresses.telegram) as telegram:
        await telegram.introduce(ANNA, "Anna", language_code="en")
    page = await windows.open(Screen.DESKTOP)
    chat = ChatPage(page, shop.addresses.telegram)
    await chat.open_as(ANNA)
    await chat.press_start()
    await chat.sees("Hello, Anna")
    await shoot(page, "chat")
    await chat.tap("Choose a plan")
    await chat.tap("299")
    async with YooKassaSandbox(shop.addresses.yookassa) as kassa:
        await kassa.wait_for_calls(Operation.CREATE_PAYMENT, 1)
        [payment] = await kassa.payments()
    await page.goto(payment.page_url or "")
    await shoot(page, "payment")


async def take_all(folder: Path) -> None:
    """Start the shop in a folder, walk, and stop it.

    Raises:
        SystemExit: A page complained.
    """
    complaints = Complaints()
    plan = ShopPlan(data=folder, settings=SETTINGS, has_control_room=True)
    async with EmbeddedShop(plan) as shop, chromium() as browser:
        await shop.invite_staff(STAFF_ID, language="en")
        windows = Windows(browser, complaints)
        await walk(shop, windows)
        async with (
            supervised(shop, lambda _: None) as supervisor,
            open_control_room(shop, supervisor) as room,
        ):
            await photograph_tour(room, windows, shoot)
            await windows.close()
    if complaints.heard:
        raise SystemExit("\n".join(complaints.heard))


def main() -> None:
    """Take every picture, in a shop that lives as long as that."""
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="wgshop-pictures-") as place:
        folder = Path(place)
        folder.chmod(0o755)  # PostgreSQL becomes another user, who has to pass.
        asyncio.run(take_all(folder))


if __name__ == "__main__":
    main()
