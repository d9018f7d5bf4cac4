"""The FastAPI application of the sandbox."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException

from sandbox.yookassa.api import payments_api, refunds_api, shop_api
from sandbox.yookassa.control import control_api, refused
from sandbox.yookassa.desk import refusal_response
from sandbox.yookassa.notifications import NowhereToSend
from sandbox.yookassa.page_routes import Pages, page_routes
from sandbox.yookassa.refusals import Refusal, method_not_allowed, not_found
from sandbox.yookassa.shop import Shop, ShopSettings

_METHOD_NOT_ALLOWED = 405


def build_app(settings: ShopSettings) -> FastAPI:
    """The whole sandbox: API, payment page and control API."""
    shop = Shop(settings)

    @asynccontextmanager
    async def keep_agenda(_: FastAPI) -> AsyncIterator[None]:
        keeper = asyncio.create_task(shop.agenda.keep())
        yield
        keeper.cancel()
        with suppress(asyncio.CancelledError):
            await keeper
        await shop.notifier.close()

    app = FastAPI(title="YooKassa sandbox", lifespan=keep_agenda)
    app.include_router(payments_api(shop.desk, shop.kassa, shop.mirror, shop.clock))
    app.include_router(refunds_api(shop.desk, shop.refund_desk, shop.clock))
    app.include_router(shop_api(shop.desk, shop.books, settings.shop_id))
    pages = Pages(shop.kassa, shop.checkout, shop.notifier, shop.clock, settings.name_in)
    app.include_router(page_routes(shop.desk, pages))
    app.include_router(control_api(shop))
    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(NowhereToSend, refused)
    app.add_exception_handler(HTTPException, _no_such_address)
    return app


async def _no_such_address(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if not request.url.path.startswith("/v3"):
        return PlainTextResponse(error.detail, status_code=error.status_code)
    if error.status_code == _METHOD_NOT_ALLOWED:
        return refusal_response(method_not_allowed())
    return refusal_response(not_found("Address", "path"))
