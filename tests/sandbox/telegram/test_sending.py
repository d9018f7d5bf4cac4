"""What a bot may send, to whom, and how much."""

import io

import pytest
from PIL import Image

ANNA = 1001
BORIS = 1002


def keyboard(**button):
    return {"inline_keyboard": [[{"text": "Buy", **button}]]}


async def test_a_message_tells_who_where_and_when(bot, telegram):
    message = await bot("sendMessage", chat_id=ANNA, text="hi")
    assert message["from"]["is_bot"] is True
    assert message["chat"] == {
        "id": ANNA, "type": "private", "first_name": "Anna", "username": "anna_k",
    }  # fmt: skip
    assert message["date"] > 1_700_000_000
    assert "entities" not in message
    assert "reply_markup" not in message


async def test_a_bot_cannot_write_to_somebody_it_never_met(bot, telegram):
    await telegram.introduce(BORIS, "Boris")
    with pytest.raises(bot.refusal, match="400 Bad Request: chat not found"):
        await bot("sendMessage", chat_id=BORIS, text="hi")


@pytest.mark.parametrize("chat_id", ["@anna_k", "@nobody", 404, -100404])
async def test_what_is_no_chat_is_not_found(bot, telegram, chat_id):
    for method in ("sendMessage", "getChat", "sendChatAction"):
        with pytest.raises(bot.refusal, match="400 Bad Request: chat not found"):
            await bot(method, chat_id=chat_id, text="hi", action="typing")


async def test_a_bot_cannot_write_first_to_somebody_it_met_in_a_group(bot, telegram):
    await telegram.introduce(BORIS, "Boris")
    await telegram.found_group(-100500, "Staff", admins=(BORIS,))
    await telegram.send_text(-100500, "hello all", user_id=BORIS)
    with pytest.raises(bot.refusal, match="403 Forbidden: bot can't initiate conversation"):
        await bot("sendMessage", chat_id=BORIS, text="hi")


async def test_a_bot_cannot_write_to_somebody_who_blocked_it(bot, telegram):
    await telegram.block(ANNA)
    with pytest.raises(bot.refusal, match="403 Forbidden: bot was blocked by the user"):
        await bot("sendMessage", chat_id=ANNA, text="hi")


async def test_a_bot_can_write_again_after_an_unblock(bot, telegram):
    await telegram.block(ANNA)
    await telegram.unblock(ANNA)
    assert await bot("sendMessage", chat_id=ANNA, text="hi")


async def test_a_text_has_4096_characters_at_most(bot, telegram):
    assert await bot(
        "sendMessage", chat_id=ANNA, text="<b>" + "я" * 4096 + "</b>", parse_mode="HTML"
    )
    with pytest.raises(bot.refusal, match="400 Bad Request: message is too long"):
        await bot("sendMessage", chat_id=ANNA, text="я" * 4097)


@pytest.mark.parametrize("text", ["", "  \n ", "<b> </b>"])
async def test_an_empty_text_is_refused(bot, telegram, text):
    with pytest.raises(bot.refusal, match="400 Bad Request: message text is empty"):
        await bot("sendMessage", chat_id=ANNA, text=text, parse_mode="HTML")


async def test_a_caption_has_1024_characters_at_most(bot, telegram, png):
    sent = await telegram.send_photo(ANNA, png)
    assert await bot("sendPhoto", chat_id=ANNA, photo=sent.file_id, caption="x" * 1024)
    with pytest.raises(bot.refusal, match="400 Bad Request: message caption is too long"):
        await bot("sendPhoto", chat_id=ANNA, photo=sent.file_id, caption="x" * 1025)


@pytest.mark.parametrize("data", ["x" * 64, "я" * 32])
async def test_callback_data_may_have_64_bytes(bot, telegram, data):
    markup = keyboard(callback_data=data)
    assert await bot("sendMessage", chat_id=ANNA, text="?", reply_markup=markup)


@pytest.mark.parametrize("data", ["", "x" * 65, "я" * 33])
async def test_callback_data_is_measured_in_bytes(bot, telegram, data):
    with pytest.raises(bot.refusal, match="400 Bad Request: BUTTON_DATA_INVALID"):
        await bot("sendMessage", chat_id=ANNA, text="?", reply_markup=keyboard(callback_data=data))


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        (keyboard(), "Text buttons are unallowed in the inline keyboard"),
        (keyboard(url="x", callback_data="y"), "Text buttons are unallowed"),
        (keyboard(url="javascript:1"), "inline keyboard button URL"),
        (keyboard(copy_text={"text": "x" * 257}), "BUTTON_COPY_TEXT_INVALID"),
        (keyboard(callback_data="x", style="pink"), "can't parse keyboard button"),
        ("{", "can't parse reply keyboard markup JSON object"),
        ("[]", "object expected as reply markup"),
    ],
)
async def test_a_malformed_keyboard_is_refused(bot, telegram, markup, reason):
    with pytest.raises(bot.refusal, match=reason):
        await bot("sendMessage", chat_id=ANNA, text="?", reply_markup=markup)


async def test_a_text_to_copy_has_1_to_256_characters(bot, telegram):
    for text in ("x", "x" * 256):
        markup = keyboard(copy_text={"text": text})
        assert await bot("sendMessage", chat_id=ANNA, text="?", reply_markup=markup)
    for text in ("", "x" * 257):
        markup = keyboard(copy_text={"text": text})
        with pytest.raises(bot.refusal, match="BUTTON_COPY_TEXT_INVALID"):
            await bot("sendMessage", chat_id=ANNA, text="?", reply_markup=markup)


async def test_entities_may_be_given_instead_of_html(bot, telegram):
    bold = [{"type": "bold", "offset": 0, "length": 2}]
    message = await bot("sendMessage", chat_id=ANNA, text="hi all", entities=bold)
    assert message["entities"] == bold


async def test_a_wrong_file_identifier_is_refused(bot, telegram):
    with pytest.raises(bot.refusal, match="400 Bad Request: wrong remote file identifier"):
        await bot("sendDocument", chat_id=ANNA, document="nonsense")


async def test_a_document_has_50_megabytes_at_most_and_a_photo_10(bot, telegram, png):
    async def sent(kind, size):
        files = {kind: ("big.png", png + bytes(size - len(png)))}
        address = f"{bot.address}/send{kind.capitalize()}"
        return bot.result(await bot.http.post(address, data={"chat_id": str(ANNA)}, files=files))

    megabyte = 1024 * 1024
    assert await sent("photo", 10 * megabyte)
    with pytest.raises(bot.refusal, match="400 Bad Request: too big file for a photo"):
        await sent("photo", 10 * megabyte + 1)
    with pytest.raises(bot.refusal, match="413 Request Entity Too Large"):
        await sent("document", 50 * megabyte + 1)


async def test_a_photo_is_not_too_large_and_not_too_narrow(bot, telegram):
    for size in ((5001, 5000), (21, 1)):
        picture = io.BytesIO()
        Image.new("1", size).save(picture, "PNG")
        files = {"photo": ("strip.png", picture.getvalue())}
        address = f"{bot.address}/sendPhoto"
        with pytest.raises(bot.refusal, match="PHOTO_INVALID_DIMENSIONS"):
            bot.result(await bot.http.post(address, data={"chat_id": str(ANNA)}, files=files))


async def test_protected_content_cannot_be_passed_on(bot, telegram):
    secret = await bot("sendMessage", chat_id=ANNA, text="secret", protect_content=True)
    origin = {"chat_id": ANNA, "from_chat_id": ANNA, "message_id": secret["message_id"]}
    for method, done in (("copyMessage", "copied"), ("forwardMessage", "forwarded")):
        with pytest.raises(bot.refusal, match=f"message can't be {done}"):
            await bot(method, **origin)


async def test_a_photo_tells_its_size(bot, telegram, png):
    answer = await bot.http.post(
        f"{bot.address}/sendPhoto",
        data={"chat_id": str(ANNA), "caption": "<b>QR</b>", "parse_mode": "HTML"},
        files={"photo": ("qr.png", png)},
    )
    message = bot.result(answer)
    assert (message["photo"][0]["width"], message["photo"][0]["height"]) == (2, 1)
    assert message["caption_entities"] == [{"type": "bold", "offset": 0, "length": 2}]


async def test_a_jpeg_is_measured_too(telegram):
    picture = io.BytesIO()
    Image.new("RGB", (30, 20)).save(picture, "JPEG")
    sent = await telegram.send_photo(ANNA, picture.getvalue())
    assert (sent.current.photo[0].width, sent.current.photo[0].height) == (30, 20)


async def test_what_is_no_picture_is_no_photo(bot, telegram):
    files = {"photo": ("qr.png", b"not a picture")}
    form = {"chat_id": str(ANNA)}
    with pytest.raises(bot.refusal, match="IMAGE_PROCESS_FAILED"):
        bot.result(await bot.http.post(f"{bot.address}/sendPhoto", data=form, files=files))


async def test_a_file_may_be_sent_again_by_its_id_but_only_as_what_it_is(bot, telegram, png):
    photo = (await telegram.send_photo(ANNA, png)).file_id
    assert await bot("sendPhoto", chat_id=ANNA, photo=photo)
    with pytest.raises(bot.refusal, match="can't use file of type Photo as Document"):
        await bot("sendDocument", chat_id=ANNA, document=photo)


async def test_an_album_has_two_to_ten_items_under_one_group(bot, telegram, png):
    photo = (await telegram.send_photo(ANNA, png)).file_id
    item = {"type": "photo", "media": photo}
    album = await bot("sendMediaGroup", chat_id=ANNA, media=[item, {**item, "caption": "two"}])
    assert len({message["media_group_id"] for message in album}) == 1
    assert album[1]["caption"] == "two"
    for count in (1, 11):
        with pytest.raises(bot.refusal, match="album"):
            await bot("sendMediaGroup", chat_id=ANNA, media=[item] * count)


async def test_a_reply_shows_what_it_answers(bot, telegram):
    first = await bot("sendMessage", chat_id=ANNA, text="one")
    reply = {"message_id": first["message_id"]}
    second = await bot("sendMessage", chat_id=ANNA, text="two", reply_parameters=reply)
    assert second["reply_to_message"]["text"] == "one"
    with pytest.raises(bot.refusal, match="message to be replied not found"):
        await bot("sendMessage", chat_id=ANNA, text="x", reply_parameters={"message_id": 99_999})


async def test_a_copy_does_not_tell_whose_it_was_and_a_forward_does(bot, telegram):
    said = await telegram.send_text(ANNA, "help me")
    origin = {"chat_id": ANNA, "from_chat_id": ANNA, "message_id": said.message_id}
    copied = await bot("copyMessage", **origin)
    forwarded = await bot("forwardMessage", **origin)
    log = await telegram.messages(ANNA)
    copy = next(m for m in log.messages if m.message_id == copied["message_id"])
    assert (copy.body, copy.current.forward_origin) == ("help me", None)
    assert forwarded["forward_origin"]["sender_user"]["id"] == ANNA


@pytest.mark.parametrize("method", ["copyMessage", "forwardMessage"])
async def test_what_is_not_there_cannot_be_passed_on(bot, telegram, method):
    action = method.removesuffix("Message")
    with pytest.raises(bot.refusal, match=f"message to {action} not found"):
        await bot(method, chat_id=ANNA, from_chat_id=ANNA, message_id=99_999)


async def test_an_action_shows_until_the_next_message(bot, telegram):
    assert await bot("sendChatAction", chat_id=ANNA, action="typing") is True
    assert (await telegram.chat(ANNA)).bot_action == "typing"
    await bot("sendMessage", chat_id=ANNA, text="there")
    assert (await telegram.chat(ANNA)).bot_action is None
    with pytest.raises(bot.refusal, match="wrong parameter action in request"):
        await bot("sendChatAction", chat_id=ANNA, action="dancing")


async def test_a_reply_keyboard_stays_until_it_is_taken_away(bot, telegram):
    keys = {"keyboard": [[{"text": "My VPN"}]], "resize_keyboard": True}
    await bot("sendMessage", chat_id=ANNA, text="menu", reply_markup=keys)
    assert (await telegram.chat(ANNA)).keyboard.keyboard[0][0].text == "My VPN"
    await bot("sendMessage", chat_id=ANNA, text="bye", reply_markup={"remove_keyboard": True})
    assert (await telegram.chat(ANNA)).keyboard is None
