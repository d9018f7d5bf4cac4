"""How a conversation answers: a new message, or the same one turned to another page."""

from aiogram.types import CallbackQuery, Message

from bot.screens.screen import Screen
from domain.errors import MessageGone
from domain.ids import ChatId, MessageId
from domain.model import Value
from domain.purchases import ChatMessage
from infra.telegram import TelegramMessenger


class Toast(Value):
    """The answer to a tap that is shown over the chat; as an alert it waits for "OK"."""

    text: str | None = None
    alert: bool = False


async def reply(messenger: TelegramMessenger, message: Message, screen: Screen) -> None:
    """Answer with a new message."""
    await messenger.send_text(ChatId(message.chat.id), screen.text, screen.keyboard)


async def turn_page(
    messenger: TelegramMessenger, tap: CallbackQuery, screen: Screen, *, fresh: bool = False
) -> None:
    """Show the screen in the message that was tapped; where that is gone, or `fresh`, in a new one.

    An `InaccessibleMessage` is tried all the same: Telegram may edit what it no longer shows us.
    """
    message = tapped_message(tap)
    if not fresh:
        try:
            return await messenger.edit_text(message, screen.text, screen.keyboard)
        except MessageGone:
            pass
    await messenger.send_text(message.chat_id, screen.text, screen.keyboard)
    return None


def tapped_message(tap: CallbackQuery) -> ChatMessage:
    """The message with the button.

    Raises:
        LookupError: The button is on an inline message; the shop sends none.
    """
    if tap.message is None:
        raise LookupError("a tap on an inline message, which the shop never sends")
    return ChatMessage(
        chat_id=ChatId(tap.message.chat.id), message_id=MessageId(tap.message.message_id)
    )
