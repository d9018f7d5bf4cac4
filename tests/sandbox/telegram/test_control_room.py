"""The control room waits instead of asking again and again, and forgets when told to."""

import asyncio
import re

import pytest

ANNA = 1001
LOADED = re.compile(r"""(?:/static/|from "\./|url\(")([\w.-]+\.\w+)""")
"""A file that the page's HTML, modules and style sheets name."""


async def test_a_wait_ends_with_the_message_it_waits_for(bot, telegram):
    waiting = asyncio.create_task(telegram.wait_for_message(ANNA, lambda m: m.body == "two"))
    await bot("sendMessage", chat_id=ANNA, text="one")
    await bot("sendMessage", chat_id=ANNA, text="two")
    assert (await asyncio.wait_for(waiting, 5)).body == "two"


async def test_a_wait_sees_edits_too(bot, telegram):
    sent = await bot("sendMessage", chat_id=ANNA, text="one")
    waiting = asyncio.create_task(telegram.wait_for_message(ANNA, lambda m: m.body == "two"))
    await bot("editMessageText", chat_id=ANNA, message_id=sent["message_id"], text="two")
    assert (await asyncio.wait_for(waiting, 5)).message_id == sent["message_id"]


async def test_a_wait_that_ends_in_vain_tells_what_there_is(bot, telegram):
    await bot("sendMessage", chat_id=ANNA, text="something else")
    with pytest.raises(TimeoutError, match="something else"):
        await telegram.wait_for_message(ANNA, lambda m: m.body == "never", timeout=0.05)


async def test_only_what_changed_since_a_version_is_given(bot, telegram):
    await bot("sendMessage", chat_id=ANNA, text="one")
    log = await telegram.messages(ANNA)
    await bot("sendMessage", chat_id=ANNA, text="two")
    news = await telegram.messages(ANNA, after=log.version)
    assert [m.body for m in news.messages] == ["two"]


async def test_a_reset_forgets_people_and_chats_but_not_the_webhook(bot, telegram, receiver):
    await bot("setWebhook", url=receiver.url)
    await telegram.reset()
    assert (await bot("getWebhookInfo"))["url"] == receiver.url
    with pytest.raises(Exception, match=f"there is no chat {ANNA}"):
        await telegram.chat(ANNA)


async def test_a_malformed_wish_is_refused(bot, telegram):
    answer = await bot.http.post("/control/faults", json={"kind": "earthquake"})
    assert answer.status_code == 422
    answer = await bot.http.post("/control/people", json={"user_id": -5, "first_name": "x"})
    assert answer.status_code == 422


async def test_the_page_and_all_it_loads_are_there(bot):
    page = await bot.http.get("/chat")
    assert page.headers["content-type"].startswith("text/html")
    wanted, seen = set(LOADED.findall(page.text)), set()
    assert "chat.js" in wanted
    while wanted - seen:
        name = (wanted - seen).pop()
        answer = await bot.http.get(f"/static/{name}")
        assert answer.status_code == 200, name
        seen.add(name)
        wanted |= set(LOADED.findall(answer.text))


async def _next_news(lines):
    """The next line of the stream that tells of changed chats."""
    async for line in lines:
        if '"changed"' in line:
            return line
    raise EOFError


async def test_the_page_hears_which_chat_changed(bot, telegram):
    async with bot.http.stream("GET", "/ui/events") as stream:
        lines = stream.aiter_lines()
        assert f'"{ANNA}":' in await asyncio.wait_for(_next_news(lines), 5)
        await bot("sendMessage", chat_id=ANNA, text="hi")
        assert f'"{ANNA}":' in await asyncio.wait_for(_next_news(lines), 5)
