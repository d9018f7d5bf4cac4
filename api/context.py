"""What every request carries: an id, a line in the log, and an answer even to a bug."""

import asyncio
import re
from time import perf_counter
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import route_of
from api.problems import Kind, answer

REQUEST_ID = "X-Request-ID"

DEADLINE_SECONDS = 45.0
"""The longest that any request may take, waiting for a free connection included."""

_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
"""Another's id goes into our log: no line breaks, no novels."""

_QUIET_ROUTES = frozenset({"/health", "/health/live", "/metrics"})
"""Machines ask these every few seconds."""

_log = structlog.get_logger(__name__)


class RequestContext:
    """ASGI middleware, the outermost: `request_id` in every log line and in the answer.

    The log names the route's template, never the path: a path may hold a signed link.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        reply = _Reply(send, request_id)
        began = perf_counter()
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                await self._app(scope, receive, reply)
        # The last resort: a bug is logged once, and the client gets no traceback.
        except Exception as error:
            _log.exception("api.unhandled_error", route=route_of(scope))
            if reply.status is not None:
                raise
            kind = Kind.SHOP_AWAY if isinstance(error, TimeoutError) else Kind.INTERNAL
            await answer(kind)(scope, receive, reply)
        _note(scope, reply.status, perf_counter() - began)


class _Reply:
    """Sends the answer with its request id, and remembers its status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            MutableHeaders(scope=message)[REQUEST_ID] = self._request_id
        await self._send(message)


def _request_id(scope: Scope) -> str:
    offered = Headers(scope=scope).get(REQUEST_ID, "")
    return offered if _ACCEPTABLE_ID.fullmatch(offered) else uuid4().hex


def _note(scope: Scope, status: int | None, seconds: float) -> None:
    route = route_of(scope)
    if route in _QUIET_ROUTES:
        return
    _log.info(
        "api.request",
        method=scope["method"],
        route=route,
        status=status,
        duration_ms=round(seconds * 1000, 1),
    )
