"""What one presses, writes and blocks on the chat page, and what the bot hears of it."""

from playwright.async_api import expect

from sandbox.telegram.client import TelegramSandbox
from tests.browser.chat_page import ChatPage
from tests.browser.chromium import Complaints
from tests.browser.hand_bot import ANNA, MENU, HandBot, arrives, button, buttons


async def test_a_copy_button_copies(
    bare_chat: ChatPage, people: TelegramSandbox, bot: HandBot
) -> None:
    await arrives(people)
    await bare_chat.open_as(ANNA)
    keys = buttons([{"text": "Copy the code", "copy_text": {"text": "SPRING-25"}}])
    await bot.says(ANNA, "A gift", reply_markup=keys)
    await bare_chat.tap("Copy the code")
    await expect(bare_chat.toast).to_contain_text("Copied")
    assert await bare_chat.copied() == "SPRING-25"


async def test_a_button_spins_until_the_bot_answers_and_the_answer_is_a_toast(
    bare_chat: ChatPage, people: TelegramSandbox, bot: HandBot
) -> None:
    await arrives(people)
    await bare_chat.open_as(ANNA)
    await bot.says(ANNA, "What next?", reply_markup=MENU)
    await bare_chat.tap("Prices")
    await expect(bare_chat.key("Prices")).to_have_attribute("aria-busy", "true")
    await expect(bare_chat.key("Help")).to_have_attribute("aria-busy", "false")
    query = await bot.hears("callback_query")
    assert query["data"] == "prices"
    await bot("answerCallbackQuery", callback_query_id=query["id"], text="Here they are")
    await expect(bare_chat.toast).to_have_text("Here they are")
    await expect(bare_chat.key("Prices")).to_have_attribute("aria-busy", "false")


async def test_an_alert_has_to_be_closed(
    bare_chat: ChatPage, people: TelegramSandbox, bot: HandBot
) -> None:
    await arrives(people)
    await bare_chat.open_as(ANNA)
    await bot.says(ANNA, "What next?", reply_markup=MENU)
    await bare_chat.tap("Help")
    query = await bot.hears("callback_query")
    await bot(
        "answerCallbackQuery", callback_query_id=query["id"], text="Sold out", show_alert=True
    )
    alert = bare_chat.page.get_by_role("dialog")
    await expect(alert).to_contain_text("Sold out")
    await bare_chat.page.keyboard.press("Enter")
    await expect(alert).to_be_hidden()


async def test_presses_that_nobody_answers_do_not_stop_the_page(
    bare_chat: ChatPage, people: TelegramSandbox, bot: HandBot
) -> None:
    await arrives(people)
    await bare_chat.open_as(ANNA)
    names = [f"Plan {number}" for number in range(8)]
    await bot.says(ANNA, "Choose", reply_markup=buttons(*([button(each, each)] for each in names)))
    for each in names:
        await bare_chat.tap(each)
    await bare_chat.write("Is anybody there?")
    await bare_chat.sees("Is anybody there?")


async def test_the_focus_stays_on_a_button_whose_message_is_edited(
    bare_chat: ChatPage, people: TelegramSandbox, bot: HandBot
) -> None:
    await arrives(people)
    await bare_chat.open_as(ANNA)
    await bot.says(ANNA, "Page one", reply_markup=MENU)
    await bare_chat.key("Help").focus()
    await bare_chat.page.keyboard.press("Enter")
    query = await bot.hears("callback_query")
    await bot(
        "editMessageText", chat_id=ANNA, message_id=query["message"]["message_id"],
        text="Page two", reply_markup=buttons([button("First")], [button("Second")]),
    )  # fmt: skip
    await bare_chat.sees("Page two")
    await expect(bare_chat.key("Second")).to_be_focused()


async def test_a_reply_keyboard_writes_its_words(
    bare_chat: ChatPage, people: TelegramSandbox, bot: HandBot
) -> None:
    await arrives(people)
    await bare_chat.open_as(ANNA)
    keys = {"keyboard": [[{"text": "Prices"}, {"text": "Help"}]], "one_time_keyboard": True}
    await bot.says(ANNA, "Welcome", reply_markup=keys)
    keyboard = bare_chat.chat.locator(".pane__keyboard")
    await keyboard.get_by_role("button", name="Help").click()
    await expect(bare_chat.newest).to_contain_text("Help")
    await expect(keyboard).to_be_hidden()
    await bare_chat.chat.get_by_role("button", name="Bot's keyboard").click()
    await expect(keyboard).to_be_visible()


async def test_the_command_menu_works_by_mouse_and_by_keys(
    bare_chat: ChatPage, people: TelegramSandbox, bot: HandBot
) -> None:
    commands = {"start": "Begin", "plans": "Prices", "help": "Help"}
    listed = [{"command": name, "description": words} for name, words in commands.items()]
    await bot("setMyCommands", commands=listed)
    await arrives(people)
    await bare_chat.open_as(ANNA)
    await bare_chat.chat.get_by_role("button", name="Menu").click()
    await bare_chat.chat.get_by_role("button", name="/plans Prices").click()
    await expect(bare_chat.newest).to_contain_text("/plans")
    await bare_chat.field.press_sequentially("/h")
    await expect(bare_chat.chat.locator(".command")).to_have_text(["/helpHelp"])
    await bare_chat.page.keyboard.press("ArrowDown")
    await bare_chat.page.keyboard.press("Enter")
    await expect(bare_chat.newest).to_contain_text("/help")
    await bot("deleteMyCommands")


async def test_a_blocked_bot_reaches_nobody_until_it_is_started_again(
    bare_chat: ChatPage, people: TelegramSandbox, bot: HandBot
) -> None:
    await arrives(people)
    await bare_chat.open_as(ANNA)
    await bare_chat.chat.get_by_role("button", name="Stop and block the bot").click()
    await expect(bare_chat.start_bar).to_have_text("RESTART BOT")
    change = await bot.hears("my_chat_member")
    assert change["new_chat_member"]["status"] == "kicked"
    await bare_chat.press_start()
    assert (await bot.hears("my_chat_member"))["new_chat_member"]["status"] == "member"
    await expect(bare_chat.field).to_be_visible()


async def test_an_own_message_is_corrected_and_another_one_answered(
    bare_chat: ChatPage, people: TelegramSandbox, bot: HandBot
) -> None:
    await arrives(people)
    await bare_chat.open_as(ANNA)
    await bare_chat.write("Helo")
    await expect(bare_chat.newest).to_contain_text("Helo")
    await bare_chat.field.press("ArrowUp")
    await bare_chat.write("Hello")
    assert (await bot.hears("edited_message"))["text"] == "Hello"
    await bot.says(ANNA, "Your question?")
    await bare_chat.sees("Your question?")
    await bare_chat.newest.locator(".bubble__line").hover()
    await bare_chat.newest.get_by_role("button", name="Reply").click()
    await bare_chat.write("When?")
    assert (await bot.hears("message"))["reply_to_message"]["text"] == "Your question?"
    await expect(bare_chat.newest.locator(".bubble__reply")).to_contain_text("Your question?")


async def test_what_the_sandbox_refuses_is_told(
    bare_chat: ChatPage, people: TelegramSandbox, complaints: Complaints
) -> None:
    await arrives(people)
    await bare_chat.open_as(ANNA)
    await bare_chat.write("long " * 1000)
    await expect(bare_chat.toast).to_contain_text("too long")
    complaints.forgive("status of 400")
