"""The chat page: its files, its stream of news, and presses whose answers come in the stream."""

import json
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles

from sandbox.telegram.objects import Invoice
from sandbox.telegram.people import Impossible
from sandbox.telegram.presses import Presses
from sandbox.telegram.sandbox import Sandbox
from sandbox.telegram.views import Press, Pressed
from sandbox.telegram.world import World

_STATIC = Path(__file__).parent / "static"
_HEARTBEAT = 15.0
"""Seconds of silence after which the stream shows that it lives."""
_RECONNECT = 1000
"""Milliseconds after which a browser that lost the stream asks again."""


def mount_page(app: FastAPI, sandbox: Sandbox) -> None:
    """Serve `/chat`, its files below `/static`, and `/ui/*`, which only the page uses."""
    presses = Presses(sandbox.world, sandbox.phones)
    born = secrets.token_hex(4)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")

    @app.get("/chat", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(_STATIC / "chat.html", headers={"Cache-Control": "no-cache"})

    @app.get("/ui/events", include_in_schema=False)
    async def events() -> StreamingResponse:
        return StreamingResponse(
            _news(sandbox.world, presses, born),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
        )

    @app.post("/ui/chats/{chat_id}/messages/{message_id}/press", include_in_schema=False)
    async def press(chat_id: int, message_id: int, press: Press) -> Pressed:
        return Pressed(callback_query_id=presses.press(chat_id, message_id, press))

    @app.get("/ui/invoices/{slug}", include_in_schema=False)
    async def invoice(slug: str) -> Invoice:
        bill = sandbox.world.payments.by_link.get(slug)
        if bill is None:
            raise Impossible(f"there is no invoice {slug}")
        return bill.invoice


async def _news(world: World, presses: Presses, born: str) -> AsyncIterator[str]:
    """Tell which chats have a new version, and the bot's answers to presses.

    The first event tells this server's life, so that a page starts over after a restart; the first
    news names all chats.
    """
    told: dict[int, int] = {}
    answered = presses.count
    yield f"retry: {_RECONNECT}\nevent: hello\ndata: {json.dumps({'born': born})}\n\n"
    while not world.changes.is_closed:
        version = world.changes.version
        versions = {chat_id: room.changes.version for chat_id, room in world.rooms.items()}
        news = {chat_id: at for chat_id, at in versions.items() if told.get(chat_id) != at}
        gone = [chat_id for chat_id in told if chat_id not in versions]
        told = versions
        answers = presses.answers_after(answered)
        answered = presses.count
        for answer in answers:
            yield f"event: answer\ndata: {answer.model_dump_json(exclude_none=True)}\n\n"
        if news or gone:
            yield f"data: {json.dumps({'changed': news, 'gone': gone})}\n\n"
        elif not answers:
            yield ": still here\n\n"
        await world.changes.after(version, _HEARTBEAT)
