"""However a call is written, it is understood; and what is no call is refused."""

import json

import pytest

ANNA = 1001
KEYBOARD = {"inline_keyboard": [[{"text": "Buy", "callback_data": "buy"}]]}


async def test_parameters_may_come_in_the_query(bot, telegram):
    address = f"{bot.address}/sendMessage"
    message = bot.result(await bot.http.get(address, params={"chat_id": ANNA, "text": "hi"}))
    assert message["text"] == "hi"


async def test_parameters_may_come_as_a_form_with_json_inside(bot, telegram):
    form = {"chat_id": str(ANNA), "text": "hi", "reply_markup": json.dumps(KEYBOARD)}
    message = bot.result(await bot.http.post(f"{bot.address}/sendMessage", data=form))
    assert message["reply_markup"] == KEYBOARD


async def test_parameters_may_come_as_json(bot, telegram):
    message = await bot("sendMessage", chat_id=ANNA, text="hi", reply_markup=KEYBOARD)
    assert message["reply_markup"] == KEYBOARD


async def test_a_file_may_be_attached_under_another_name(bot, telegram):
    answer = await bot.http.post(
        f"{bot.address}/sendDocument",
        data={"chat_id": str(ANNA), "document": "attach://part7"},
        files={"part7": ("vpn.conf", b"[Interface]\r\n\x00\xff")},
    )
    document = bot.result(answer)["document"]
    assert document["file_name"] == "vpn.conf"
    assert await telegram.download(document["file_id"]) == b"[Interface]\r\n\x00\xff"


async def test_a_file_may_be_a_part_of_the_parameters_name(bot, telegram):
    files = {"document": ("vpn.conf", b"[Interface]")}
    form = {"chat_id": str(ANNA)}
    answer = await bot.http.post(f"{bot.address}/sendDocument", data=form, files=files)
    assert bot.result(answer)["document"]["file_size"] == 11


async def test_a_method_may_be_written_in_any_case(bot):
    assert (await bot("GETME"))["is_bot"] is True


async def test_a_number_is_as_good_as_its_digits_and_null_as_nothing(bot, telegram):
    message = await bot("sendMessage", chat_id=str(ANNA), text=2026, reply_markup=None)
    assert message["text"] == "2026"


@pytest.mark.parametrize(("word", "protected"), [("True", True), ("yes", True), ("on", False)])
async def test_three_words_are_true_and_others_are_not(bot, telegram, word, protected):
    message = await bot("sendMessage", chat_id=ANNA, text="hi", protect_content=word)
    assert message.get("has_protected_content", False) is protected


async def test_a_body_that_is_no_json_object_is_refused(bot):
    for body, reason in ((b"{", "can't parse JSON object"), (b"[]", "object expected")):
        answer = await bot.http.post(
            f"{bot.address}/getMe", content=body, headers={"Content-Type": "application/json"}
        )
        with pytest.raises(bot.refusal, match=f"400 Bad Request: {reason}"):
            bot.result(answer)


async def test_an_attached_file_that_is_not_there_is_missed(bot, telegram):
    with pytest.raises(bot.refusal, match="400 Bad Request: attached file not found"):
        await bot("sendDocument", chat_id=ANNA, document="attach://nothing")


async def test_what_has_not_the_shape_of_a_token_is_not_found(bot):
    with pytest.raises(bot.refusal, match="404 Not Found"):
        bot.result(await bot.http.get("/botnonsense/getMe"))


@pytest.mark.parametrize("path", ["/bot1:wrong/getMe", "/file/bot1:wrong/documents/file_0.conf"])
async def test_a_wrong_token_is_unauthorized(bot, path):
    with pytest.raises(bot.refusal, match="401 Unauthorized"):
        bot.result(await bot.http.get(path))


async def test_an_unknown_method_is_not_found(bot):
    with pytest.raises(bot.refusal, match="404 Not Found: method not found"):
        await bot("sendMesage", chat_id=ANNA, text="hi")


async def test_a_file_comes_back_byte_for_byte(bot, telegram):
    sent = await telegram.send_document(ANNA, "receipt.txt", b"\x00paid\xff")
    file = await bot("getFile", file_id=sent.file_id)
    answer = await bot.http.get(f"/file{bot.address}/{file['file_path']}")
    assert answer.content == b"\x00paid\xff"


async def test_an_unknown_file_is_not_found(bot):
    with pytest.raises(bot.refusal, match="404 Not Found"):
        bot.result(await bot.http.get(f"/file{bot.address}/documents/%2e%2e/%2e%2e/secret"))
    with pytest.raises(bot.refusal, match="400 Bad Request: invalid file_id"):
        await bot("getFile", file_id="nonsense")
    with pytest.raises(bot.refusal, match="400 Bad Request: file_id not specified"):
        await bot("getFile")


async def test_a_file_past_20_megabytes_is_not_served_to_bots(bot, telegram):
    sent = await telegram.send_document(ANNA, "film.bin", bytes(20 * 1024 * 1024 + 1))
    with pytest.raises(bot.refusal, match="400 Bad Request: file is too big"):
        await bot("getFile", file_id=sent.file_id)


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"text": "hi"}, "chat_id is empty"),
        ({"chat_id": "", "text": "hi"}, "chat_id is empty"),
        ({"chat_id": ANNA}, "message text is empty"),
        ({"chat_id": ANNA, "text": "hi", "message_thread_id": "x"}, "invalid message_thread_id"),
    ],
)
async def test_a_missing_or_wrong_parameter_is_named(bot, telegram, params, text):
    with pytest.raises(bot.refusal, match=f"400 Bad Request: {text}"):
        await bot("sendMessage", **params)
