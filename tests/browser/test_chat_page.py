"""The chat page as Telegram's client: what it shows, and what it lets one do."""

from playwright.async_api import expect

from sandbox.telegram.client import TelegramSandbox
from tests.browser.chat_page import ChatPage
from tests.browser.chromium import Language, in_each_language, on_each_screen
from tests.browser.hand_bot import ANNA, MENU, HandBot, arrives, button, buttons

# Coming in


@on_each_screen
@in_each_language
async def test_a_newcomer_becomes_a_customer_and_presses_start(
    bare_chat: ChatPage, people: TelegramSandbox, bot: HandBot, language: Language
) -> None:
    await bare_chat.open()
    assert await bare_chat.overflowing() == []
    await bare_chat.page.locator(f"[data-persona={language}]").click()
    words = {Language.ENGLISH: "START", Language.RUSSIAN: "ЗАПУСТИТЬ"}[language]
    await expect(bare_chat.start_bar).to_have_text(words)
    await expect(bare_chat.field).to_be_hidden()
    assert await bare_chat.overflowing() == []
    await bare_chat.press_start()
    message = await bot.hears("message")
    assert (message["text"], message["from"]["language_code"]) == ("/start", language)
    await expect(bare_chat.field).to_be_visible()


async def test_a_deep_link_brings_its_payload(
    bare_chat: ChatPage, people: TelegramSandbox, bot: HandBot
) -> None:
    await people.introduce(ANNA, "Anna")
    await bare_chat.open_as(ANNA, "gift")
    await bare_chat.press_start()
    assert (await bot.hears("message"))["text"] == "/start gift"


async def test_a_link_to_the_bot_inside_a_message_leads_to_start(
    bare_chat: ChatPage, people: TelegramSandbox, bot: HandBot
) -> None:
    await arrives(people)
    name = (await bot("getMe"))["username"]
    await bare_chat.open_as(ANNA)
    await bot.says(ANNA, f"Invite friends: https://t.me/{name}?start=ref_7")
    await bare_chat.newest.get_by_role("link").click()
    await bare_chat.press_start()
    await bare_chat.sees("/start ref_7")
    await expect(bare_chat.start_bar).to_be_hidden()


async def test_whoever_came_by_link_as_nobody_keeps_the_payload(
    bare_chat: ChatPage, people: TelegramSandbox, bot: HandBot
) -> None:
    await bare_chat.open("?start=promo")
    await bare_chat.page.locator("[data-persona=en]").click()
    await bare_chat.press_start()
    assert (await bot.hears("message"))["text"] == "/start promo"


# What messages look like


async def test_every_kind_of_formatting_is_shown(
    bare_chat: ChatPage, people: TelegramSandbox, bot: HandBot
) -> None:
    await arrives(people)
    await bare_chat.open_as(ANNA)
    await bot.says(
        ANNA,
        "<b>bold</b> <i>slanted</i> <u>lined</u> <s>gone</s> <code>token</code> "
        '<a href="https://example.com/terms">terms</a> me@example.com '
        '<pre><code class="language-ini">[Interface]</code></pre>'
        "<blockquote>wisdom</blockquote><blockquote expandable>long\ntale</blockquote>",
    )
    text = bare_chat.newest.locator(".bubble__text")
    for tag, words in (
        ("b", "bold"),
        ("i", "slanted"),
        ("u", "lined"),
        ("s", "gone"),
        ("code", "token"),
        ("pre", "[Interface]"),
        ("blockquote >> nth=0", "wisdom"),
        ("blockquote >> nth=1", "long\ntale"),
    ):
        await expect(text.locator(tag)).to_contain_text(words)
    link = text.get_by_role("link", name="terms")
    await expect(link).to_have_attribute("href", "https://example.com/terms")
    await expect(text.locator("a[href='mailto:me@example.com']")).to_be_visible()
    await expect(text.locator(".entity-pre__head")).to_contain_text("ini")


async def test_a_spoiler_hides_until_it_is_pressed(
    bare_chat: ChatPage, people: TelegramSandbox, bot: HandBot
) -> None:
    await arrives(people)
    await bare_chat.open_as(ANNA)
    await bot.says(ANNA, "The winner is <tg-spoiler>Boris</tg-spoiler>")
    spoiler = bare_chat.newest.locator(".entity-spoiler")
    await expect(spoiler).to_have_css("color", "rgba(0, 0, 0, 0)")
    await spoiler.click()
    await expect(spoiler).to_have_css("color", "rgb(0, 0, 0)")


async def test_code_is_copied_by_a_tap_and_a_command_is_sent_by_one(
    bare_chat: ChatPage, people: TelegramSandbox, bot: HandBot
) -> None:
    await arrives(people)
    await bare_chat.open_as(ANNA)
    await bot.says(ANNA, "Your key: <code>vless://abc</code>. Lost it? /help")
    await bare_chat.newest.locator("code").click()
    await expect(bare_chat.toast).to_contain_text("Copied")
    assert await bare_chat.copied() == "vless://abc"
    await bare_chat.newest.get_by_role("button", name="/help").click()
    await expect(bare_chat.newest).to_contain_text("/help")
    await expect(bare_chat.newest).to_have_class("bubble bubble--own is-new is-first is-last")


async def test_an_edit_happens_in_place_and_is_called_edited(
    bare_chat: ChatPage, people: TelegramSandbox, bot: HandBot
) -> None:
    await arrives(people)
    await bare_chat.open_as(ANNA)
    sent = await bot.says(ANNA, "One moment…", reply_markup=MENU)
    await bot.says(ANNA, "Something later")
    await expect(bare_chat.messages).to_have_count(3)
    target = {"chat_id": ANNA, "message_id": sent["message_id"]}
    await bot("editMessageReplyMarkup", **target, reply_markup=buttons([button("Other")]))
    await expect(bare_chat.messages.nth(1).locator(".key")).to_have_text(["Other"])
    await expect(bare_chat.messages.nth(1)).not_to_contain_text("edited")
    await bot("editMessageText", **target, text="Ready!")
    await expect(bare_chat.messages.nth(1)).to_contain_text("Ready!")
    await expect(bare_chat.messages.nth(1)).to_contain_text("edited")
    await bot("deleteMessage", **target)
    await expect(bare_chat.messages).to_have_count(2)


async def test_a_file_shows_its_name_and_size_and_is_saved(
    bare_chat: ChatPage, people: TelegramSandbox, bot: HandBot
) -> None:
    await arrives(people)
    await bare_chat.open_as(ANNA)
    content = b"[Interface]\n" * 200
    await bot(
        "sendDocument", chat_id=ANNA, files={"document": ("wg-nl1.conf", content, "text/plain")}
    )
    await expect(bare_chat.newest).to_contain_text("wg-nl1.conf")
    await expect(bare_chat.newest).to_contain_text("2.3 KB")
    async with bare_chat.page.expect_download() as saving:
        await bare_chat.newest.get_by_role("link").click()
    saved = await saving.value
    assert saved.suggested_filename == "wg-nl1.conf"
    assert (await saved.path()).read_bytes() == content


async def test_a_photo_opens_large_and_escape_closes_it(
    bare_chat: ChatPage, people: TelegramSandbox, bot: HandBot, picture: bytes
) -> None:
    await arrives(people)
    await bare_chat.open_as(ANNA)
    await bot("sendPhoto", chat_id=ANNA, files={"photo": ("qr.png", picture, "image/png")})
    await bare_chat.newest.get_by_role("button", name="Open the photo").click()
    large = bare_chat.page.locator("#look img")
    await expect(large).to_be_visible()
    assert await large.evaluate("image => image.width") >= 600
    await bare_chat.page.keyboard.press("Escape")
    await expect(large).to_be_hidden()


async def test_ticks_tell_whether_the_bot_has_reacted(
    bare_chat: ChatPage, people: TelegramSandbox, bot: HandBot
) -> None:
    await arrives(people)
    await bare_chat.open_as(ANNA)
    await bare_chat.write("Are you there?")
    asked = bare_chat.messages.nth(1)
    await expect(asked.locator(".bubble__moment")).to_contain_text("Sent")
    await bot.says(ANNA, "Yes")
    await expect(asked.locator(".bubble__moment")).to_contain_text("Seen by the bot")


async def test_a_pinned_message_stands_above_and_leads_to_its_place(
    bare_chat: ChatPage, people: TelegramSandbox, bot: HandBot
) -> None:
    await arrives(people)
    await bare_chat.open_as(ANNA)
    pinned = await bot.says(ANNA, "Works until 1 March")
    await bot.says(ANNA, "line\n" * 60)
    await expect(bare_chat.messages).to_have_count(3)
    await bot("pinChatMessage", chat_id=ANNA, message_id=pinned["message_id"])
    bar = bare_chat.chat.locator(".pane__pinned")
    await expect(bar).to_contain_text("Works until 1 March")
    await expect(bare_chat.messages.nth(1)).not_to_be_in_viewport()
    await bar.click()
    await expect(bare_chat.messages.nth(1)).to_be_in_viewport()
    await bare_chat.chat.get_by_role("button", name="To the newest message").click()
    await expect(bare_chat.messages.nth(1)).not_to_be_in_viewport()


async def test_what_the_bot_is_doing_is_told(
    bare_chat: ChatPage, people: TelegramSandbox, bot: HandBot
) -> None:
    await arrives(people)
    await bare_chat.open_as(ANNA)
    await bot("sendChatAction", chat_id=ANNA, action="typing")
    status = bare_chat.chat.locator(".pane__status")
    await expect(status).to_have_text("is typing")
    await bot.says(ANNA, "Done")
    await expect(status).to_contain_text("bot · you are Anna")
