"""Hands over a configuration: the file, and the same as a QR picture."""

import asyncio

from bot.phrasebook import Phrasebook
from domain.ids import ChatId, MessageId
from domain.servers import ClientConfig
from infra.qr import qr_png
from infra.telegram import TelegramMessenger


async def send_file(
    messenger: TelegramMessenger,
    chat_id: ChatId,
    config: ClientConfig,
    phrases: Phrasebook,
    *,
    device: str | None = None,
) -> MessageId:
    """Send the `.conf` file, byte for byte what the device needs; under the device's name, if any.

    The caption ends up beside the file, so that a chat with several files stays readable.
    """
    content = config.render().encode()
    caption = phrases.say("config.file")
    if device is not None:
        caption = phrases.say("config.file_of", device=device)
    return await messenger.send_document(chat_id, content, config.file_name, caption)


async def send_qr(
    messenger: TelegramMessenger, chat_id: ChatId, config: ClientConfig, phrases: Phrasebook
) -> MessageId:
    """Send the QR picture of the same file."""
    # In a thread: drawing takes tens of milliseconds, during which menus would wait.
    png = await asyncio.to_thread(qr_png, config.render())
    return await messenger.send_photo(chat_id, png, f"{config.name}.png", phrases.say("config.qr"))
