"""How much a stranger may send and how long it may take, and the headers every answer wears.

Requests are not counted here: with several replicas the reverse proxy in front is the one that
sees them all. What strangers can reach is cheap: a wrong secret, sender or signature is refused
before anything is looked up.
"""

import asyncio
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Kind

KIB = 1024
DEFAULT_LIMIT = 64 * KIB
"""Orders and YooKassa's notifications have 2 to 4 KiB."""

TELEGRAM_LIMIT = 1024 * KIB
"""The Bot API names no limit; an update with the largest keyboards stays far below."""

BODY_PATIENCE_SECONDS = 10.0

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""For answers that are data, may be secret, and are never a page."""


class BodyLimits:
    """ASGI middleware: refuses a body that is too large (413) or too slow (408).

    The framework's own limit answers in plain text; this one with problem details.
    """

    def __init__(self, app: ASGIApp, limits: Mapping[str, int]) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limits.get(scope["path"], DEFAULT_LIMIT)
        await self._app(scope, _Meter(receive, limit, _announced_length(scope)), send)


class _Meter:
    """Counts what arrives, and does not wait for ever for the rest.

    It refuses from inside the application, so that the log and the metrics know the route.
    """

    def __init__(self, receive: Receive, limit: int, announced: int) -> None:
        self._receive = receive
        self._limit = limit
        self._announced = announced
        self._received = 0
        self._is_complete = False

    async def __call__(self) -> Message:
        if self._is_complete:
            # Not a body any more: this waits for the client to hang up.
            return await self._receive()
        if self._announced > self._limit:
            raise HTTPException(Kind.TOO_LARGE.status)
        try:
            async with asyncio.timeout(BODY_PATIENCE_SECONDS):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(Kind.TOO_SLOW.status) from None
        self._received += len(message.get("body", b""))
        self._is_complete = not message.get("more_body", False)
        if self._received > self._limit:
            raise HTTPException(Kind.TOO_LARGE.status)
        return message


class SafetyHeaders:
    """ASGI middleware: the headers that every answer wears unless it has its own."""

    def __init__(self, app: ASGIApp, pages: frozenset[str]) -> None:
        """Wrap an application.

        Args:
            app: The application.
            pages: Paths that are pages for people, with scripts and styles.
        """
        self._app = app
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_page = scope["path"] in self._pages

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    if not (is_page and name == "Content-Security-Policy"):
                        headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)


def _announced_length(scope: Scope) -> int:
    text = Headers(scope=scope).get("content-length", "")
    return int(text) if text.isascii() and text.isdecimal() else 0
