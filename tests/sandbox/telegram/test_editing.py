"""Edits in place, each version remembered; deletions; reactions and pins."""

import json

import pytest

ANNA = 1001
KEYBOARD = {"inline_keyboard": [[{"text": "Pay", "callback_data": "pay"}]]}


@pytest.fixture
async def message(bot, telegram):
    return await bot(
        "sendMessage", chat_id=ANNA, text="<b>Paying</b>", parse_mode="HTML", reply_markup=KEYBOARD
    )


def at(message):
    return {"chat_id": message["chat"]["id"], "message_id": message["message_id"]}


async def test_an_edit_changes_the_text_and_drops_buttons_not_given_again(bot, telegram, message):
    edited = await bot("editMessageText", **at(message), text="Paid")
    assert edited["text"] == "Paid"
    assert "reply_markup" not in edited
    assert edited["edit_date"] >= edited["date"]


async def test_every_version_of_a_message_is_remembered(bot, telegram, message):
    await bot("editMessageText", **at(message), text="Paid")
    await bot("editMessageText", **at(message), text="Ready")
    view = await telegram.wait_for_message(ANNA, lambda m: m.body == "Ready")
    assert [each.message.text for each in view.revisions] == ["Paying", "Paid", "Ready"]
    assert view.revisions[0].message.reply_markup is not None
    assert view.revisions[0].at < view.revisions[1].at < view.revisions[2].at


async def test_an_edit_that_changes_nothing_is_refused(bot, telegram, message):
    same = {"text": "<b>Paying</b>", "parse_mode": "HTML", "reply_markup": KEYBOARD}
    with pytest.raises(
        bot.refusal, match="400 Bad Request: message is not modified: specified new"
    ):
        await bot("editMessageText", **at(message), **same)
    assert await bot(
        "editMessageText", **at(message), **{**same, "parse_mode": None, "text": "Paying"}
    )


async def test_a_message_that_is_not_there_cannot_be_edited(bot, telegram):
    with pytest.raises(bot.refusal, match="400 Bad Request: message to edit not found"):
        await bot("editMessageText", chat_id=ANNA, message_id=99_999, text="x")


async def test_somebody_elses_message_cannot_be_edited(bot, telegram):
    said = await telegram.send_text(ANNA, "mine")
    with pytest.raises(bot.refusal, match="400 Bad Request: message can't be edited"):
        await bot("editMessageText", chat_id=ANNA, message_id=said.message_id, text="yours")


async def test_a_blocked_bot_cannot_edit(bot, telegram, message):
    await telegram.block(ANNA)
    with pytest.raises(bot.refusal, match="403 Forbidden: bot was blocked by the user"):
        await bot("editMessageText", **at(message), text="x")


async def test_an_edit_that_is_too_long_has_its_own_words(bot, telegram, message):
    with pytest.raises(bot.refusal, match="400 Bad Request: MESSAGE_TOO_LONG"):
        await bot("editMessageText", **at(message), text="x" * 4097)


async def test_buttons_can_be_changed_alone(bot, telegram, message):
    bare = await bot("editMessageReplyMarkup", **at(message), reply_markup={"inline_keyboard": []})
    assert "reply_markup" not in bare
    assert bare["text"] == "Paying"
    with pytest.raises(bot.refusal, match="message is not modified"):
        await bot("editMessageReplyMarkup", **at(message))


async def test_a_caption_is_not_a_text(bot, telegram, message, png):
    photo = (await telegram.send_photo(ANNA, png)).file_id
    picture = await bot("sendPhoto", chat_id=ANNA, photo=photo, caption="old")
    edited = await bot("editMessageCaption", **at(picture), caption="<i>new</i>", parse_mode="HTML")
    assert edited["caption"] == "new"
    with pytest.raises(bot.refusal, match="there is no text in the message to edit"):
        await bot("editMessageText", **at(picture), text="x")
    with pytest.raises(bot.refusal, match="there is no caption in the message to edit"):
        await bot("editMessageCaption", **at(message), caption="x")


async def test_a_text_can_become_a_picture(bot, telegram, message, png):
    photo = (await telegram.send_photo(ANNA, png)).file_id
    media = {"type": "photo", "media": photo, "caption": "QR"}
    edited = await bot("editMessageMedia", **at(message), media=media)
    assert edited["photo"][0]["file_id"] == photo
    assert "text" not in edited


async def test_a_picture_can_be_uploaded_into_a_message(bot, telegram, message, png):
    media = json.dumps({"type": "photo", "media": "attach://qr"})
    form = {"chat_id": str(ANNA), "message_id": str(message["message_id"]), "media": media}
    answer = await bot.http.post(
        f"{bot.address}/editMessageMedia", data=form, files={"qr": ("qr.png", png)}
    )
    file_id = bot.result(answer)["photo"][0]["file_id"]
    assert await telegram.download(file_id) == png


async def test_a_deleted_message_is_gone_but_its_history_is_not(bot, telegram, message):
    assert await bot("deleteMessage", **at(message)) is True
    log = await telegram.messages(ANNA)
    gone = next(m for m in log.messages if m.message_id == message["message_id"])
    assert gone.is_deleted
    assert gone not in log.present
    with pytest.raises(bot.refusal, match="message to delete not found"):
        await bot("deleteMessage", **at(message))


async def test_a_message_older_than_48_hours_cannot_be_deleted(bot, telegram, message):
    await telegram.advance_clock(48 * 3600 + 1)
    with pytest.raises(bot.refusal, match="message can't be deleted for everyone"):
        await bot("deleteMessage", **at(message))


async def test_several_are_deleted_and_missing_ones_are_skipped(bot, telegram, message):
    ids = [message["message_id"], 99_999]
    assert await bot("deleteMessages", chat_id=ANNA, message_ids=ids) is True
    for count in (0, 101):
        with pytest.raises(bot.refusal, match="message identifiers are not specified"):
            await bot("deleteMessages", chat_id=ANNA, message_ids=[1] * count)


async def test_one_reaction_of_the_list_at_a_time(bot, telegram, message):
    thumb = {"type": "emoji", "emoji": "👍"}
    assert await bot("setMessageReaction", **at(message), reaction=[thumb])
    view = await telegram.wait_for_message(ANNA, lambda m: bool(m.reactions))
    assert view.reactions[0].emoji == "👍"
    with pytest.raises(bot.refusal, match="REACTIONS_TOO_MANY"):
        await bot("setMessageReaction", **at(message), reaction=[thumb, thumb])
    with pytest.raises(bot.refusal, match="REACTION_INVALID"):
        await bot("setMessageReaction", **at(message), reaction=[{"type": "emoji", "emoji": "🧦"}])


async def test_a_pinned_message_is_announced(bot, telegram, message):
    assert await bot("pinChatMessage", **at(message)) is True
    chat = await bot("getChat", chat_id=ANNA)
    assert chat["pinned_message"]["message_id"] == message["message_id"]
    (update,) = await bot("getUpdates")
    assert update["message"]["pinned_message"]["message_id"] == message["message_id"]
