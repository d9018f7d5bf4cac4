"""Long polling and announcing, on the sandbox's Telegram."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiogram import Bot, Dispatcher

from bot.announcement import announce_commands, announce_webhook
from bot.dispatcher import build_dispatcher
from bot.polling import poll
from infra.telegram import TelegramMessenger
from sandbox.telegram.client import FaultKind, TelegramSandbox
from tests.bot.conftest import Stage
from tests.bot.fakes import ANNA


@pytest.fixture
def dispatcher(stage: Stage, messenger: TelegramMessenger) -> Dispatcher:
    return build_dispatcher(stage.shop(messenger))


@pytest.fixture
async def polling(bot: Bot, dispatcher: Dispatcher) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    async with asyncio.timeout(30):
        task = asyncio.create_task(poll(bot, dispatcher, stop))
        yield stop
        stop.set()
        await task


@pytest.fixture
async def anna(telegram: TelegramSandbox) -> TelegramSandbox:
    await telegram.introduce(ANNA, "Анна", language_code="ru")
    return telegram


async def test_the_shop_sells_without_a_public_address(
    anna: TelegramSandbox, stage: Stage, polling: asyncio.Event
) -> None:
    await anna.press_start(ANNA)
    menu = await anna.wait_for_message(ANNA, lambda m: "Здравствуйте" in m.body)
    await anna.press(menu, text="🛒 Выбрать тариф")
    plans = await anna.wait_for_message(ANNA, lambda m: "Тарифы" in m.body)
    assert plans.message_id == menu.message_id
    await anna.press(plans, text="30 дней · 299 ₽")
    await anna.wait_for_message(ANNA, lambda m: "Готовим страницу оплаты" in m.body)
    assert len(stage.starter.begun) == 1


async def test_what_waited_while_the_shop_was_down_is_answered(
    anna: TelegramSandbox, bot: Bot, dispatcher: Dispatcher
) -> None:
    await announce_webhook(bot, dispatcher, url="http://127.0.0.1:1/webhook", secret="s")
    await anna.press_start(ANNA)
    stop = asyncio.Event()
    task = asyncio.create_task(poll(bot, dispatcher, stop))
    await anna.wait_for_message(ANNA, lambda m: "Здравствуйте" in m.body)
    stop.set()
    await asyncio.wait_for(task, timeout=10)


async def test_an_outage_of_telegram_is_outlived(
    anna: TelegramSandbox, polling: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.polling._PAUSE_SECONDS", 0.01)
    await anna.order_fault(FaultKind.SERVER_ERROR, method="getUpdates", times=3)
    await anna.press_start(ANNA)
    await anna.wait_for_message(ANNA, lambda m: "Здравствуйте" in m.body)


async def test_what_was_handled_is_confirmed_and_does_not_come_again(
    anna: TelegramSandbox, stage: Stage, polling: asyncio.Event
) -> None:
    asked: list[int] = []
    update_is_done = stage.inbox.update_is_done

    async def watched(update_id: int) -> bool:
        asked.append(update_id)
        return await update_is_done(update_id)

    stage.inbox.update_is_done = watched
    for _ in range(3):
        message = await anna.press_start(ANNA)
        await anna.wait_for_message(ANNA, lambda m: True, after=message.message_id)
    assert len(asked) == len(set(asked))


async def test_a_stop_ends_the_long_poll_at_once(bot: Bot, dispatcher: Dispatcher) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(poll(bot, dispatcher, stop))
    await asyncio.sleep(0)
    stop.set()
    await asyncio.wait_for(task, timeout=5)


async def test_a_batch_under_way_is_finished_before_the_stop(
    anna: TelegramSandbox, stage: Stage, bot: Bot, dispatcher: Dispatcher
) -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()
    update_is_done = stage.inbox.update_is_done

    async def slow(update_id: int) -> bool:
        entered.set()
        await go_on.wait()
        return await update_is_done(update_id)

    stage.inbox.update_is_done = slow
    stop = asyncio.Event()
    task = asyncio.create_task(poll(bot, dispatcher, stop))
    await anna.press_start(ANNA)
    await asyncio.wait_for(entered.wait(), timeout=10)
    stop.set()
    go_on.set()
    await asyncio.wait_for(task, timeout=10)
    await anna.wait_for_message(ANNA, lambda m: "Здравствуйте" in m.body)


async def test_a_webhook_is_told_every_kind_of_update_that_is_handled(
    bot: Bot, dispatcher: Dispatcher, telegram: TelegramSandbox
) -> None:
    url = "http://127.0.0.1:1/webhook"
    await announce_webhook(bot, dispatcher, url=url, secret="s")
    info = await bot.get_webhook_info()
    assert info.url == url
    kinds = {"message", "edited_message", "callback_query", "my_chat_member"}
    assert set(info.allowed_updates or ()) == kinds
    await bot.delete_webhook()


async def test_commands_are_named_in_both_languages(bot: Bot) -> None:
    await announce_commands(bot)
    english = await bot.get_my_commands()
    russian = await bot.get_my_commands(language_code="ru")
    assert [each.command for each in english] == [each.command for each in russian]
    assert english[0].description == "Menu"
    assert russian[0].description == "Меню"
