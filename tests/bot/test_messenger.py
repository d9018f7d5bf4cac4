"""aiogram's errors in the shop's words, on the sandbox's Telegram and on broken ones."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramUnauthorizedError,
)
from aiogram.methods import SendMessage

from domain.errors import (
    CustomerUnreachable,
    MessageGone,
    TelegramOutcomeUnknown,
    TelegramThrottled,
    TelegramUnavailable,
)
from domain.ids import ChatId, MessageId
from domain.purchases import ChatMessage
from infra.telegram import TelegramMessenger, telegram_errors
from sandbox.telegram.client import FaultKind, TelegramSandbox
from tests.bot.conftest import open_bot_at
from tests.bot.fakes import ANNA

CHAT = ChatId(ANNA)
LATE_READER = ChatId(1999)
ASKED = SendMessage(chat_id=ANNA, text="x")


@pytest.fixture
async def started(telegram: TelegramSandbox) -> TelegramSandbox:
    await telegram.introduce(ANNA, "Anna")
    await telegram.press_start(ANNA)
    return telegram


async def test_a_text_arrives_as_html(
    messenger: TelegramMessenger, started: TelegramSandbox
) -> None:
    message_id = await messenger.send_text(CHAT, "<b>1 &lt; 2</b>")
    shown = await started.wait_for_message(ANNA, lambda m: m.message_id == message_id)
    assert shown.body == "1 < 2"


async def test_an_edit_that_changes_nothing_succeeds(
    messenger: TelegramMessenger, started: TelegramSandbox
) -> None:
    message_id = await messenger.send_text(CHAT, "same")
    await messenger.edit_text(ChatMessage(chat_id=CHAT, message_id=message_id), "same")


async def test_a_message_that_is_not_there_is_gone(
    messenger: TelegramMessenger, started: TelegramSandbox
) -> None:
    with pytest.raises(MessageGone):
        await messenger.edit_text(ChatMessage(chat_id=CHAT, message_id=MessageId(9999)), "x")


async def test_a_late_answer_to_a_tap_is_simply_lost(
    messenger: TelegramMessenger, started: TelegramSandbox
) -> None:
    await messenger.answer_tap("1234567890", "too late")


async def test_whoever_blocked_the_bot_is_unreachable(
    messenger: TelegramMessenger, started: TelegramSandbox
) -> None:
    await started.block(ANNA)
    with pytest.raises(CustomerUnreachable):
        await messenger.send_text(CHAT, "x")


async def test_whoever_never_opened_the_bot_is_unreachable(
    messenger: TelegramMessenger, telegram: TelegramSandbox
) -> None:
    await telegram.introduce(77, "Nobody")
    for stranger in (77, 78):
        with pytest.raises(CustomerUnreachable):
            await messenger.send_text(ChatId(stranger), "x")


async def test_flood_control_says_how_long_to_wait(
    messenger: TelegramMessenger, started: TelegramSandbox
) -> None:
    await started.order_fault(FaultKind.TOO_MANY_REQUESTS, retry_after=7)
    with pytest.raises(TelegramThrottled) as caught:
        await messenger.send_text(CHAT, "x")
    assert caught.value.retry_after == timedelta(seconds=7)


async def test_a_server_error_is_known_unsent(
    messenger: TelegramMessenger, started: TelegramSandbox
) -> None:
    await started.order_fault(FaultKind.SERVER_ERROR, status=502)
    with pytest.raises(TelegramUnavailable):
        await messenger.send_text(CHAT, "x")


@pytest.mark.parametrize("kind", [FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER])
async def test_a_connection_that_breaks_leaves_it_unknown(
    messenger: TelegramMessenger, started: TelegramSandbox, kind: FaultKind
) -> None:
    await started.order_fault(kind)
    with pytest.raises(TelegramOutcomeUnknown):
        await messenger.send_text(CHAT, "x")


async def test_an_answer_that_does_not_come_leaves_it_unknown(
    telegram_url: str, started: TelegramSandbox
) -> None:
    bot = open_bot_at(telegram_url)
    bot.session.timeout = 0.2
    # Somebody whom no other test looks at: the message arrives while they run.
    await started.introduce(LATE_READER, "Late")
    await started.press_start(LATE_READER)
    await started.order_fault(FaultKind.DELAY, seconds=5)
    with pytest.raises(TelegramOutcomeUnknown):
        await TelegramMessenger(bot).send_text(LATE_READER, "x")
    await bot.session.close()


async def test_no_connection_at_all_is_known_unsent(unused_tcp_port: int) -> None:
    bot = open_bot_at(f"http://127.0.0.1:{unused_tcp_port}")
    with pytest.raises(TelegramUnavailable):
        await TelegramMessenger(bot).send_text(CHAT, "x")
    await bot.session.close()


@pytest.fixture
async def some_other_server() -> AsyncIterator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\n<html/>")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"


async def test_what_is_not_telegram_leaves_it_unknown(some_other_server: str) -> None:
    bot = open_bot_at(some_other_server)
    with pytest.raises(TelegramOutcomeUnknown):
        await TelegramMessenger(bot).send_text(CHAT, "x")
    await bot.session.close()


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        (TelegramForbiddenError(ASKED, "Forbidden: user is deactivated"), CustomerUnreachable),
        (TelegramForbiddenError(ASKED, "Forbidden: bot was kicked"), CustomerUnreachable),
        (TelegramBadRequest(ASKED, "Bad Request: chat not found"), CustomerUnreachable),
        (TelegramBadRequest(ASKED, "Bad Request: PEER_ID_INVALID"), CustomerUnreachable),
        (TelegramBadRequest(ASKED, "Bad Request: message can't be edited"), MessageGone),
        (TelegramBadRequest(ASKED, "Bad Request: can't parse entities"), TelegramUnavailable),
        (TelegramUnauthorizedError(ASKED, "Unauthorized"), TelegramUnavailable),
        (TelegramEntityTooLarge(ASKED, "Request Entity Too Large"), TelegramUnavailable),
        (ClientDecodeError("no json", ValueError(), "<html/>"), TelegramOutcomeUnknown),
    ],
)
def test_telegrams_words_are_told_apart(told: Exception, meant: type[Exception]) -> None:
    with pytest.raises(meant) as caught, telegram_errors():
        raise told
    assert type(caught.value) is meant


def test_an_answer_that_cannot_be_read_is_not_called_a_broken_connection() -> None:
    told = ClientDecodeError("Failed to deserialize object", ValueError(), {"ok": True})
    with pytest.raises(TelegramOutcomeUnknown, match="could not be read"), telegram_errors():
        raise told


async def test_no_error_tells_the_token(unused_tcp_port: int) -> None:
    bot = open_bot_at(f"http://127.0.0.1:{unused_tcp_port}")
    with pytest.raises(TelegramUnavailable) as caught:
        await TelegramMessenger(bot).send_text(CHAT, "x")
    assert bot.token not in repr(caught.value) + repr(caught.value.__cause__)
    await bot.session.close()
