"""A Telegram without a network: a session that records calls, and a person with a phone."""

from collections import defaultdict
from collections.abc import AsyncGenerator
from itertools import count
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.base import BaseSession
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import (
    AnswerCallbackQuery,
    EditMessageText,
    GetMe,
    SendDocument,
    SendMessage,
    SendPhoto,
    TelegramMethod,
)
from aiogram.types import Chat, InlineKeyboardButton, InlineKeyboardMarkup, Message, User

BOT = User(id=42, is_bot=True, first_name="Shop", username="wgshop_bot")
DATE = 1804239000


class RecordedTelegram(BaseSession):
    """Answers as Telegram would, and keeps what was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[TelegramMethod[Any]] = []
        self.failures: defaultdict[type[TelegramMethod[Any]], list[Exception]] = defaultdict(list)
        self.shown: dict[tuple[int, int], tuple[str, InlineKeyboardMarkup | None]] = {}
        self._message_ids = count(100)

    def fail(self, method: type[TelegramMethod[Any]], error: Exception) -> None:
        self.failures[method].append(error)

    def asked(self, method: type[TelegramMethod[Any]]) -> list[Any]:
        return [call for call in self.calls if isinstance(call, method)]

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[Any],
        timeout: int | None = None,  # noqa: ASYNC109  # aiogram's signature
    ) -> Any:
        self.calls.append(method)
        if self.failures[type(method)]:
            raise self.failures[type(method)].pop(0)
        match method:
            case SendMessage() | SendDocument() | SendPhoto():
                return self._sent(method)
            case EditMessageText():
                return self._edited(method)
            case GetMe():
                return BOT
        return True

    def _sent(self, method: SendMessage | SendDocument | SendPhoto) -> Message:
        message_id, chat_id = next(self._message_ids), int(method.chat_id)
        if isinstance(method, SendMessage):
            self.shown[chat_id, message_id] = method.text, method.reply_markup
        return _message(chat_id, message_id)

    def _edited(self, method: EditMessageText) -> Message:
        place = int(method.chat_id), int(method.message_id)
        page = method.text, method.reply_markup
        if place not in self.shown:
            raise TelegramBadRequest(method, "Bad Request: message to edit not found")
        if self.shown[place] == page:
            raise TelegramBadRequest(method, "Bad Request: message is not modified")
        self.shown[place] = page
        return _message(*place)

    async def close(self) -> None: ...

    async def stream_content(self, *_: Any, **__: Any) -> AsyncGenerator[bytes, None]:
        yield b""


class Phone:
    """One person in one chat: writes, taps, and looks at the newest message."""

    _update_ids = count(1)

    def __init__(
        self,
        telegram: RecordedTelegram,
        dispatcher: Dispatcher,
        *,
        user_id: int = 1001,
        chat_id: int | None = None,
        language_code: str = "ru",
    ) -> None:
        self.telegram = telegram
        self.dispatcher = dispatcher
        self.bot = Bot(
            "42:token", session=telegram, default=DefaultBotProperties(parse_mode="HTML")
        )
        self.user = {
            "id": user_id,
            "is_bot": False,
            "first_name": "Анна",
            "language_code": language_code,
        }
        self.chat = {
            "id": chat_id or user_id,
            "type": "private" if chat_id is None else "supergroup",
        }

    # Doing

    async def write(self, text: str) -> None:
        await self.send(text=text)

    async def send(self, *, edited: bool = False, **content: Any) -> None:
        message = {"message_id": 1, "date": DATE, "chat": self.chat, "from": self.user, **content}
        await self.feed(**{"edited_message" if edited else "message": message})

    async def tap(self, label: str) -> None:
        await self.tap_data(self._button(label))

    async def tap_data(self, data: str, *, message: dict[str, Any] | None = None) -> None:
        if message is None:
            _, message_id = self._newest
            message = {
                "message_id": message_id,
                "date": DATE,
                "chat": self.chat,
                "text": self.screen or "?",
            }
        await self.feed(
            callback_query={
                "id": "tap",
                "from": self.user,
                "chat_instance": "1",
                "data": data,
                "message": message,
            }
        )

    async def feed(self, update_id: int | None = None, **event: Any) -> None:
        update_id = next(self._update_ids) if update_id is None else update_id
        await self.dispatcher.feed_raw_update(self.bot, {"update_id": update_id, **event})

    # Looking

    @property
    def screen(self) -> str:
        return self.telegram.shown[self._newest][0]

    @property
    def newest_id(self) -> int:
        return self._newest[1]

    @property
    def labels(self) -> list[str]:
        return [button.text for button in self.buttons]

    @property
    def buttons(self) -> list[InlineKeyboardButton]:
        keyboard = self.telegram.shown[self._newest][1]
        return (
            [] if keyboard is None else [each for row in keyboard.inline_keyboard for each in row]
        )

    @property
    def toast(self) -> AnswerCallbackQuery:
        return self.telegram.asked(AnswerCallbackQuery)[-1]

    def data_of(self, label: str) -> str:
        return self._button(label)

    @property
    def _newest(self) -> tuple[int, int]:
        return max(place for place in self.telegram.shown if place[0] == self.chat["id"])

    def _button(self, label: str) -> str:
        for button in self.buttons:
            if label in button.text and button.callback_data:
                return button.callback_data
        raise AssertionError(f"no button {label!r} among {self.labels}")


def _message(chat_id: int, message_id: int) -> Message:
    return Message(message_id=message_id, date=DATE, chat=Chat(id=chat_id, type="private"))
