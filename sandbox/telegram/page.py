"""The chat page and its stream of changes."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles

from sandbox.telegram.world import World

_STATIC = Path(__file__).parent / "static"
_HEARTBEAT = 15.0
"""Seconds of silence after which the stream shows that it lives."""


def mount_page(app: FastAPI, world: World) -> None:
    """Serve `/chat`, its files and `/ui/events`."""
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")

    @app.get("/chat", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(_STATIC / "chat.html")

    @app.get("/ui/events", include_in_schema=False)
    async def events() -> StreamingResponse:
        return StreamingResponse(
            _changed_chats(world),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
        )


async def _changed_chats(world: World) -> AsyncIterator[str]:
    """Tell which chats have a new version; the page fetches what changed in them.

    The first event names all chats.
    """
    told: dict[int, int] = {}
    while not world.changes.is_closed:
        version = world.changes.version
        versions = {chat_id: room.changes.version for chat_id, room in world.rooms.items()}
        news = {chat_id: at for chat_id, at in versions.items() if told.get(chat_id) != at}
        gone = [chat_id for chat_id in told if chat_id not in versions]
        told = versions
        if news or gone:
            yield f"data: {json.dumps({'changed': news, 'gone': gone})}\n\n"
        else:
            yield ": still here\n\n"
        await world.changes.after(version, _HEARTBEAT)
