"""Tells customers of a device: its file, or that it takes longer."""

from bot.courier import send_file, send_qr
from bot.once import Doubt, Send, send_once
from bot.phrasebook import Phrasebook, phrasebook
from bot.screens.devices import (
    device_delayed_screen,
    device_name,
    device_ready_screen,
    file_replaced_screen,
)
from bot.screens.locations import location_changed_screen
from bot.screens.screen import Screen
from domain.ids import ChatId, MessageId, UserId
from domain.languages import Language
from domain.notices import DeviceNotice, HandoutNotice
from domain.ports import NoticeBook
from domain.servers import ClientConfig
from infra.postgres.customers import Customers
from infra.telegram import TelegramMessenger


class DeviceNotices:
    """The part of the notices that is about devices. Raises as `domain.ports.Notices` does."""

    def __init__(
        self, messenger: TelegramMessenger, book: NoticeBook, customers: Customers
    ) -> None:
        self._messenger = messenger
        self._book = book
        self._customers = customers

    async def deliver(self, notice: DeviceNotice, config: ClientConfig) -> None:
        """Send the file, the picture and the steps; a file that the customer has is not repeated.

        A device that returns with a renewal mostly needs none: its keys and address are the same.
        One that its owner has taken elsewhere does, each time: there and back it is the first file.
        """
        chat_id, phrases = ChatId(notice.user_id), await self._phrases(notice.user_id)
        name = device_name(phrases, notice.name)
        if notice.moved_to is None:
            key = f"device:{notice.device_id}:{config.digest}"
            ready = device_ready_screen(phrases, notice.name)
        else:
            key = f"device:{notice.device_id}:{notice.revision}:location"
            ready = location_changed_screen(phrases, notice.name, notice.moved_to)
        await self._send(
            f"{key}:file",
            notice.user_id,
            lambda: send_file(self._messenger, chat_id, config, phrases, device=name),
        )
        await self._send(
            f"{key}:qr",
            notice.user_id,
            lambda: send_qr(self._messenger, chat_id, config, phrases),
        )
        await self._send(f"{key}:ready", notice.user_id, lambda: self._say(chat_id, ready))

    async def hand_out(self, notice: HandoutNotice, config: ClientConfig) -> None:
        """The same for a file that changed without the customer's doing, with the reason.

        Once for each decision: whoever moves there and back needs the first file again.
        """
        chat_id, phrases = ChatId(notice.user_id), await self._phrases(notice.user_id)
        name = device_name(phrases, notice.name)
        key = f"device:{notice.device_id}:{notice.revision}:{notice.cause}"
        replaced = file_replaced_screen(phrases, notice.name, notice.cause)
        await self._send(
            f"{key}:file",
            notice.user_id,
            lambda: send_file(self._messenger, chat_id, config, phrases, device=name),
        )
        await self._send(
            f"{key}:qr",
            notice.user_id,
            lambda: send_qr(self._messenger, chat_id, config, phrases),
        )
        await self._send(f"{key}:why", notice.user_id, lambda: self._say(chat_id, replaced))

    async def tell_delayed(self, notice: DeviceNotice) -> None:
        """Say that it takes longer, and that there is nothing to do."""
        screen = device_delayed_screen(
            await self._phrases(notice.user_id), notice.name, all_full=notice.all_full
        )
        chat_id = ChatId(notice.user_id)
        key = f"device:{notice.device_id}:{notice.revision}:delayed"
        await self._send(key, notice.user_id, lambda: self._say(chat_id, screen))

    async def _send(self, key: str, user_id: UserId, send: Send) -> None:
        await send_once(self._book, key, user_id, send, in_doubt=Doubt.REPEAT)

    async def _say(self, chat_id: ChatId, screen: Screen) -> MessageId:
        return await self._messenger.send_text(chat_id, screen.text, screen.keyboard)

    async def _phrases(self, user_id: UserId) -> Phrasebook:
        customer = await self._customers.find(user_id)
        return phrasebook(Language.RUSSIAN if customer is None else customer.language)
