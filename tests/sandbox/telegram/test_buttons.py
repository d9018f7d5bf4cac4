"""A press waits for the bot's answer, which comes once and in time or not at all."""

import asyncio

import pytest

ANNA = 1001
KEYBOARD = {
    "inline_keyboard": [
        [{"text": "Buy", "callback_data": "buy:30"}, {"text": "Site", "url": "https://a.example"}],
        [{"text": "Copy", "copy_text": {"text": "key"}}],
    ]
}


@pytest.fixture
async def offer(bot, telegram):
    sent = await bot("sendMessage", chat_id=ANNA, text="Plans", reply_markup=KEYBOARD)
    return await telegram.wait_for_message(ANNA, lambda m: m.message_id == sent["message_id"])


async def query_of(bot):
    (update,) = await bot("getUpdates", timeout=5)
    await bot("getUpdates", offset=update["update_id"] + 1)
    return update["callback_query"]


async def test_a_press_brings_the_bots_answer_back(bot, telegram, offer):
    press = asyncio.create_task(telegram.press(offer, text="Buy"))
    query = await query_of(bot)
    await bot(
        "answerCallbackQuery", callback_query_id=query["id"], text="One moment", show_alert=True
    )
    answer = (await press).answer
    assert (answer.text, answer.show_alert) == ("One moment", True)


async def test_a_press_tells_who_pressed_what_and_where(bot, telegram, offer):
    await telegram.press(offer, data="buy:30", wait=0)
    query = await query_of(bot)
    assert (query["data"], query["from"]["id"]) == ("buy:30", ANNA)
    assert query["from"]["language_code"] == "ru"
    assert query["message"]["message_id"] == offer.message_id


async def test_a_press_without_an_answer_ends_without_one(bot, telegram, offer):
    assert (await telegram.press(offer, text="Buy", wait=0.05)).answer is None


async def test_a_query_is_answered_once(bot, telegram, offer):
    await telegram.press(offer, text="Buy", wait=0)
    query = await query_of(bot)
    assert await bot("answerCallbackQuery", callback_query_id=query["id"]) is True
    with pytest.raises(bot.refusal, match="400 Bad Request: query is too old and response timeout"):
        await bot("answerCallbackQuery", callback_query_id=query["id"])


async def test_a_query_grows_too_old(bot, telegram, offer):
    await telegram.press(offer, text="Buy", wait=0)
    query = await query_of(bot)
    await telegram.advance_clock(61)
    with pytest.raises(bot.refusal, match="query is too old"):
        await bot("answerCallbackQuery", callback_query_id=query["id"])


async def test_an_answer_has_200_characters_at_most(bot, telegram, offer):
    await telegram.press(offer, text="Buy", wait=0)
    query = await query_of(bot)
    with pytest.raises(bot.refusal, match="MESSAGE_TOO_LONG"):
        await bot("answerCallbackQuery", callback_query_id=query["id"], text="x" * 201)


async def test_a_link_and_a_copy_button_do_not_bother_the_bot(bot, telegram, offer):
    assert (await telegram.press(offer, text="Site")).url == "https://a.example"
    assert (await telegram.press(offer, text="Copy")).copied == "key"
    assert await bot("getUpdates") == []


async def test_a_press_on_a_deleted_message_shows_it_as_inaccessible(bot, telegram, offer):
    await bot("deleteMessage", chat_id=ANNA, message_id=offer.message_id)
    await telegram.press(offer, text="Buy", wait=0)
    gone = (await query_of(bot))["message"]
    assert (gone["message_id"], gone["date"]) == (offer.message_id, 0)
    assert "text" not in gone


async def test_a_button_that_is_not_there_cannot_be_pressed(telegram, offer):
    with pytest.raises(Exception, match="no such button; there are"):
        await telegram.press(offer, text="Sell")


async def test_a_button_that_was_edited_away_cannot_be_pressed(bot, telegram, offer):
    await bot("editMessageText", chat_id=ANNA, message_id=offer.message_id, text="Gone")
    with pytest.raises(Exception, match="no such button"):
        await telegram.press(offer, text="Buy")
