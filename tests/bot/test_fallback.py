"""Nothing that a person does is met with silence or a traceback."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiogram.exceptions import TelegramForbiddenError, TelegramNetworkError
from aiogram.methods import AnswerCallbackQuery, SendMessage

from domain.errors import TemporalUnavailable
from tests.bot.conftest import STAFF, Stage
from tests.bot.fakes import ANNA, NOW
from tests.bot.phone import DATE, Phone

PHOTO = [{"file_id": "1", "file_unique_id": "1", "width": 1, "height": 1}]
STICKER = {
    "file_id": "1",
    "file_unique_id": "1",
    "type": "regular",
    "width": 1,
    "height": 1,
    "is_animated": False,
    "is_video": False,
}


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        ({"text": "сколько стоит?"}, "Свободный текст"),
        ({"text": "/unknown"}, "Свободный текст"),
        ({"photo": PHOTO}, "Картинки, голос и файлы"),
        ({"sticker": STICKER}, "Картинки, голос и файлы"),
        ({"text": "hi", "edited": True}, "Исправленные сообщения"),
        ({"photo": PHOTO, "edited": True}, "Исправленные сообщения"),
    ],
)
async def test_what_is_not_understood_is_answered_with_the_menu(
    anna: Phone, content: dict[str, Any], answer: str
) -> None:
    await anna.send(**content)
    assert answer in anna.screen
    assert "🛒 Выбрать тариф" in anna.labels


@pytest.mark.parametrize("data", ["old-button", "open:nowhere:0", "buy:1:299", "again:x:2", ":"])
async def test_an_unknown_button_brings_a_fresh_menu(anna: Phone, data: str) -> None:
    await anna.write("/help")
    await anna.tap_data(data)
    assert "Здравствуйте" in anna.screen
    assert "устарела" in (anna.toast.text or "")


async def test_a_button_on_a_message_too_old_to_be_shown_to_us_works(anna: Phone) -> None:
    gone = {"message_id": 7, "date": 0, "chat": anna.chat}
    await anna.tap_data("open:plans:0", message=gone)
    assert "Тарифы" in anna.screen


async def test_a_tapped_message_that_was_deleted_is_sent_anew(anna: Phone) -> None:
    deleted = {"message_id": 7, "date": DATE, "chat": anna.chat, "text": "?"}
    await anna.tap_data("open:help:0", message=deleted)
    assert "Помощь" in anna.screen


async def test_in_groups_only_commands_are_answered(stage: Stage) -> None:
    group = stage.phone(chat_id=-7)
    await group.write("привет всем")
    assert stage.telegram.shown == {}
    await group.write("/start")
    assert "личном чате" in group.screen
    assert group.buttons[0].url == "https://t.me/wgshop_bot"


async def test_the_staff_chat_is_told_what_it_is_for(stage: Stage) -> None:
    staff = stage.phone(chat_id=STAFF)
    await staff.write("/start")
    assert "чат сотрудников" in staff.screen
    assert stage.customers.known == {}, "nobody is greeted as a customer in a group"


async def test_every_tap_ends_its_spinner(stage: Stage, anna: Phone) -> None:
    await anna.write("/start")
    for label in ("Помощь", "Как подключить"):
        await anna.tap(label)
        await anna.tap("В меню") if label == "Помощь" else None
    assert len(stage.telegram.asked(AnswerCallbackQuery)) == 3


class TestFailures:
    """A broken part is admitted, logged, and tried again."""

    async def test_a_message_gets_an_apology(self, stage: Stage, anna: Phone) -> None:
        stage.subscriptions.subscription_of = _broken
        await anna.write("/start")
        assert "сломалось на нашей стороне" in anna.screen

    async def test_a_tap_gets_an_alert_and_the_message_stays(
        self, stage: Stage, anna: Phone
    ) -> None:
        await anna.write("/start")
        stage.plans.for_sale = _broken
        await anna.tap("Выбрать тариф")
        assert anna.toast.show_alert
        assert "сломалось" in (anna.toast.text or "")
        assert "Здравствуйте" in anna.screen

    async def test_the_apology_is_in_the_customers_own_language(self, stage: Stage) -> None:
        anna = stage.phone(language_code="en")
        stage.subscriptions.subscription_of = _broken
        await anna.write("/start")
        assert "broke on our side" in anna.screen

    async def test_a_bug_before_anything_is_known_of_the_customer_gets_an_apology_too(
        self, stage: Stage, anna: Phone
    ) -> None:
        stage.inbox.update_is_done = _broken
        await anna.write("/start")
        assert "сломалось" in anna.screen

    async def test_a_customer_who_left_meanwhile_is_no_error(
        self, stage: Stage, anna: Phone
    ) -> None:
        method = SendMessage(chat_id=ANNA, text="")
        stage.telegram.fail(SendMessage, TelegramForbiddenError(method, "bot was blocked"))
        await anna.write("/start")
        assert len(stage.telegram.asked(SendMessage)) == 1

    async def test_an_apology_that_cannot_be_sent_breaks_nothing(
        self, stage: Stage, anna: Phone
    ) -> None:
        method = SendMessage(chat_id=ANNA, text="")
        for _ in range(2):
            stage.telegram.fail(SendMessage, TelegramNetworkError(method, "down"))
        await anna.write("/start")
        assert len(stage.telegram.asked(SendMessage)) == 2


AWAY = [ConnectionRefusedError("PostgreSQL is away"), TemporalUnavailable("Temporal is away")]


@pytest.mark.parametrize("outage", AWAY)
class TestOutages:
    """The door learns that the update was not handled; the person is told nothing untrue."""

    async def test_a_message_is_to_come_again(
        self, stage: Stage, anna: Phone, outage: Exception
    ) -> None:
        stage.subscriptions.subscription_of = _raising(outage)
        with pytest.raises(type(outage)):
            await anna.write("/start")
        assert stage.telegram.calls == []
        assert stage.inbox.done == set()

    async def test_a_tap_keeps_its_spinner_and_its_message(
        self, stage: Stage, anna: Phone, outage: Exception
    ) -> None:
        await anna.write("/start")
        stage.plans.for_sale = _raising(outage)
        with pytest.raises(type(outage)):
            await anna.tap("Выбрать тариф")
        assert stage.telegram.asked(AnswerCallbackQuery) == []
        assert "Здравствуйте" in anna.screen

    async def test_what_could_not_even_be_looked_up_is_to_come_again(
        self, stage: Stage, anna: Phone, outage: Exception
    ) -> None:
        stage.inbox.update_is_done = _raising(outage)
        with pytest.raises(type(outage)):
            await anna.write("/start")

    async def test_a_block_is_noted_when_it_comes_again(
        self, stage: Stage, anna: Phone, outage: Exception
    ) -> None:
        note_blocked = stage.customers.note_blocked
        stage.customers.note_blocked = _raising(outage)
        block = _membership(anna, "kicked")
        with pytest.raises(type(outage)):
            await anna.feed(update_id=902, my_chat_member=block)
        stage.customers.note_blocked = note_blocked
        await anna.feed(update_id=902, my_chat_member=block)
        assert ANNA in stage.customers.blocked


class TestRepeats:
    """Telegram sends an update again until it gets its 200."""

    async def test_a_repeat_of_a_handled_update_changes_nothing(
        self, stage: Stage, anna: Phone
    ) -> None:
        message = {
            "message_id": 1,
            "date": DATE,
            "chat": anna.chat,
            "from": anna.user,
            "text": "/start",
        }
        await anna.feed(update_id=900, message=message)
        await anna.feed(update_id=900, message=message)
        assert len(stage.telegram.asked(SendMessage)) == 1

    async def test_an_update_that_failed_may_come_again(self, stage: Stage, anna: Phone) -> None:
        subscription_of = stage.subscriptions.subscription_of
        stage.subscriptions.subscription_of = _broken
        message = {
            "message_id": 1,
            "date": DATE,
            "chat": anna.chat,
            "from": anna.user,
            "text": "/start",
        }
        await anna.feed(update_id=901, message=message)
        stage.subscriptions.subscription_of = subscription_of
        await anna.feed(update_id=901, message=message)
        assert "Здравствуйте" in anna.screen


class TestMembership:
    """Who blocked the bot, and who came back."""

    async def test_a_block_is_noted_with_its_time(self, stage: Stage, anna: Phone) -> None:
        await anna.feed(my_chat_member=_membership(anna, "kicked"))
        assert stage.customers.blocked[ANNA].timestamp() == DATE

    async def test_a_return_is_noted(self, stage: Stage, anna: Phone) -> None:
        stage.customers.blocked[ANNA] = NOW
        await anna.feed(my_chat_member=_membership(anna, "member"))
        assert stage.customers.blocked == {}

    async def test_being_added_to_a_group_is_nobodys_block(self, stage: Stage) -> None:
        group = stage.phone(chat_id=-7)
        await group.feed(my_chat_member=_membership(group, "kicked"))
        assert stage.customers.blocked == {}


async def _broken(*_: object) -> Any:
    raise KeyError("a bug")


def _raising(error: Exception) -> Callable[..., Awaitable[Any]]:
    async def away(*_: object) -> Any:
        raise error

    return away


def _membership(phone: Phone, status: str) -> dict[str, Any]:
    bot = {"id": 42, "is_bot": True, "first_name": "Shop"}
    new = {"user": bot, "status": status}
    if status == "kicked":
        new["until_date"] = 0
    return {
        "chat": phone.chat,
        "from": phone.user,
        "date": DATE,
        "old_chat_member": {"user": bot, "status": "left"},
        "new_chat_member": new,
    }
