"""Outages on order meet the calls they are meant for, and no others."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from sandbox.telegram.client import FaultKind
from sandbox.telegram.errors import ApiError
from sandbox.telegram.limits import FloodLimits

ANNA = 1001
BORIS = 1002


async def texts(telegram):
    return [m.body for m in (await telegram.messages(ANNA)).present if m.from_bot]


async def test_too_many_requests_tells_how_long_to_wait(bot, telegram):
    await telegram.order_fault(FaultKind.TOO_MANY_REQUESTS, retry_after=5, times=2)
    for _ in range(2):
        with pytest.raises(bot.refusal, match="429 Too Many Requests: retry after 5") as refused:
            await bot("sendMessage", chat_id=ANNA, text="hi")
        assert refused.value.parameters == {"retry_after": 5}
        assert refused.value.headers["Retry-After"] == "5"
    await bot("sendMessage", chat_id=ANNA, text="third")
    assert await texts(telegram) == ["third"]


async def test_what_is_on_order_is_told_with_the_times_that_are_left(bot, telegram):
    await telegram.order_fault(FaultKind.TOO_MANY_REQUESTS, times=3)
    with pytest.raises(bot.refusal):
        await bot("sendMessage", chat_id=ANNA, text="hi")
    (fault,) = await telegram.faults()
    assert (fault.kind, fault.times) == (FaultKind.TOO_MANY_REQUESTS, 2)
    await telegram.clear_faults()
    assert await telegram.faults() == []


async def test_a_server_error_does_nothing(bot, telegram):
    await telegram.order_fault(FaultKind.SERVER_ERROR, status=502)
    with pytest.raises(bot.refusal, match="502 Bad Gateway"):
        await bot("sendMessage", chat_id=ANNA, text="hi")
    assert await texts(telegram) == []


async def test_a_connection_cut_before_means_nothing_was_done(bot, telegram):
    await telegram.order_fault(FaultKind.DROP_BEFORE)
    with pytest.raises(httpx.TransportError):
        await bot("sendMessage", chat_id=ANNA, text="hi")
    assert await texts(telegram) == []


async def test_a_connection_cut_after_means_it_was_done(bot, telegram):
    await telegram.order_fault(FaultKind.DROP_AFTER)
    with pytest.raises(httpx.TransportError):
        await bot("sendMessage", chat_id=ANNA, text="hi")
    assert await texts(telegram) == ["hi"]


async def test_a_delayed_call_is_done_later(bot, telegram):
    await telegram.order_fault(FaultKind.DELAY, seconds=5)
    with pytest.raises(httpx.ReadTimeout):
        await bot.http.get(f"{bot.address}/getMe", timeout=0.1)


async def test_a_fault_may_mean_one_method_in_one_chat(bot, telegram):
    await telegram.introduce(BORIS, "Boris")
    await telegram.press_start(BORIS)
    await telegram.order_fault(FaultKind.SERVER_ERROR, method="sendMessage", chat_id=ANNA)
    assert await bot("sendChatAction", chat_id=ANNA, action="typing")
    assert await bot("sendMessage", chat_id=BORIS, text="hi")
    with pytest.raises(bot.refusal, match="502"):
        await bot("sendMessage", chat_id=ANNA, text="hi")


async def test_faults_can_be_called_off(bot, telegram):
    await telegram.order_fault(FaultKind.SERVER_ERROR, times=100)
    await telegram.clear_faults()
    assert await bot("getMe")
    assert (await telegram.stats()).faults_met == 0


async def test_flood_limits_hold_when_switched_on(bot, telegram):
    await telegram.set_limits(enabled=True)
    for _ in range(3):
        await bot("sendMessage", chat_id=ANNA, text="hi")
    with pytest.raises(bot.refusal, match="429") as refused:
        await bot("sendMessage", chat_id=ANNA, text="hi")
    await telegram.advance_clock(refused.value.parameters["retry_after"])
    assert await bot("sendMessage", chat_id=ANNA, text="hi")


@pytest.mark.parametrize(
    ("chats", "burst", "wait"),
    [(["7"], 3, 3), (["-7"], 20, 60), ([str(chat) for chat in range(20)], 30, 1)],
    ids=["a private chat", "a group", "all chats together"],
)
def test_each_flood_limit_holds(chats, burst, wait):
    present = datetime(2026, 1, 1, tzinfo=UTC)
    limits = FloodLimits(lambda: present, enabled=True)
    for number in range(burst):
        limits.admit("sendmessage", chats[number % len(chats)])
    with pytest.raises(ApiError, match=f"Too Many Requests: retry after {wait}"):
        limits.admit("sendmessage", chats[0])
    present += timedelta(seconds=wait)
    limits.admit("sendmessage", chats[0])


async def test_calls_are_counted_by_method(bot, telegram):
    before = (await telegram.stats()).calls.get("getMe", 0)
    await bot("GETME")
    assert (await telegram.stats()).calls["getMe"] == before + 1
