"""A customer buys through the pages alone: the chat, the payment page, and the chat again."""

import asyncio

from playwright.async_api import Download, Page, expect

from bot.phrasebook import Phrasebook, phrasebook
from domain.languages import Language as SpokenLanguage
from sandbox.telegram.client import TelegramSandbox
from tests.browser.chat_page import PATIENCE, ChatPage
from tests.browser.chromium import Language, in_each_language, on_each_screen

PAID_CARD = "5555555555554444"


def phrases(language: Language) -> Phrasebook:
    """The shop's words."""
    return phrasebook(SpokenLanguage(language))


async def pays(page: Page) -> None:
    """Let a test card pay on YooKassa's page, and go back to the shop."""
    await page.locator(f"[name=test_card][value='{PAID_CARD}']").first.click()
    await page.locator("a[href$='/chat']").click()


async def content_of(download: Download) -> str:
    """What a saved file holds."""
    path = await download.path()
    return await asyncio.to_thread(path.read_text)


@on_each_screen
@in_each_language
async def test_a_customer_buys_and_gets_the_tunnel(
    chat: ChatPage, telegram: TelegramSandbox, user_id: int, language: Language
) -> None:
    words = phrases(language)
    await telegram.introduce(user_id, "Anna", language_code=language)
    await chat.open_as(user_id)
    await chat.press_start()
    await chat.tap(words.label("button.buy"))
    await chat.tap("299")
    pay = chat.key("💳")
    await expect(pay).to_be_visible(timeout=PATIENCE)
    assert await chat.overflowing() == []
    async with chat.page.expect_popup() as opening:
        await pay.click()
    payment_page = await opening.value
    await pays(payment_page)
    back = ChatPage(payment_page, chat.address)
    await back.open()
    await expect(back.chat.locator(".pane__status")).to_contain_text("Anna")
    await chat.sees("wg-nl1.conf")
    ready = words.say("purchase.ready", plan="", end="").split("</b>")[0].replace("🎉 <b>", "")
    await chat.sees(ready)
    async with chat.page.expect_download() as saving:
        await chat.chat.locator("a.file").click()
    assert "[Interface]" in await content_of(await saving.value)
    await expect(chat.chat.locator(".bubble__photo img")).to_be_visible()
    assert await chat.overflowing() == []
