"""Updates by long polling."""

import asyncio

import pytest

ANNA = 1001


async def begun(telegram):
    """Wait until the sandbox has a poll beside the three calls of the fixture."""
    async with asyncio.timeout(5):
        while (await telegram.stats()).calls["getUpdates"] == 3:  # noqa: ASYNC110 - a look is a call
            await asyncio.sleep(0)


async def test_start_arrives_with_the_payload_of_its_link(bot, telegram):
    await telegram.press_start(ANNA, "ref_42")
    (update,) = await bot("getUpdates")
    message = update["message"]
    assert message["text"] == "/start ref_42"
    assert message["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    assert message["from"] == {
        "id": ANNA, "is_bot": False, "first_name": "Anna", "username": "anna_k",
        "language_code": "ru",
    }  # fmt: skip


async def test_a_payload_is_64_plain_characters_at_most(telegram):
    for payload in ("x" * 65, "a b", "я"):
        with pytest.raises(ValueError, match="payload"):
            await telegram.press_start(ANNA, payload)


async def test_an_edit_a_photo_and_a_file_arrive(bot, telegram, png):
    said = await telegram.send_text(ANNA, "helo")
    await telegram.edit_text(ANNA, said.message_id, "hello")
    await telegram.send_photo(ANNA, png, caption="see")
    await telegram.send_document(ANNA, "log.txt", b"error")
    _, edited, photo, document = await bot("getUpdates")
    assert edited["edited_message"]["text"] == "hello"
    assert photo["message"]["caption"] == "see"
    assert document["message"]["document"]["file_name"] == "log.txt"


async def test_blocking_and_unblocking_arrive(bot, telegram):
    await telegram.block(ANNA)
    await telegram.unblock(ANNA)
    changes = [each["my_chat_member"] for each in await bot("getUpdates")]
    statuses = [(c["old_chat_member"]["status"], c["new_chat_member"]["status"]) for c in changes]
    assert statuses == [("member", "kicked"), ("kicked", "member")]


async def test_start_takes_a_block_back(bot, telegram):
    await telegram.block(ANNA)
    await telegram.press_start(ANNA)
    _, unblocked, started = await bot("getUpdates")
    assert unblocked["my_chat_member"]["new_chat_member"]["status"] == "member"
    assert started["message"]["text"] == "/start"
    assert await bot("sendMessage", chat_id=ANNA, text="hi again")


async def test_an_update_comes_again_until_an_offset_confirms_it(bot, telegram):
    await telegram.send_text(ANNA, "one")
    await telegram.send_text(ANNA, "two")
    first, second = await bot("getUpdates")
    assert await bot("getUpdates") == [first, second]
    assert await bot("getUpdates", offset=second["update_id"]) == [second]
    assert await bot("getUpdates", offset=second["update_id"] + 1) == []


async def test_a_limit_and_a_negative_offset(bot, telegram):
    for text in ("one", "two", "three"):
        await telegram.send_text(ANNA, text)
    assert len(await bot("getUpdates", limit=2)) == 2
    (last,) = await bot("getUpdates", offset=-1)
    assert last["message"]["text"] == "three"


async def test_a_poll_waits_for_the_next_update(bot, telegram):
    poll = asyncio.create_task(bot("getUpdates", timeout=10))
    await asyncio.sleep(0)
    await telegram.send_text(ANNA, "now")
    (update,) = await asyncio.wait_for(poll, 5)
    assert update["message"]["text"] == "now"


async def test_a_second_poll_ends_the_first(bot, telegram):
    first = asyncio.create_task(bot("getUpdates", timeout=10))
    await begun(telegram)
    second = asyncio.create_task(bot("getUpdates", timeout=10))
    with pytest.raises(bot.refusal, match="409 Conflict: terminated by other getUpdates request"):
        await asyncio.wait_for(first, 5)
    await telegram.send_text(ANNA, "hi")
    assert len(await asyncio.wait_for(second, 5)) == 1


async def test_polling_beside_a_webhook_is_a_conflict(bot, receiver):
    await bot("setWebhook", url=receiver.url)
    with pytest.raises(
        bot.refusal, match="409 Conflict: can't use getUpdates method while webhook"
    ):
        await bot("getUpdates")


async def test_a_webhook_ends_a_poll(bot, telegram, receiver):
    poll = asyncio.create_task(bot("getUpdates", timeout=10))
    await begun(telegram)
    await bot("setWebhook", url=receiver.url)
    with pytest.raises(bot.refusal, match="409 Conflict: terminated by setWebhook request"):
        await asyncio.wait_for(poll, 5)


async def test_a_wish_for_unknown_kinds_only_means_the_usual_ones(bot, telegram):
    await bot("getUpdates", allowed_updates=["mesage"])
    await telegram.send_text(ANNA, "hi")
    assert len(await bot("getUpdates")) == 1


async def test_only_the_kinds_asked_for_arrive_and_the_wish_stays(bot, telegram):
    await bot("getUpdates", allowed_updates=["callback_query"])
    await telegram.send_text(ANNA, "unwanted")
    assert await bot("getUpdates") == []
    await bot("getUpdates", allowed_updates=[])
    await telegram.send_text(ANNA, "wanted")
    assert len(await bot("getUpdates")) == 1


async def test_an_update_is_kept_for_24_hours(bot, telegram):
    await telegram.send_text(ANNA, "old")
    await telegram.advance_clock(24 * 3600 + 1)
    assert await bot("getUpdates") == []
