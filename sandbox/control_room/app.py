"""The control room's HTTP API, its page, and its stream of changes."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles

from sandbox.children import ChildFailed
from sandbox.control_room.clock import CannotJump
from sandbox.control_room.outages.outage import CannotBreak
from sandbox.control_room.room import Room
from sandbox.control_room.views import (
    Done,
    Jump,
    JumpView,
    OutageKind,
    OutageOrder,
    OutageView,
    PaymentHourView,
    ProcessName,
    RoomState,
    TourView,
)

_STATIC = Path(__file__).parent / "static"
_CONFLICT = 409
_BAD_GATEWAY = 502


def build_app(room: Room) -> FastAPI:
    """The whole control room."""
    app = FastAPI(title="wgshop control room", description=__doc__ or "", docs_url="/docs")
    for part in (_looking, _breaking, _turning, _touring):
        app.include_router(part(room), prefix="/api")
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(_STATIC / "room.html")

    @app.get("/back", include_in_schema=False)
    async def back() -> FileResponse:
        """Where the payment page leads when it is done."""
        return FileResponse(_STATIC / "back.html")

    @app.exception_handler(CannotBreak)
    @app.exception_handler(CannotJump)
    @app.exception_handler(ChildFailed)
    async def refuse(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status_code=_CONFLICT)

    @app.exception_handler(httpx.HTTPError)
    async def unreachable(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": f"a sandbox is away: {error}"}, status_code=_BAD_GATEWAY)

    return app


def _looking(room: Room) -> APIRouter:
    router = APIRouter(tags=["state"])

    @router.get("/state")
    async def state() -> RoomState:
        """Everything at once: outages, processes, what is in flight, customers, the tour."""
        return await room.state()

    @router.get("/events")
    async def events() -> StreamingResponse:
        """The same as server-sent events: one at once, then one for each change."""
        return StreamingResponse(
            _stream(room), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    return router


async def _stream(room: Room) -> AsyncIterator[str]:
    yield "retry: 1000\n\n"
    async for state in room.states():
        yield ": still here\n\n" if state is None else f"data: {state.model_dump_json()}\n\n"


def _breaking(room: Room) -> APIRouter:
    router = APIRouter(tags=["outages"])

    @router.put("/outages/{kind}")
    async def order(kind: OutageKind, order: OutageOrder) -> OutageView:
        """Break something, or mend it; on return it is so."""
        outage = room.parts.outages[kind]
        await (outage.begin() if order.is_on else outage.cure())
        room.stir()
        return await outage.look()

    @router.delete("/outages")
    async def mend_all() -> Done:
        """Mend everything that is broken."""
        for outage in room.parts.outages.values():
            if (await outage.look()).is_on:
                await outage.cure()
        room.stir()
        return Done()

    @router.post("/processes/{name}/kill")
    async def kill(name: ProcessName) -> Done:
        """SIGKILL a process of the shop; its supervisor starts it again after a moment."""
        await room.parts.keepers[name].kill()
        room.stir()
        return Done()

    return router


def _turning(room: Room) -> APIRouter:
    router = APIRouter(tags=["clock"], prefix="/clock")

    @router.post("/jump")
    async def jump(jump: Jump) -> JumpView:
        """Turn one workflow's clock to five seconds before a moment."""
        turned = await room.parts.clock.jump(jump.workflow_id, jump.moment)
        room.stir()
        return turned

    @router.post("/payment-hour")
    async def payment_hour() -> PaymentHourView:
        """Let the hour of every open payment page pass."""
        board = await room.parts.flights.board()
        skipped = await room.parts.clock.skip_payment_hour(board)
        room.stir()
        return skipped

    return router


def _touring(room: Room) -> APIRouter:
    router = APIRouter(tags=["tour"], prefix="/tour")

    @router.get("")
    async def tour() -> TourView:
        """Where the visitor is."""
        return (await room.state()).tour

    @router.post("/skip")
    async def skip() -> TourView:
        """Leave the present stop."""
        room.tour.skip()
        room.stir()
        return (await room.state()).tour

    @router.post("/restart")
    async def restart() -> TourView:
        """Begin again, with new customers."""
        await room.welcome()
        return (await room.state()).tour

    return router
