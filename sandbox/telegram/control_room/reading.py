"""What there is to see: chats, messages with their history, files, counts."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from sandbox.telegram.control_room.requests import RunningSandbox
from sandbox.telegram.people import Impossible
from sandbox.telegram.showing import show_chat, show_log
from sandbox.telegram.views import ChatLog, ChatView, Stats

router = APIRouter()
_LONGEST_WAIT = 60.0


@router.get("/chats")
async def all_chats(sandbox: RunningSandbox) -> list[ChatView]:
    """List all chats."""
    return [show_chat(sandbox.world, room) for room in sandbox.world.rooms.values()]


@router.get("/chats/{chat_id}")
async def one_chat(sandbox: RunningSandbox, chat_id: int) -> ChatView:
    """Show a chat beside its messages."""
    return show_chat(sandbox.world, sandbox.phones.room(chat_id))


@router.get("/chats/{chat_id}/messages")
async def messages(
    sandbox: RunningSandbox,
    chat_id: int,
    after: Annotated[int, Query(ge=0)] = 0,
    wait: Annotated[float, Query(ge=0, le=_LONGEST_WAIT)] = 0,
) -> ChatLog:
    """Give what changed after a version; with `wait`, hold on until something does."""
    room = sandbox.phones.room(chat_id)
    if wait:
        await room.changes.after(after, wait)
    return show_log(room, after)


@router.get("/files/{file_id}")
async def download(sandbox: RunningSandbox, file_id: str) -> Response:
    """Give a file's bytes."""
    stored = sandbox.world.files.find(file_id)
    if stored is None:
        raise Impossible(f"there is no file {file_id}")
    return Response(sandbox.world.files.read(stored), media_type=stored.mime_type)


@router.get("/stats")
async def stats(sandbox: RunningSandbox) -> Stats:
    """Tell the counts since the start or the last reset."""
    return Stats(
        calls=dict(sandbox.calls),
        delivery_attempts=sandbox.courier.attempts,
        pending_updates=len(sandbox.world.mailbox.pending()),
        faults_met=sandbox.faults_met,
    )
