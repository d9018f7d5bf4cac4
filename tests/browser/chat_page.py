"""The chat page as a person handles it: by names and roles, not by its insides."""

from dataclasses import dataclass

from playwright.async_api import Locator, Page, expect

PATIENCE = 30_000.0
"""Milliseconds: a purchase takes a second, on a busy machine a few."""


@dataclass
class ChatPage:
    """A customer before the chat with the bot."""

    page: Page
    address: str
    """Of the Telegram sandbox."""

    async def open_as(self, user_id: int, payload: str = "") -> None:
        """Open the chat of a person who was introduced, perhaps from a deep link."""
        start = f"&start={payload}" if payload else ""
        await self.page.goto(f"{self.address}/chat?user={user_id}{start}")

    @property
    def chat(self) -> Locator:
        """The customer's pane."""
        return self.page.locator(".pane[data-kind=customer]").first

    async def press_start(self) -> None:
        """Press the bar that stands where one would write."""
        await self.chat.locator(".pane__start").click()

    async def tap(self, words: str) -> None:
        """Tap on the newest button that says so."""
        await self.chat.get_by_role("button", name=words).last.click()

    async def sees(self, words: str) -> None:
        """Wait until a message says so."""
        await expect(self.chat.get_by_role("log")).to_contain_text(words, timeout=PATIENCE)
