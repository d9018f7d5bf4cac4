"""What happens around every update: repeats are dropped, people are greeted, taps answered."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.dispatcher.middlewares.user_context import EVENT_CHAT_KEY, EVENT_FROM_USER_KEY
from aiogram.enums import ChatType
from aiogram.types import CallbackQuery, Chat, TelegramObject, Update, User

from bot.phrasebook import phrasebook
from bot.replies import Toast
from bot.shop import Shop
from domain.customers import Introduction
from domain.ids import UserId
from domain.languages import language_of

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


class HandledOnce(BaseMiddleware):
    """Drops an update that was handled to the end before; Telegram repeats what it gets no 200 for.

    An update that fails half-way may come again, so handlers are safe to run twice.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Handle the update unless it is a repeat."""
        assert isinstance(event, Update)  # noqa: S101  # registered for updates only
        if await self._shop.inbox.update_is_done(event.update_id):
            return None
        result = await handler(event, data)
        await self._shop.inbox.update_done(event.update_id, self._shop.now())
        return result


class Acquaintance(BaseMiddleware):
    """Gives handlers the `customer` (in private chats) and the `phrases` of their language.

    The language is the saved one; in groups, where nobody is a customer, Telegram's.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Greet whoever writes or taps; blocking the bot is no greeting."""
        user: User | None = data.get(EVENT_FROM_USER_KEY)
        chat: Chat | None = data.get(EVENT_CHAT_KEY)
        language = language_of(user.language_code if user else None)
        is_contact = isinstance(event, Update) and event.my_chat_member is None
        if user and chat and chat.type == ChatType.PRIVATE and is_contact:
            customer = await self._shop.customers.greet(_introduction(user), self._shop.now())
            data["customer"] = customer
            language = customer.language
        data["phrases"] = phrasebook(language)
        return await handler(event, data)


class EveryTapAnswered(BaseMiddleware):
    """Ends the button's spinner with the `Toast` that the handler returns, or silently."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Answer the tap after its handler."""
        assert isinstance(event, CallbackQuery)  # noqa: S101  # registered for taps only
        result = await handler(event, data)
        toast = result if isinstance(result, Toast) else Toast()
        await self._shop.messenger.answer_tap(event.id, toast.text, alert=toast.alert)
        return None


def _introduction(user: User) -> Introduction:
    return Introduction(
        user_id=UserId(user.id),
        username=user.username,
        first_name=user.first_name,
        last_name=user.last_name,
        language_code=user.language_code,
    )
