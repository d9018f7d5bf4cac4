"""The chat page as a person handles it: by what stands on it."""

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

    async def open(self, query: str = "") -> None:
        """Open the page and wait until it has drawn itself."""
        await self.page.goto(f"{self.address}/chat{query}")
        await expect(self.page.locator("body")).not_to_have_class("is-loading")

    async def open_as(self, user_id: int, payload: str = "") -> None:
        """Open the chat of a person who was introduced, perhaps from a deep link."""
        start = f"&start={payload}" if payload else ""
        await self.open(f"?user={user_id}{start}")

    @property
    def chat(self) -> Locator:
        """The customer's pane; the first, where several stand side by side."""
        return self.page.locator(".pane[data-kind=customer]").first

    def chat_of(self, name: str) -> Locator:
        """The pane of a customer or a group of this name."""
        return self.page.get_by_role("region", name=name, exact=True)

    def entry(self, name: str) -> Locator:
        """A chat in the list."""
        return self.page.locator(".entry").filter(has_text=name)

    @property
    def start_bar(self) -> Locator:
        """The bar that stands where one would write."""
        return self.chat.locator(".pane__start")

    @property
    def field(self) -> Locator:
        """Where one writes."""
        return self.chat.locator(".pane__input")

    @property
    def messages(self) -> Locator:
        """All messages."""
        return self.chat.locator(".bubble")

    @property
    def newest(self) -> Locator:
        """The message at the end."""
        return self.messages.last

    @property
    def toast(self) -> Locator:
        """The short word over the chat, while it is shown."""
        return self.chat.locator(".pane__toast--shown")

    def key(self, words: str) -> Locator:
        """The newest button that says so."""
        return self.chat.locator(".key").filter(has_text=words).last

    async def press_start(self) -> None:
        """Press the bar."""
        await self.start_bar.click()

    async def tap(self, words: str) -> None:
        """Tap on the newest button that says so."""
        await self.key(words).click()

    async def write(self, text: str) -> None:
        """Type a message and send it."""
        await self.field.fill(text)
        await self.field.press("Enter")

    async def sees(self, words: str) -> None:
        """Wait until a message says so."""
        await expect(self.chat.get_by_role("log")).to_contain_text(words, timeout=PATIENCE)

    async def copied(self) -> str:
        """What is on the clipboard."""
        text: str = await self.page.evaluate("navigator.clipboard.readText()")
        return text

    async def overflowing(self) -> list[str]:
        """Words that stick out of their box or of the window, or are cut off without dots."""
        found: list[str] = await self.page.evaluate(_OVERFLOWING)
        return found


_OVERFLOWING = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (walker.nextNode()) {
    const text = walker.currentNode;
    const parent = text.parentElement;
    if (!text.data.trim() || !parent.checkVisibility({ visibilityProperty: true })) continue;
    if (parent.closest(".unseen, script, option, textarea")) continue;
    range.selectNodeContents(text);
    const box = range.getBoundingClientRect();
    let left = 0;
    let right = innerWidth;
    let isTold = false;
    for (let node = parent; node !== document.body; node = node.parentElement) {
      const style = getComputedStyle(node);
      isTold ||= style.textOverflow === "ellipsis" || /auto|scroll/.test(style.overflowX);
      if (style.display === "inline" || style.display === "contents" || isTold) continue;
      left = Math.max(left, node.getBoundingClientRect().left);
      right = Math.min(right, node.getBoundingClientRect().right);
      break;
    }
    const space = 6; // One may hang over the end of a line.
    if (!isTold && (box.left < left - 1 || box.right > right + space)) {
      found.push(`${parent.tagName}.${parent.className}: ${text.data.trim().slice(0, 60)}`);
    }
  }
  return found;
}"""
