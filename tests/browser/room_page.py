"""The control room as a visitor handles it, on a phone or beside the chat."""

from dataclasses import dataclass

from playwright.async_api import FrameLocator, Locator, Page, expect

from bot.phrasebook import Phrasebook, phrasebook
from domain.languages import Language as SpokenLanguage
from tests.browser.chromium import Language, Screen

PATIENCE = 60_000.0
"""Milliseconds: a worker needs some seconds to come back, on a busy machine more."""
PAID_CARD = "5555555555554444"


@dataclass
class RoomPage:
    """A visitor of one language before one screen."""

    page: Page
    address: str
    screen: Screen
    language: Language

    async def open(self, *, afresh: bool = True) -> None:
        """Enter, and take the tour from its beginning."""
        await self.page.goto(self.address)
        await self.turn_to("tour")
        # A chat that is taken away while it loads complains.
        await expect(self.chat.locator("body:not(.is-loading)")).to_be_attached(timeout=PATIENCE)
        if afresh:
            await self.panel.locator("[data-key=restart]").click()

    @property
    def words(self) -> Phrasebook:
        """The bot's words."""
        return phrasebook(SpokenLanguage(self.language))

    @property
    def panel(self) -> Locator:
        """The tour."""
        return self.page.locator("#panel-tour")

    @property
    def chat(self) -> FrameLocator:
        """The chat in its frame."""
        return self.page.frame_locator("#chat")

    @property
    def customer(self) -> Locator:
        """The customer's pane in it."""
        return self.chat.locator(".pane[data-kind=customer]").first

    async def turn_to(self, tab: str) -> None:
        """Choose a tab, if there is one: a desktop has the chat always."""
        button = self.page.locator(f"#tab-{tab}")
        if await button.is_visible():
            await button.click()

    async def waits_for(self, what: str) -> None:
        """Wait until the tour waits for this mark of a stop."""
        await expect(self.panel).to_have_attribute("data-waits-for", what, timeout=PATIENCE)

    async def does(self) -> None:
        """Press the button that the tour offers."""
        await self.turn_to("tour")
        await self.panel.locator("[data-key=deed]").click()

    async def goes_to_chat(self) -> None:
        """Look at whichever chat the tour means."""
        await self.turn_to("tour")
        if self.screen is Screen.PHONE:
            await self.panel.locator("[data-key=to-chat]").click()

    async def starts(self) -> None:
        """Press START, or ask for a menu in a chat that was started before."""
        await self.goes_to_chat()
        await self.customer.locator(".pane__start").click()

    async def chooses(self, *labels: str) -> None:
        """From a fresh menu to a payment message with its link."""
        await self.goes_to_chat()
        field = self.customer.locator(".pane__input")
        await field.fill("/menu")
        await field.press("Enter")
        for label in labels:
            await self.taps(label)

    async def taps(self, words: str) -> None:
        """Tap on the newest button that says so."""
        await self.customer.locator(".key").filter(has_text=words).last.click(timeout=PATIENCE)

    async def pays(self) -> None:
        """Pay on the payment page over the chat, which closes behind."""
        await self.taps("💳")
        payment = self.page.frame_locator("#page")
        await payment.locator(f"[name=test_card][value='{PAID_CARD}']").first.click()
        await payment.locator("a[href$='/back']").click()
        await expect(self.page.locator("#sheet")).to_be_hidden()

    async def retries(self) -> None:
        """Press the newest Retry in the staff's chat."""
        await self.goes_to_chat()
        staff = self.chat.locator(".pane[data-kind=group]")
        await staff.locator(".key").filter(has_text="🔁").last.click()
