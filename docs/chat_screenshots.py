"""Pictures of the chat page: a purchase that went well, one that did not, and phones."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from playwright.async_api import Page, expect

from sandbox.node.client import order
from sandbox.shop import EmbeddedShop
from sandbox.shopper import Shopper
from sandbox.telegram.client import TelegramSandbox
from sandbox.yookassa.client import YooKassaSandbox
from tests.browser.chat_page import PATIENCE, ChatPage
from tests.browser.chromium import Language, Screen, Theme, Windows

ANNA, BORIS, VERA, DASHA = 7001, 7002, 7003, 7004


@dataclass
class Chats:
    """Takes the pictures; `shoot` writes what pages show, side by side, under a name."""

    shop: EmbeddedShop
    windows: Windows
    telegram: TelegramSandbox
    kassa: YooKassaSandbox
    shoot: Callable[[Sequence[Page], str], Awaitable[None]]

    async def photograph(self) -> None:
        """Let three customers live through their stories."""
        anna = self._customer(ANNA, "Anna", Language.ENGLISH)
        await anna.pays(await anna.reaches_payment_page())
        await anna.gets_qr()
        await self._break_a_purchase()
        await self._desktop()
        await self._side_by_side()
        await self._phones()

    def _customer(self, user_id: int, name: str, language: Language) -> Shopper:
        return Shopper(self.telegram, self.kassa, user_id, name=name, language=language)

    async def _break_a_purchase(self) -> None:
        boris = self._customer(BORIS, "Борис", Language.RUSSIAN)
        message = await boris.reaches_payment_page()
        node = self.shop.nodes["nl1"]
        await order(node, "down")
        await boris.pays(message)
        await boris.sees(lambda each: "сотрудника" in each.body)
        await order(node, "up")

    async def _open(
        self, screen: Screen, language: Language, query: str, theme: Theme = "light"
    ) -> ChatPage:
        page = await self.windows.open(screen, language, theme=theme)
        chat = ChatPage(page, self.shop.addresses.telegram)
        await chat.open(query)
        return chat

    async def _desktop(self) -> None:
        chat = await self._open(Screen.DESKTOP, Language.ENGLISH, f"?user={ANNA}")
        await self._settled(chat)
        await expect(chat.chat_of("wgshop staff").locator(".key").first).to_be_visible()
        await self.shoot([chat.page], "chat")

    async def _side_by_side(self) -> None:
        query = f"?user={ANNA}&user={BORIS}"
        chat = await self._open(Screen.DESKTOP, Language.RUSSIAN, query, theme="dark")
        await self._settled(chat)
        await expect(chat.chat_of("Борис").locator(".bubble").last).to_be_visible()
        await self.shoot([chat.page], "chat-customers")

    async def _phones(self) -> None:
        """START, the prices in Russian, and a file with its picture in the dark."""
        for newcomer, name in ((VERA, "Вера"), (DASHA, "Даша")):
            await self.telegram.introduce(newcomer, name, language_code=Language.RUSSIAN)
        start = await self._open(Screen.PHONE, Language.RUSSIAN, f"?user={VERA}")
        await expect(start.start_bar).to_be_visible()
        prices = await self._open(Screen.PHONE, Language.RUSSIAN, f"?user={DASHA}")
        await prices.press_start()
        await prices.tap("Выбрать тариф")
        await expect(prices.key("299")).to_be_visible(timeout=PATIENCE)
        await prices.page.mouse.move(2, 2)
        done = await self._open(Screen.PHONE, Language.ENGLISH, f"?user={ANNA}", theme="dark")
        await self._settled(done)
        await self.shoot([start.page, prices.page, done.page], "chat-phones")

    async def _settled(self, chat: ChatPage) -> None:
        await expect(chat.chat.locator(".bubble__photo img").last).to_be_visible(timeout=PATIENCE)
        await chat.page.mouse.move(2, 2)
