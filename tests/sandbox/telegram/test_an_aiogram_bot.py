"""A bot written with aiogram works against the sandbox: the other side of the protocol agrees."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiogram import Bot, Dispatcher, F
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
)
from aiogram.filters import CommandObject, CommandStart
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
)

from sandbox.telegram.client import FaultKind, TelegramSandbox

TOKEN = "123456:sandbox-token"
ANNA = 1001

BUY = InlineKeyboardMarkup(
    inline_keyboard=[[InlineKeyboardButton(text="Buy", callback_data="buy:30")]]
)


@pytest.fixture
async def aiogram_bot(base_url: str) -> AsyncIterator[Bot]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(base_url))
    bot = Bot(TOKEN, session=session, default=DefaultBotProperties(parse_mode="HTML"))
    yield bot
    await session.close()


@pytest.fixture
async def polling(aiogram_bot: Bot, telegram: TelegramSandbox) -> AsyncIterator[None]:
    dispatcher = Dispatcher()

    @dispatcher.message(CommandStart())
    async def greet(message: Message, command: CommandObject) -> None:
        await message.answer(f"<b>Hello</b>, {command.args}", reply_markup=BUY)

    @dispatcher.callback_query(F.data == "buy:30")
    async def buy(query: CallbackQuery) -> None:
        await query.answer("A moment")
        assert isinstance(query.message, Message)
        await query.message.edit_text("Here it is")
        await query.message.answer_document(BufferedInputFile(b"[Interface]", "vpn.conf"))

    task = asyncio.create_task(
        dispatcher.start_polling(aiogram_bot, handle_signals=False, polling_timeout=1)
    )
    yield
    await dispatcher.stop_polling()
    await task


async def test_a_customer_buys_from_an_aiogram_bot(
    polling: None, telegram: TelegramSandbox
) -> None:
    await telegram.press_start(ANNA, "spring")
    greeting = await telegram.wait_for_message(ANNA, lambda m: m.body == "Hello, spring")

    outcome = await telegram.press(greeting, text="Buy")
    sold = await telegram.wait_for_message(ANNA, lambda m: m.current.document is not None)

    assert outcome.answer is not None
    assert outcome.answer.text == "A moment"
    assert sold.file_id is not None
    assert await telegram.download(sold.file_id) == b"[Interface]"
    edited = await telegram.wait_for_message(ANNA, lambda m: m.body == "Here it is")
    assert [each.message.text for each in edited.revisions] == ["Hello, spring", "Here it is"]
    assert edited.buttons == ()


async def test_aiogram_knows_the_refusals_by_their_types(
    aiogram_bot: Bot, telegram: TelegramSandbox
) -> None:
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await aiogram_bot.send_message(404, "Hello")
    await telegram.order_fault(FaultKind.TOO_MANY_REQUESTS, retry_after=7)
    with pytest.raises(TelegramRetryAfter) as flood:
        await aiogram_bot.send_message(ANNA, "Hello")
    assert flood.value.retry_after == 7
    await telegram.block(ANNA)
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await aiogram_bot.send_message(ANNA, "Hello")


async def test_aiogram_sees_a_cut_connection_as_a_network_error(
    aiogram_bot: Bot, telegram: TelegramSandbox
) -> None:
    await telegram.order_fault(FaultKind.DROP_AFTER)
    with pytest.raises(TelegramNetworkError):
        await aiogram_bot.send_message(ANNA, "Did it arrive?")
    await telegram.wait_for_message(ANNA, lambda m: m.body == "Did it arrive?")


async def test_aiogram_downloads_what_a_customer_sent(
    aiogram_bot: Bot, telegram: TelegramSandbox
) -> None:
    sent = await telegram.send_document(ANNA, "receipt.txt", b"paid")
    assert sent.file_id is not None
    downloaded = await aiogram_bot.download(sent.file_id)
    assert downloaded is not None
    assert downloaded.read() == b"paid"
