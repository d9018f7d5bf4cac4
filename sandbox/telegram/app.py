"""The FastAPI application of one sandbox."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from sandbox.telegram.bot_api import bot_api_routes
from sandbox.telegram.control_room.router import router
from sandbox.telegram.errors import ApiError
from sandbox.telegram.page import mount_page
from sandbox.telegram.sandbox import Sandbox


def build_app(sandbox: Sandbox) -> FastAPI:
    """Put the Bot API, the control room and the chat page on one server."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        courier = asyncio.create_task(sandbox.courier.run())
        yield
        courier.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await courier

    app = FastAPI(title="Telegram sandbox", lifespan=lifespan, docs_url="/control/docs")
    app.router.routes[:0] = bot_api_routes(sandbox)
    app.state.sandbox = sandbox
    app.include_router(router)
    mount_page(app, sandbox)

    @app.exception_handler(ApiError)
    async def refuse(_: Request, error: ApiError) -> JSONResponse:
        return JSONResponse(error.body, status_code=error.code)

    return app
