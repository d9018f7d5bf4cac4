"""Paying inside Telegram: the sheet, the bot's ten seconds, the receipt."""

from typing import Any

import pytest
from playwright.async_api import Locator, expect

from sandbox.telegram.client import TelegramSandbox
from tests.browser.chat_page import ChatPage
from tests.browser.chromium import Language, in_each_language, on_each_screen
from tests.browser.hand_bot import HandBot

ANNA = 7001
BILL: dict[str, Any] = {
    "title": "30 days",
    "description": "WireGuard VPN on one device",
    "payload": "purchase-7",
    "currency": "XTR",
    "prices": [{"label": "30 days", "amount": 150}],
}
PAY = {Language.ENGLISH: "Pay ⭐ 150", Language.RUSSIAN: "Заплатить ⭐ 150"}


@pytest.fixture
async def customer(bare_chat: ChatPage, people: TelegramSandbox) -> ChatPage:
    """Anna in her chat."""
    await people.introduce(ANNA, "Anna")
    await people.press_start(ANNA)
    await bare_chat.open_as(ANNA)
    return bare_chat


def sheet_of(customer: ChatPage) -> Locator:
    """The payment sheet."""
    return customer.page.get_by_role("dialog")


async def decide(bot: HandBot, **decision: Any) -> None:
    """Answer the question before the money moves."""
    query = await bot.hears("pre_checkout_query")
    assert query["invoice_payload"] == "purchase-7"
    await bot("answerPreCheckoutQuery", pre_checkout_query_id=query["id"], **decision)


@on_each_screen
@in_each_language
async def test_an_invoice_is_paid_and_the_receipt_arrives(
    customer: ChatPage, bot: HandBot, language: Language
) -> None:
    await bot("sendInvoice", chat_id=ANNA, **BILL)
    await customer.newest.locator(".key").click()
    sheet = sheet_of(customer)
    await expect(sheet).to_contain_text("WireGuard VPN on one device")
    assert await customer.overflowing() == []
    await sheet.get_by_role("button", name=PAY[language]).click()
    seconds = {Language.ENGLISH: "10 s", Language.RUSSIAN: "10 с"}[language]
    await expect(sheet.get_by_role("status")).to_contain_text(seconds)
    await decide(bot, ok=True)
    await expect(sheet).to_be_hidden()
    receipt = await bot.hears("message")
    while "successful_payment" not in receipt:
        receipt = await bot.hears("message")
    assert receipt["successful_payment"]["total_amount"] == 150
    await customer.sees("⭐ 150")
    await expect(customer.toast).to_contain_text("⭐ 150")


async def test_whoever_declines_pays_nothing(
    customer: ChatPage, people: TelegramSandbox, bot: HandBot
) -> None:
    await bot("sendInvoice", chat_id=ANNA, **BILL)
    await customer.newest.locator(".key").click()
    await sheet_of(customer).get_by_role("button", name="Decline").click()
    await expect(sheet_of(customer)).to_be_hidden()
    assert all(each.current.successful_payment is None for each in (await log(people)).present)


async def test_a_refusal_by_the_bot_is_told_in_its_words(
    customer: ChatPage, people: TelegramSandbox, bot: HandBot
) -> None:
    await bot("sendInvoice", chat_id=ANNA, **BILL)
    await customer.newest.locator(".key").click()
    await sheet_of(customer).get_by_role("button", name="Pay").click()
    await decide(bot, ok=False, error_message="This plan is sold out")
    await expect(sheet_of(customer).get_by_role("status")).to_have_text("This plan is sold out")
    await sheet_of(customer).get_by_role("button", name="Close").click()
    await expect(sheet_of(customer)).to_be_hidden()
    assert all(each.current.successful_payment is None for each in (await log(people)).present)


async def test_a_link_to_an_invoice_opens_the_sheet(customer: ChatPage, bot: HandBot) -> None:
    link = await bot("createInvoiceLink", **BILL)
    await bot.says(ANNA, f'<a href="{link}">Your bill</a>')
    await customer.newest.get_by_role("link").click()
    await sheet_of(customer).get_by_role("button", name="Pay").click()
    await decide(bot, ok=True)
    await customer.sees("You paid ⭐ 150")


async def log(people: TelegramSandbox) -> Any:
    """Everything in Anna's chat."""
    return await people.messages(ANNA)
