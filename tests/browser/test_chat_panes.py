"""Several chats on a screen: customers side by side, the staff's groups, a phone's screens."""

import pytest
from playwright.async_api import expect

from sandbox.telegram.client import TelegramSandbox
from tests.browser.chat_page import ChatPage
from tests.browser.chromium import Language, Screen, in_each_language, on_each_screen
from tests.browser.hand_bot import HandBot, button, buttons

ANNA, BORIS, OLGA = 7001, 7002, 9001
STAFF, SUPPORT = -1001, -1002
on_a_phone = pytest.mark.parametrize("screen", [Screen.PHONE])


@pytest.fixture(autouse=True)
async def town(people: TelegramSandbox) -> None:
    """Two customers; Olga of the staff with a chat for alarms and a group with topics."""
    await people.introduce(ANNA, "Anna", language_code="en")
    await people.introduce(BORIS, "Борис", language_code="ru")
    await people.introduce(OLGA, "Olga")
    for customer in (ANNA, BORIS):
        await people.press_start(customer)
    await people.found_group(STAFF, "Staff", admins=(OLGA,))
    await people.found_group(SUPPORT, "Support", admins=(OLGA,), has_topics=True)


async def test_two_customers_stand_side_by_side_and_keep_their_own(
    bare_chat: ChatPage, bot: HandBot
) -> None:
    await bare_chat.open_as(ANNA)
    await bare_chat.entry("Борис").hover()
    await bare_chat.entry("Борис").get_by_role("button", name="Open beside").click()
    anna, boris = bare_chat.chat_of("Anna"), bare_chat.chat_of("Борис")
    await bot.says(ANNA, "Hello, Anna")
    await bot.says(BORIS, "Здравствуйте, Борис", reply_markup=buttons([button("Тарифы")]))
    await expect(anna.get_by_role("log")).to_contain_text("Hello, Anna")
    await expect(boris.get_by_role("log")).to_contain_text("Здравствуйте, Борис")
    await expect(anna.get_by_role("log")).not_to_contain_text("Борис")
    await boris.get_by_role("button", name="Тарифы").click()
    assert (await bot.hears("callback_query"))["from"]["id"] == BORIS
    await bare_chat.page.reload()
    await expect(anna).to_be_visible()
    await expect(boris).to_be_visible()
    await anna.get_by_role("button", name="Close this chat").click()
    await expect(anna).to_be_hidden()


async def test_staff_who_are_no_customers_are_not_listed_among_them(bare_chat: ChatPage) -> None:
    await bare_chat.open()
    names = bare_chat.page.locator(".entry__name")
    await expect(names).to_have_count(4)
    # The newest comes first, and who wrote in which second is not the matter here.
    assert sorted(await names.all_inner_texts()) == ["Anna", "Staff", "Support", "Борис"]


async def test_an_alarm_in_the_staffs_chat_is_answered_by_a_colleague(
    bare_chat: ChatPage, bot: HandBot
) -> None:
    await bare_chat.open_as(ANNA)
    await bot.says(
        STAFF, "🔴 A purchase is stuck", reply_markup=buttons([button("Retry", "again")])
    )
    staff = bare_chat.chat_of("Staff")
    await expect(staff.get_by_role("log")).to_contain_text("WireGuard shop")
    await staff.get_by_role("button", name="Retry").click()
    query = await bot.hears("callback_query")
    assert (query["data"], query["from"]["id"]) == ("again", OLGA)
    await bot("answerCallbackQuery", callback_query_id=query["id"], text="Trying again")
    await expect(staff.locator(".pane__toast--shown")).to_have_text("Trying again")


@on_each_screen
async def test_each_topic_has_its_own_messages(bare_chat: ChatPage, bot: HandBot) -> None:
    await bare_chat.open()
    await bare_chat.entry("Support").locator(".entry__main").click()
    group = bare_chat.chat_of("Support")
    topic = await bot("createForumTopic", chat_id=SUPPORT, name="Anna, 30 days")
    thread = topic["message_thread_id"]
    await bot.says(SUPPORT, "My tunnel is slow", message_thread_id=thread)
    tab = group.get_by_role("tab", name="Anna, 30 days")
    await expect(tab).to_have_class("topic topic--unread")
    await expect(group.get_by_role("log")).not_to_contain_text("My tunnel is slow")
    await tab.click()
    await expect(group.get_by_role("log")).to_contain_text("My tunnel is slow")
    await expect(tab).to_have_class("topic")
    await group.locator(".pane__input").fill("Which server?")
    await group.locator(".pane__input").press("Enter")
    while (said := await bot.hears("message")).get("text") != "Which server?":
        pass
    assert (said["message_thread_id"], said["from"]["id"]) == (thread, OLGA)
    await group.get_by_role("tab", name="General").click()
    await expect(group.get_by_role("log")).not_to_contain_text("Which server?")
    await bot("closeForumTopic", chat_id=SUPPORT, message_thread_id=thread)
    await expect(tab).to_contain_text("closed")


async def test_what_is_said_elsewhere_is_counted_until_it_is_read(
    bare_chat: ChatPage, bot: HandBot
) -> None:
    await bare_chat.open_as(ANNA)
    await bot.says(BORIS, "Раз")
    await expect(bare_chat.entry("Борис").locator(".badge")).to_have_text("1")
    await bot.says(BORIS, "Два")
    await expect(bare_chat.entry("Борис").locator(".badge")).to_have_text("2")
    await expect(bare_chat.entry("Борис")).to_contain_text("Два")
    await bare_chat.entry("Борис").locator(".entry__main").click()
    await expect(bare_chat.entry("Борис").locator(".badge")).to_have_count(0)


@on_a_phone
async def test_on_a_phone_chats_are_screens_with_a_way_back(bare_chat: ChatPage) -> None:
    await bare_chat.open()
    await expect(bare_chat.chat).to_be_hidden()
    await bare_chat.entry("Anna").locator(".entry__main").click()
    anna = bare_chat.chat_of("Anna")
    await expect(anna).to_be_visible()
    await expect(bare_chat.entry("Anna")).to_be_hidden()
    await anna.get_by_role("button", name="Back to the chats").click()
    await expect(bare_chat.entry("Staff")).to_be_visible()
    await bare_chat.entry("Staff").locator(".entry__main").click()
    await expect(bare_chat.chat_of("Staff")).to_be_visible()
    await bare_chat.page.go_back()
    await expect(bare_chat.entry("Anna")).to_be_visible()


async def test_the_page_is_usable_with_the_keyboard_alone(
    bare_chat: ChatPage, people: TelegramSandbox, bot: HandBot
) -> None:
    keyboard = bare_chat.page.keyboard
    await people.block(ANNA)
    await bare_chat.open_as(ANNA)
    await expect(bare_chat.start_bar).to_be_focused()
    await keyboard.press("Enter")
    await expect(bare_chat.field).to_be_focused()
    await bot.says(ANNA, "What next?", reply_markup=buttons([button("Prices", "prices")]))
    await keyboard.type("Hello")
    await keyboard.press("Enter")
    await bare_chat.sees("Hello")
    await bare_chat.key("Prices").focus()
    for _ in range(30):
        await keyboard.press("Shift+Tab")
        if await bare_chat.entry("Борис").locator(".entry__main:focus-visible").count():
            break
    await keyboard.press("Enter")
    await expect(bare_chat.chat_of("Борис").locator(".pane__input")).to_be_focused()


@on_each_screen
@in_each_language
async def test_nothing_sticks_out_or_is_cut_off(
    bare_chat: ChatPage, bot: HandBot, screen: Screen, picture: bytes
) -> None:
    long = "Неприличнодлинноеназваниебезединогопробела" * 3
    await bot.says(ANNA, f"<b>{long}</b> {long} <code>{long}</code> https://example.com/{long}")
    await bot.says(
        ANNA,
        "?",
        reply_markup=buttons(
            [button("Подключить устройство", str(n)) for n in range(3)], [button(long[:60])]
        ),
    )
    await bot(
        "sendDocument", chat_id=ANNA, files={"document": (f"{long}.conf", b"x", "text/plain")}
    )
    await bot("sendPhoto", chat_id=ANNA, files={"photo": ("qr.png", picture, "image/png")})
    await bot.says(SUPPORT, long)
    await bare_chat.open()
    await bare_chat.entry("Support").locator(".entry__main").click()
    await expect(bare_chat.chat_of("Support").get_by_role("log")).to_contain_text(long)
    assert await bare_chat.overflowing() == []
    if screen is Screen.PHONE:
        await bare_chat.page.go_back()
        assert await bare_chat.overflowing() == []
    await bare_chat.entry("Anna").locator(".entry__main").click()
    await expect(bare_chat.messages).to_have_count(5)
    assert await bare_chat.overflowing() == []


async def test_the_pages_own_words_follow_the_reader(bare_chat: ChatPage) -> None:
    await bare_chat.open_as(ANNA)
    await bare_chat.page.get_by_role("button", name="Перейти на русский").click()
    await expect(bare_chat.page.get_by_role("heading", name="Чаты")).to_be_visible()
    await expect(bare_chat.field).to_have_attribute("placeholder", "Сообщение")
    await bare_chat.page.reload()
    await expect(bare_chat.page.locator("html")).to_have_attribute("lang", Language.RUSSIAN)
