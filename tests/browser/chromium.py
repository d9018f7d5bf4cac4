"""Debian's Chromium through Playwright, and a page that remembers everything it complained of."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    ViewportSize,
    WebError,
    async_playwright,
)

CHROMIUM = Path("/usr/bin/chromium")
"""Debian's; Playwright's own would be a download from another host."""

_STEADY = Path(__file__).with_name("steady_chromium.py")

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PATIENCE = 20_000.0
"""Milliseconds that any wait of a page may take."""


class Screen(Enum):
    """How large the window is."""

    PHONE = (390, 844)
    DESKTOP = (1280, 800)

    @property
    def viewport(self) -> ViewportSize:
        """As Playwright wants it."""
        width, height = self.value
        return ViewportSize(width=width, height=height)


class Language(StrEnum):
    """What the browser's owner reads."""

    ENGLISH = "en"
    RUSSIAN = "ru"

    @property
    def locale(self) -> str:
        """As browsers name it."""
        return {Language.ENGLISH: "en-GB", Language.RUSSIAN: "ru-RU"}[self]


Theme = Literal["light", "dark"]

on_each_screen = pytest.mark.parametrize("screen", Screen, ids=lambda each: each.name.lower())
in_each_language = pytest.mark.parametrize("language", Language)


@dataclass
class Complaints:
    """Errors on the console and uncaught ones, of all pages of a test."""

    heard: list[str] = field(default_factory=list)

    def listen_to(self, context: BrowserContext) -> None:
        """Note what the pages of a context complain of."""
        context.on("console", self._on_console)
        context.on("weberror", self._on_web_error)

    def forgive(self, pattern: str) -> None:
        """Drop those that the test provoked on purpose."""
        self.heard = [each for each in self.heard if not re.search(pattern, each)]

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.heard.append(f"{message.text} at {message.location.get('url', '?')}")

    def _on_web_error(self, error: WebError) -> None:
        self.heard.append(f"uncaught {error.error}")


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start the browser, and stop it in the end."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=_STEADY, args=_FLAGS, timeout=30_000
        )
        yield browser
        await browser.close()


@dataclass
class Windows:
    """Opens windows, each a browser profile of its own, and closes them together."""

    browser: Browser
    complaints: Complaints
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def open(
        self,
        screen: Screen = Screen.DESKTOP,
        language: Language = Language.ENGLISH,
        *,
        theme: Theme = "light",
        sharpness: float = 1,
    ) -> Page:
        """Open an empty page.

        Args:
            screen: Its size.
            language: What its owner reads.
            theme: Which colours its owner likes.
            sharpness: Device pixels to a CSS pixel.
        """
        context = await self.browser.new_context(
            viewport=screen.viewport,
            locale=language.locale,
            color_scheme=theme,
            device_scale_factor=sharpness,
            has_touch=screen is Screen.PHONE,
            permissions=["clipboard-read", "clipboard-write"],
            timezone_id="Europe/Moscow",
        )
        context.set_default_timeout(_PATIENCE)
        self.complaints.listen_to(context)
        self._open.push_async_callback(context.close)
        return await context.new_page()

    async def close(self) -> None:
        """Close them all."""
        await self._open.aclose()
