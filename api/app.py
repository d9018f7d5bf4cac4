"""The application: every router and every guard, in their order."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeAlias

from fastapi import FastAPI
from starlette.middleware import Middleware

from api import downloads, health, problems
from api.codec import CODEC_LIMIT, SIGN_IN_PATH, CodecOrigins, codec_paths, codec_router
from api.context import RequestContext
from api.limits import TELEGRAM_LIMIT, BodyLimits, SafetyHeaders
from api.metrics import RequestTimes
from api.parts import DEFAULT_TELEGRAM_PATH, ApiOptions, ApiParts
from api.v1 import payments, subscriptions, tariffs, users
from api.webhooks import webhook_router

Lifespan: TypeAlias = Callable[[FastAPI], AbstractAsyncContextManager[None]]

DOCS_PATH = "/docs"

_ABOUT = """Sells WireGuard VPN subscriptions.

Calls under `/api/v1` need a service token (`wgshop token <service>`), a JWT that lives 15 minutes.
`user_id` is the Telegram user id; `payment_id` names a purchase from its first moment to its end.
Times are UTC, amounts exact decimals in strings. Errors are
[RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problem details; a 503 says in `Retry-After`
when to come back.
"""


class ShopApi(FastAPI):
    """The application; its contract describes the problem details too."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        document = super().openapi()
        document["components"]["schemas"].update(problems.schemas())
        return document


def build_app(parts: ApiParts, lifespan: Lifespan | None = None) -> FastAPI:
    """The HTTP application over its parts.

    Args:
        parts: Repositories, the way to Temporal, the bot, and options.
        lifespan: What runs while the application serves; none when the parts need nothing.
    """
    app = ShopApi(
        title="wgshop",
        version="1",
        description=_ABOUT,
        docs_url=DOCS_PATH,
        redoc_url=None,
        lifespan=lifespan,
        middleware=_guards(parts),
    )
    app.state.parts = parts
    problems.install(app, parts.outages)
    app.include_router(webhook_router(parts.options.telegram_path))
    for module in (users, tariffs, payments, subscriptions, downloads, health):
        app.include_router(module.router)
    _add_codec(app, parts)
    return app


def _add_codec(app: FastAPI, parts: ApiParts) -> None:
    options = parts.options
    if options.codec_token is not None:
        app.include_router(
            codec_router(parts.sealer, options.codec_token, secure_cookies=options.secure_cookies)
        )


def _guards(parts: ApiParts) -> list[Middleware]:
    """From the outside in. All are plain ASGI: Starlette's BaseHTTPMiddleware costs a task each."""
    return [
        Middleware(RequestContext),
        Middleware(RequestTimes, metrics=parts.metrics),
        Middleware(SafetyHeaders, pages=frozenset({DOCS_PATH, SIGN_IN_PATH})),
        *_cross_origin(parts.options),
        Middleware(BodyLimits, limits=_body_limits(parts.options)),
    ]


def _cross_origin(options: ApiOptions) -> list[Middleware]:
    """Lets the Temporal UI's page read our answers; no other page may."""
    if options.temporal_ui_url is None or options.codec_token is None:
        return []
    return [
        Middleware(
            CodecOrigins,
            allow_origins=[options.temporal_ui_url],
            allow_methods=["POST"],
            allow_headers=["authorization", "content-type", "x-namespace"],
            allow_credentials=True,
        )
    ]


def _body_limits(options: ApiOptions) -> Mapping[str, int]:
    return {
        DEFAULT_TELEGRAM_PATH: TELEGRAM_LIMIT,
        options.telegram_path: TELEGRAM_LIMIT,
        **dict.fromkeys(codec_paths(options.codec_token), CODEC_LIMIT),
    }
