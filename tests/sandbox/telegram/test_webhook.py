"""Updates by webhook: in order within a chat, repeated until answered, with the secret."""

import asyncio

import pytest
from aiohttp import web

from sandbox.ports import free_ports
from sandbox.telegram.client import Pace

ANNA = 1001
BORIS = 1002


async def test_an_update_is_posted_with_the_secret(bot, telegram, receiver):
    await bot("setWebhook", url=receiver.url, secret_token="s3cret_-")
    await telegram.send_text(ANNA, "hi")
    headers = await receiver.next_headers()
    assert headers["X-Telegram-Bot-Api-Secret-Token"] == "s3cret_-"
    assert headers["Content-Type"] == "application/json"


async def test_what_waited_is_delivered_once_a_webhook_is_set(bot, telegram, receiver):
    await telegram.send_text(ANNA, "waiting")
    await bot("setWebhook", url=receiver.url)
    assert (await receiver.next())["message"]["text"] == "waiting"


async def test_what_waited_can_be_dropped(bot, telegram, receiver):
    await telegram.send_text(ANNA, "old")
    await bot("setWebhook", url=receiver.url, drop_pending_updates=True)
    await telegram.send_text(ANNA, "new")
    assert (await receiver.next())["message"]["text"] == "new"


async def test_a_chats_next_update_waits_for_the_answer_to_the_one_before(bot, telegram, receiver):
    await telegram.introduce(BORIS, "Boris")
    await bot("setWebhook", url=receiver.url)
    receiver.gate.clear()
    await telegram.send_text(ANNA, "one")
    await telegram.send_text(ANNA, "two")
    await telegram.press_start(BORIS)
    seen = [(await receiver.next())["message"] for _ in range(2)]
    assert {m["text"] for m in seen} == {"one", "/start"}, "another chat's update does not wait"
    assert receiver.received.empty()
    receiver.gate.set()
    assert (await receiver.next())["message"]["text"] == "two"


async def test_an_update_that_failed_comes_again_under_its_id(bot, telegram, receiver):
    receiver.answers = [web.Response(status=500), web.Response(status=404)]
    await bot("setWebhook", url=receiver.url)
    await telegram.send_text(ANNA, "one")
    await telegram.send_text(ANNA, "two")
    updates = [await receiver.next() for _ in range(4)]
    assert [each["message"]["text"] for each in updates] == ["one", "one", "one", "two"]
    assert updates[0] == updates[1] == updates[2]


async def test_an_answer_that_takes_too_long_counts_as_none(bot, telegram, receiver):
    pace = {"timeout": 0.05, "first_delay": 0.01, "longest_delay": 0.01}
    await bot.http.put("/control/delivery/pace", json=pace)
    receiver.gate.clear()
    await bot("setWebhook", url=receiver.url)
    await telegram.send_text(ANNA, "slow")
    first, again = await receiver.next(), await receiver.next()
    receiver.gate.set()
    assert first == again
    assert (await bot("getWebhookInfo"))["last_error_message"] == "Read timeout expired"


async def test_the_info_tells_what_failed_last(bot, telegram, receiver):
    pace = {"timeout": 5, "first_delay": 60, "longest_delay": 60}
    await bot.http.put("/control/delivery/pace", json=pace)
    receiver.answers = [web.Response(status=500), web.Response(status=500)]
    await bot("setWebhook", url=receiver.url, allowed_updates=["message"], max_connections=7)
    await telegram.send_text(ANNA, "hi")
    await receiver.next()
    await receiver.next()
    await telegram.pause_delivery()
    info = await bot("getWebhookInfo")
    assert info["url"] == receiver.url
    assert info["pending_update_count"] == 1
    assert (
        info["last_error_message"] == "Wrong response from the webhook: 500 Internal Server Error"
    )
    assert info["last_error_date"] > 1_700_000_000
    assert (info["allowed_updates"], info["max_connections"]) == (["message"], 7)


async def test_no_more_chats_are_served_at_once_than_the_bot_allowed(bot, telegram, receiver):
    await telegram.introduce(BORIS, "Boris")
    await bot("setWebhook", url=receiver.url, max_connections=1)
    receiver.gate.clear()
    await telegram.send_text(ANNA, "one")
    await telegram.press_start(BORIS)
    assert (await receiver.next())["message"]["text"] == "one"
    assert (await telegram.stats()).delivery_attempts == 1
    receiver.gate.set()
    assert (await receiver.next())["message"]["text"] == "/start"


async def test_setting_and_deleting_say_what_they_did(bot, receiver):
    async def said(method, **params):
        answer = await bot.http.post(f"{bot.address}/{method}", json=params)
        return answer.json()["description"]

    assert await said("setWebhook", url=receiver.url) == "Webhook was set"
    assert await said("setWebhook", url=receiver.url) == "Webhook is already set"
    assert await said("deleteWebhook") == "Webhook was deleted"
    assert await said("deleteWebhook") == "Webhook is already deleted"


async def test_an_answer_is_waited_for_60_seconds_unless_told_otherwise():
    assert Pace().timeout == 60


async def test_a_webhook_that_is_not_there_is_reported(bot, telegram, receiver):
    (port,) = free_ports(0)
    await bot("setWebhook", url=f"http://127.0.0.1:{port}/hook")
    await telegram.send_text(ANNA, "hi")
    async with asyncio.timeout(5):
        while "last_error_message" not in (info := await bot("getWebhookInfo")):  # noqa: ASYNC110
            await asyncio.sleep(0)  # each look is a call
    assert (info["last_error_message"], info["pending_update_count"]) == ("Connection refused", 1)


async def test_a_webhook_says_when_to_come_again(bot, telegram, receiver):
    pace = {"timeout": 5, "first_delay": 60, "longest_delay": 60}
    await bot.http.put("/control/delivery/pace", json=pace)
    later = web.Response(status=503, headers={"Retry-After": "1"})
    receiver.answers = [web.Response(status=500), later]
    await bot("setWebhook", url=receiver.url)
    await telegram.send_text(ANNA, "hi")
    first, again, at_last = [await receiver.next() for _ in range(3)]
    assert first == again == at_last


async def test_an_empty_info_without_a_webhook(bot):
    info = await bot("getWebhookInfo")
    assert info == {"url": "", "has_custom_certificate": False, "pending_update_count": 0}


async def test_a_webhook_may_answer_with_a_call(bot, telegram, receiver):
    call = {"method": "sendMessage", "chat_id": ANNA, "text": "from the answer"}
    receiver.answers = [web.json_response(call)]
    await bot("setWebhook", url=receiver.url)
    await telegram.send_text(ANNA, "hi")
    await telegram.wait_for_message(ANNA, lambda m: m.body == "from the answer")


async def test_a_call_in_an_answer_that_is_refused_is_not_repeated(bot, telegram, receiver):
    receiver.answers = [web.json_response({"method": "sendMessage", "chat_id": 404, "text": "x"})]
    await bot("setWebhook", url=receiver.url)
    await telegram.send_text(ANNA, "one")
    await telegram.send_text(ANNA, "two")
    assert (await receiver.next())["message"]["text"] == "one"
    assert (await receiver.next())["message"]["text"] == "two"


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"secret_token": "with space"}, "secret token contains unallowed characters"),
        ({"secret_token": "x" * 257}, "secret token is too long"),
        ({"url": "ftp://a.example"}, "bad webhook: An HTTPS URL must be provided"),
    ],
)
async def test_a_bad_webhook_is_refused(bot, receiver, params, reason):
    with pytest.raises(bot.refusal, match=reason):
        await bot("setWebhook", **{"url": receiver.url, **params})
    assert (await bot("getWebhookInfo"))["url"] == ""


async def test_a_past_update_can_be_delivered_again(bot, telegram, receiver):
    await bot("setWebhook", url=receiver.url)
    await telegram.send_text(ANNA, "once")
    first = await receiver.next()
    await telegram.redeliver(first["update_id"])
    assert await receiver.next() == first


async def test_delivery_can_be_held_back(bot, telegram, receiver):
    await bot("setWebhook", url=receiver.url)
    await telegram.pause_delivery()
    await telegram.send_text(ANNA, "held")
    assert (await telegram.stats()).pending_updates == 1
    assert receiver.received.empty()
    await telegram.resume_delivery()
    assert (await receiver.next())["message"]["text"] == "held"


@pytest.mark.parametrize("separate", [False, True])
async def test_a_press_waits_behind_a_message_unless_queues_are_separate(
    bot, telegram, receiver, separate
):
    pace = {"timeout": 5, "first_delay": 1, "longest_delay": 1, "separate_queues": separate}
    await bot.http.put("/control/delivery/pace", json=pace)
    markup = {"inline_keyboard": [[{"text": "Buy", "callback_data": "buy"}]]}
    await bot("sendMessage", chat_id=ANNA, text="Plans", reply_markup=markup)
    offer = await telegram.wait_for_message(ANNA, lambda m: m.body == "Plans")
    await bot("setWebhook", url=receiver.url)
    receiver.gate.clear()
    await telegram.send_text(ANNA, "first")
    await receiver.next()
    await telegram.press(offer, text="Buy", wait=0)
    if separate:
        assert "callback_query" in await receiver.next()
    else:
        await asyncio.sleep(0)
        assert receiver.received.empty()
    receiver.gate.set()
