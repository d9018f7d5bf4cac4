"""Telegram through aiogram: a bot on any Bot API server, and its errors in the shop's words."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
)
from aiogram.types import BufferedInputFile, InlineKeyboardMarkup
from aiohttp import ClientConnectorError

from domain.errors import (
    CustomerUnreachable,
    MessageGone,
    ShopError,
    TelegramOutcomeUnknown,
    TelegramThrottled,
    TelegramUnavailable,
)
from domain.ids import ChatId, MessageId
from domain.purchases import ChatMessage
from infra.settings import TelegramSettings

_REQUEST_SECONDS = 15.0
"""Telegram answers in well under a second; a webhook of ours may take at most 60."""

# The Bot API has no error codes beside HTTP's, so the texts have to be matched
# (https://github.com/tdlib/telegram-bot-api, Client::fail_query_with_error).
_UNREACHABLE_TEXTS = (
    "chat not found",
    "user not found",
    "user is deactivated",
    "bot was blocked",
    "bot was kicked",
    "bot can't initiate conversation",
    "peer_id_invalid",
)
_GONE_TEXTS = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "message identifier is not specified",
)
_UNCHANGED_TEXT = "message is not modified"
_LATE_TAP_TEXTS = ("query is too old", "query id is invalid")


def open_bot(settings: TelegramSettings) -> Bot:
    """A bot that talks to the Bot API server of the settings; close its `session` at the end."""
    session = AiohttpSession(
        api=TelegramAPIServer.from_base(settings.api_url), timeout=_REQUEST_SECONDS
    )
    return Bot(
        settings.bot_token.get_secret_value(),
        session=session,
        default=DefaultBotProperties(parse_mode=ParseMode.HTML, link_preview_is_disabled=True),
    )


class TelegramMessenger:
    """Sends and edits messages; texts are Telegram's HTML.

    Every method raises `TelegramUnavailable`, `TelegramThrottled`, `TelegramOutcomeUnknown` or
    `CustomerUnreachable`; editing also raises `MessageGone`.
    """

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def link(self, payload: str) -> str:
        """A link that opens the bot and starts it with this payload (64 of `A-Za-z0-9_-`)."""
        with telegram_errors():
            me = await self._bot.me()
        return f"https://t.me/{me.username}?start={payload}"

    async def send_text(
        self, chat_id: ChatId, text: str, keyboard: InlineKeyboardMarkup | None = None
    ) -> MessageId:
        """Send a message of at most 4096 characters."""
        with telegram_errors():
            message = await self._bot.send_message(chat_id, text, reply_markup=keyboard)
        return MessageId(message.message_id)

    async def edit_text(
        self, message: ChatMessage, text: str, keyboard: InlineKeyboardMarkup | None = None
    ) -> None:
        """Make the message say this; one that says it already is left alone."""
        try:
            with telegram_errors():
                await self._bot.edit_message_text(
                    text=text,
                    chat_id=message.chat_id,
                    message_id=message.message_id,
                    reply_markup=keyboard,
                )
        except TelegramUnavailable as error:
            if not _says(error.__cause__, _UNCHANGED_TEXT):
                raise

    async def send_document(
        self, chat_id: ChatId, content: bytes, file_name: str, caption: str
    ) -> MessageId:
        """Send a file that the customer can save."""
        document = BufferedInputFile(content, filename=file_name)
        with telegram_errors():
            message = await self._bot.send_document(chat_id, document, caption=caption)
        return MessageId(message.message_id)

    async def send_photo(
        self, chat_id: ChatId, png: bytes, file_name: str, caption: str
    ) -> MessageId:
        """Send a picture that is shown in the chat."""
        photo = BufferedInputFile(png, filename=file_name)
        with telegram_errors():
            message = await self._bot.send_photo(chat_id, photo, caption=caption)
        return MessageId(message.message_id)

    async def answer_tap(
        self, tap_id: str, text: str | None = None, *, alert: bool = False
    ) -> None:
        """End a button's spinner, with a text of at most 200 characters; a late answer is lost."""
        try:
            with telegram_errors():
                await self._bot.answer_callback_query(tap_id, text=text, show_alert=alert)
        except TelegramUnavailable as error:
            if not _says(error.__cause__, *_LATE_TAP_TEXTS):
                raise

    async def answer_checkout(self, query_id: str, refusal: str | None) -> None:
        """Let a payment happen, or say why not; a late answer is lost, and nothing is paid."""
        try:
            with telegram_errors():
                await self._bot.answer_pre_checkout_query(
                    query_id, ok=refusal is None, error_message=refusal
                )
        except TelegramUnavailable as error:
            if not _says(error.__cause__, *_LATE_TAP_TEXTS):
                raise


@contextmanager
def telegram_errors() -> Iterator[None]:
    """Turn aiogram's errors into the shop's."""
    try:
        yield
    except AiogramError as error:
        raise _translated(error) from error


def _translated(error: AiogramError) -> ShopError:
    match error:
        case TelegramRetryAfter():
            wait = timedelta(seconds=error.retry_after)
            return TelegramThrottled(f"Telegram asks to wait {error.retry_after} s", wait)
        case TelegramForbiddenError() | TelegramBadRequest() if _is_unreachable(error):
            return CustomerUnreachable(error.message)
        case TelegramBadRequest() if _says(error, *_GONE_TEXTS):
            return MessageGone(error.message)
        case TelegramNetworkError() | ClientDecodeError() if _may_have_arrived(error):
            return TelegramOutcomeUnknown(_why_unknown(error))
        case TelegramAPIError():
            # Telegram's own "no": 5xx, a wrong token, a chat that became a supergroup, our bug.
            return TelegramUnavailable(f"Telegram did not take the request: {error.message}")
    return TelegramUnavailable(f"aiogram did not send the request: {type(error).__name__}")


def _is_unreachable(error: AiogramError) -> bool:
    return isinstance(error, TelegramForbiddenError) or _says(error, *_UNREACHABLE_TEXTS)


def _why_unknown(error: TelegramNetworkError | ClientDecodeError) -> str:
    """No JSON is a proxy's answer; JSON of another shape, a newer Telegram's than aiogram knows."""
    if isinstance(error, ClientDecodeError):
        return f"Telegram's answer could not be read: {error.message}"
    return "The connection to Telegram broke before it answered"


def _may_have_arrived(error: AiogramError) -> bool:
    """Whether the request left us."""
    return not isinstance(error, TelegramEntityTooLarge) and not isinstance(
        error.__cause__, ClientConnectorError
    )


def _says(error: BaseException | None, *texts: str) -> bool:
    message = str(error).lower()
    return isinstance(error, TelegramBadRequest) and any(text in message for text in texts)
