"""Long polling and announcing, on the sandbox's Telegram."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiogram import Bot, Dispatcher
from aiogram.methods import GetUpdates, TelegramMethod
from structlog.types import EventDict

from bot.announcement import announce_commands, announce_webhook
from bot.dispatcher import build_dispatcher
from bot.polling import poll
from domain.ids import UserId
from infra.telegram import TelegramMessenger
from sandbox.telegram.client import FaultKind, TelegramSandbox
from tests.bot.conftest import Stage
from tests.bot.fakes import ANNA, Inbox
from tests.bot.phone import DATE, RecordedTelegram

BORIS = UserId(1002)


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


def from_anna(update_id: int, text: str) -> dict[str, Any]:
    anna = {"id": ANNA, "is_bot": False, "first_name": "Анна", "language_code": "ru"}
    chat = {"id": ANNA, "type": "private"}
    message = {"message_id": 1, "date": DATE, "chat": chat, "from": anna, "text": text}
    return {"update_id": update_id, "message": message}


class Queue(RecordedTelegram):
    """A Telegram that answers getUpdates with raw updates from the offset on."""

    def __init__(self, *updates: dict[str, Any]) -> None:
        super().__init__()
        self.updates = updates
        self.is_confirmed = asyncio.Event()

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[Any],
        timeout: int | None = None,  # noqa: ASYNC109  # aiogram's signature
    ) -> Any:
        if not isinstance(method, GetUpdates):
            return await super().make_request(bot, method, timeout)
        left = [each for each in self.updates if each["update_id"] >= (method.offset or 0)]
        if not left:
            self.is_confirmed.set()
            await asyncio.Event().wait()  # as a long poll, until the shop stops
        answer = json.dumps({"ok": True, "result": left})
        return self.check_response(bot, method, 200, answer).result


@pytest.mark.parametrize(
    "bad",
    [
        {"poll": {"id": "1"}},
        {"message": {"message_id": 1, "text": "a secret"}},
        {"invention_of_2030": {"id": 1}},
        {},
    ],
)
async def test_an_update_that_cannot_be_read_is_confirmed_and_the_others_are_answered(
    stage: Stage, log: list[EventDict], bad: dict[str, Any]
) -> None:
    telegram = Queue(from_anna(7, "/start"), {"update_id": 8, **bad}, from_anna(9, "/help"))
    bot, stop = Bot("42:token", session=telegram), asyncio.Event()
    task = asyncio.create_task(
        poll(bot, build_dispatcher(stage.shop(TelegramMessenger(bot))), stop)
    )
    await asyncio.wait_for(telegram.is_confirmed.wait(), timeout=10)
    stop.set()
    await asyncio.wait_for(task, timeout=10)
    greeting, help_ = (text for text, _ in telegram.shown.values())
    assert "Здравствуйте" in greeting
    assert "Помощь" in help_
    named = [each["update_id"] for each in log if each["event"] == "an update is passed over"]
    assert named == [8]
    assert "a secret" not in repr(log)


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


class Outage:
    """A database that is away for the first update, or for all, until it is over."""

    def __init__(self, inbox: Inbox, *, only_first: bool = False, tries: int | None = None) -> None:
        self.met: list[int] = []
        self.is_over = False
        self._ask = inbox.update_is_done
        self._only_first = only_first
        self._tries = tries
        inbox.update_is_done = self.update_is_done

    async def update_is_done(self, update_id: int) -> bool:
        is_spared = self._only_first and update_id != (self.met or [update_id])[0]
        if self.is_over or is_spared or len(self.met) == self._tries:
            return await self._ask(update_id)
        self.met.append(update_id)
        raise ConnectionRefusedError("the database is away")


async def answers(telegram: TelegramSandbox, chat_id: int) -> list[str]:
    return [each.body for each in (await telegram.messages(chat_id)).messages if each.from_bot]


@pytest.fixture
def _swift(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.polling._PAUSE_SECONDS", 0.01)


@pytest.mark.usefixtures("_swift")
class TestOutages:
    """What meets an outage is not confirmed to Telegram, and comes again."""

    async def test_an_update_is_tried_until_the_outage_is_over_and_answered_once(
        self, anna: TelegramSandbox, stage: Stage, polling: asyncio.Event
    ) -> None:
        outage = Outage(stage.inbox, tries=3)
        await anna.press_start(ANNA)
        await anna.wait_for_message(ANNA, lambda m: "Здравствуйте" in m.body)
        assert (len(outage.met), len(set(outage.met))) == (3, 1)
        assert len(await answers(anna, ANNA)) == 1

    async def test_others_are_served_meanwhile_and_only_once(
        self, anna: TelegramSandbox, stage: Stage, polling: asyncio.Event
    ) -> None:
        outage = Outage(stage.inbox, only_first=True)
        await anna.introduce(BORIS, "Борис", language_code="ru")
        await anna.press_start(ANNA)
        await anna.press_start(BORIS)
        await anna.wait_for_message(BORIS, lambda m: "Здравствуйте" in m.body)
        outage.is_over = True
        await anna.wait_for_message(ANNA, lambda m: "Здравствуйте" in m.body)
        assert len(await answers(anna, BORIS)) == 1

    async def test_a_chats_later_updates_keep_their_place(
        self, anna: TelegramSandbox, stage: Stage, polling: asyncio.Event
    ) -> None:
        Outage(stage.inbox, only_first=True, tries=3)
        await anna.press_start(ANNA)
        await anna.send_text(ANNA, "/help")
        await anna.wait_for_message(ANNA, lambda m: "Помощь" in m.body and m.from_bot)
        greeting, help_ = await answers(anna, ANNA)
        assert "Здравствуйте" in greeting
        assert "Помощь" in help_

    async def test_what_was_answered_with_an_apology_is_not_tried_again(
        self,
        anna: TelegramSandbox,
        stage: Stage,
        polling: asyncio.Event,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        async def broken(user_id: int) -> None:
            raise KeyError("a bug")

        monkeypatch.setattr(stage.subscriptions, "subscription_of", broken)
        outage = Outage(stage.inbox, only_first=True)
        await anna.introduce(BORIS, "Борис", language_code="ru")
        await anna.press_start(ANNA)
        await anna.press_start(BORIS)
        await anna.wait_for_message(BORIS, lambda m: "сломалось" in m.body)
        outage.is_over = True
        await anna.wait_for_message(ANNA, lambda m: "сломалось" in m.body)
        assert len(await answers(anna, BORIS)) == 1

    async def test_an_update_that_keeps_failing_alone_is_given_up_and_named_in_the_log(
        self,
        anna: TelegramSandbox,
        stage: Stage,
        log: list[EventDict],
        polling: asyncio.Event,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("bot.progress.PATIENCE_SECONDS", 0.0)
        outage = Outage(stage.inbox, only_first=True)
        await anna.introduce(BORIS, "Борис", language_code="ru")
        await anna.press_start(ANNA)
        await anna.press_start(BORIS)
        await anna.send_text(ANNA, "/help")
        await anna.wait_for_message(ANNA, lambda m: "Помощь" in m.body and m.from_bot)
        given_up = [each for each in log if each["event"] == "an update is given up"]
        assert [each["update_id"] for each in given_up] == [outage.met[0]]


async def test_a_webhook_is_told_every_kind_of_update_that_is_handled(
    bot: Bot, dispatcher: Dispatcher, telegram: TelegramSandbox
) -> None:
    url = "http://127.0.0.1:1/webhook"
    await announce_webhook(bot, dispatcher, url=url, secret="s")
    info = await bot.get_webhook_info()
    assert info.url == url
    kinds = {
        *("message", "edited_message", "callback_query", "my_chat_member"),
        "pre_checkout_query",
    }
    assert set(info.allowed_updates or ()) == kinds
    await bot.delete_webhook()


async def test_commands_are_named_in_both_languages(bot: Bot) -> None:
    await announce_commands(bot)
    english = await bot.get_my_commands()
    russian = await bot.get_my_commands(language_code="ru")
    assert [each.command for each in english] == [each.command for each in russian]
    assert english[0].description == "Menu"
    assert russian[0].description == "Меню"
