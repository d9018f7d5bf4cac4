"""A server that goes away: the page says so, comes back by itself, and shows what there is."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import Page, expect

from sandbox.ports import LOOPBACK, free_ports
from sandbox.telegram.client import TelegramSandbox
from sandbox.telegram.server import build_server, listen
from tests.browser.chat_page import ChatPage
from tests.browser.chromium import Complaints
from tests.browser.hand_bot import TOKEN

ANNA, BORIS = 7001, 7002


@contextlib.asynccontextmanager
async def serving(port: int, data: Path) -> AsyncIterator[TelegramSandbox]:
    """One life of a server at a port."""
    server = build_server(TOKEN, data)
    with contextlib.closing(listen(LOOPBACK, port)) as listening:
        task = asyncio.create_task(server.serve([listening]))
        await server.ready.wait()
        async with TelegramSandbox(f"http://{LOOPBACK}:{port}") as people:
            yield people
        server.should_exit = True
        await task


async def test_after_a_restart_the_page_shows_the_new_life_without_a_reload(
    page: Page, tmp_path: Path, complaints: Complaints
) -> None:
    (port,) = free_ports(0)
    chat = ChatPage(page, f"http://{LOOPBACK}:{port}")
    async with serving(port, tmp_path) as people:
        await people.introduce(ANNA, "Anna")
        await people.introduce(BORIS, "Boris")
        await people.press_start(ANNA)
        await people.send_text(ANNA, "before")
        await chat.open_as(ANNA)
        await chat.sees("before")
    await expect(page.locator("#connection")).to_be_visible()
    async with serving(port, tmp_path) as people:
        await people.introduce(ANNA, "Anna")
        await people.press_start(ANNA)
        await people.send_text(ANNA, "after")
        await chat.sees("after")
        await expect(page.locator("#connection")).to_be_hidden()
        await expect(chat.chat.get_by_role("log")).not_to_contain_text("before")
        await expect(chat.entry("Boris")).to_have_count(0)
        await page.goto("about:blank")
    complaints.forgive("ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET")


async def test_whoever_is_forgotten_leaves_the_screen(
    bare_chat: ChatPage, people: TelegramSandbox
) -> None:
    await people.introduce(ANNA, "Anna")
    await bare_chat.open_as(ANNA)
    await people.reset()
    await expect(bare_chat.page.get_by_role("heading", name="Be the customer")).to_be_visible()
    await expect(bare_chat.chat).to_be_hidden()
