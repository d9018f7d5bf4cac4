"""Takes the pictures of README.md and docs/ from the running shop: `make screenshots`."""

import asyncio
import io
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.async_api import Page

from docs.chat_screenshots import Chats
from docs.tour_screenshots import SETTINGS, photograph_tour
from sandbox.control_room.server import open_control_room
from sandbox.demo import supervised
from sandbox.shop import EmbeddedShop, ShopPlan
from sandbox.shopper import Shopper
from sandbox.telegram.client import TelegramSandbox
from sandbox.yookassa.client import YooKassaSandbox
from tests.browser.chromium import Complaints, Screen, Windows, chromium

PICTURES = Path(__file__).parent / "pictures"
LARGEST = 150_000
"""Bytes: pictures live in the repository for ever."""
COLOURS = 256
GAP = 24
"""Between pages that stand side by side in one picture."""
STAFF_ID = 9001
VISITOR = 7009


async def shoot(page: Page, name: str) -> None:
    """Write what a page shows into docs/pictures."""
    await shoot_beside([page], name)


async def shoot_beside(pages: Sequence[Page], name: str) -> None:
    """Write what pages of one height show, side by side, into docs/pictures.

    Raises:
        ValueError: They are too rich for a picture in a repository.
    """
    shots = [Image.open(io.BytesIO(await page.screenshot(animations="disabled"))) for page in pages]
    width = sum(shot.width for shot in shots) + GAP * (len(shots) - 1)
    whole = Image.new("RGB", (width, shots[0].height), "white")
    left = 0
    for shot in shots:
        whole.paste(shot, (left, 0))
        left += shot.width + GAP
    _save(whole, PICTURES / f"{name}.png")


def _save(picture: Image.Image, path: Path) -> None:
    # Coverage, not frequency, chooses the colours: the wallpaper would take them all.
    small = picture.quantize(
        COLOURS, method=Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE
    )
    small.save(path, optimize=True)
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{path} has {path.stat().st_size} bytes, more than {LARGEST}")


async def walk(shop: EmbeddedShop, windows: Windows) -> None:
    """Meet the shop as its people do, and take a picture at each stop."""
    async with (
        TelegramSandbox(shop.addresses.telegram) as telegram,
        YooKassaSandbox(shop.addresses.yookassa) as kassa,
    ):
        # The tour's guests are not to stand in other pictures.
        await telegram.reset()
        await shop.invite_staff(STAFF_ID, language="en")
        await Chats(shop, windows, telegram, kassa, shoot_beside).photograph()
        visitor = Shopper(telegram, kassa, VISITOR)
        payment = await visitor.payment_behind(await visitor.reaches_payment_page())
        page = await windows.open(Screen.DESKTOP)
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
        async with (
            supervised(shop, lambda _: None) as supervisor,
            open_control_room(shop, supervisor) as room,
        ):
            await photograph_tour(room, windows, shoot)
            await windows.close()
        await walk(shop, windows)
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
