"""The control room's HTTP API, `/control/*`: people's hands, outages, delivery, the clock."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, File, Form, Query, Response, UploadFile

from sandbox.telegram.delivery import Pace
from sandbox.telegram.faults import Fault
from sandbox.telegram.files import Upload
from sandbox.telegram.objects import Bot, Chat, ChatType, Message, User
from sandbox.telegram.people import Impossible
from sandbox.telegram.sandbox import Sandbox
from sandbox.telegram.showing import show_chat, show_log, show_message, show_person
from sandbox.telegram.views import (
    ChatLog,
    ChatView,
    Correction,
    Done,
    Introduction,
    Limits,
    MessageView,
    NewGroup,
    Payment,
    PaymentOutcome,
    PersonView,
    Press,
    PressOutcome,
    Start,
    Stats,
    Turn,
    Writing,
)

_LONGEST_WAIT = 60.0


def control_router(sandbox: Sandbox) -> APIRouter:
    """All of the control room's routes."""
    router = APIRouter(prefix="/control", tags=["control"])
    _people_routes(router, sandbox)
    _writing_routes(router, sandbox)
    _reading_routes(router, sandbox)
    _outage_routes(router, sandbox)
    _delivery_routes(router, sandbox)
    return router


def _people_routes(router: APIRouter, sandbox: Sandbox) -> None:
    phones, world = sandbox.phones, sandbox.world

    @router.get("/bot")
    async def who_is_the_bot() -> Bot:
        return world.me

    @router.get("/people")
    async def all_people() -> list[PersonView]:
        return [show_person(world, user_id) for user_id in world.people]

    @router.post("/people")
    async def introduce(person: Introduction) -> PersonView:
        fields = person.model_dump(exclude={"user_id"})
        phones.introduce(User(id=person.user_id, **fields))
        return show_person(world, person.user_id)

    @router.post("/people/{user_id}/block")
    async def block(user_id: int) -> PersonView:
        phones.block(user_id)
        return show_person(world, user_id)

    @router.post("/people/{user_id}/unblock")
    async def unblock(user_id: int) -> PersonView:
        phones.unblock(user_id)
        return show_person(world, user_id)

    @router.post("/groups")
    async def found_group(group: NewGroup) -> ChatView:
        chat = Chat(
            id=group.chat_id,
            type=ChatType.SUPERGROUP,
            title=group.title,
            is_forum=True if group.has_topics else None,
        )
        return show_chat(world, phones.found_group(chat, group.admins, group.members))

    @router.post("/start")
    async def press_start(start: Start) -> MessageView:
        return _shown(sandbox, phones.press_start(start.user_id, start.payload))


def _shown(sandbox: Sandbox, message: Message) -> MessageView:
    room = sandbox.phones.room(message.chat.id)
    return show_message(message.chat.id, room.entries[message.message_id])


def _writing_routes(router: APIRouter, sandbox: Sandbox) -> None:
    phones = sandbox.phones

    @router.post("/chats/{chat_id}/messages")
    async def write(chat_id: int, writing: Writing) -> MessageView:
        message = phones.write(
            chat_id,
            writing.user_id,
            writing.text,
            reply_to=writing.reply_to,
            thread_id=writing.thread_id,
        )
        return _shown(sandbox, message)

    @router.post("/chats/{chat_id}/files")
    async def show_file(
        chat_id: int,
        file: Annotated[UploadFile, File()],
        user_id: Annotated[int, Form()],
        caption: Annotated[str, Form()] = "",
        thread_id: Annotated[int | None, Form()] = None,
        *,
        as_photo: Annotated[bool, Form()] = False,
    ) -> MessageView:
        upload = Upload(file.filename or "file", await file.read(), file.content_type)
        message = phones.show(
            chat_id, user_id, upload, as_photo=as_photo, caption=caption, thread_id=thread_id
        )
        return _shown(sandbox, message)

    @router.put("/chats/{chat_id}/messages/{message_id}")
    async def correct(chat_id: int, message_id: int, correction: Correction) -> MessageView:
        return _shown(sandbox, phones.edit(chat_id, message_id, correction.text))

    @router.post("/chats/{chat_id}/messages/{message_id}/press")
    async def press(chat_id: int, message_id: int, press: Press) -> PressOutcome:
        return await _press(sandbox, chat_id, message_id, press)

    @router.post("/chats/{chat_id}/messages/{message_id}/pay")
    async def pay(chat_id: int, message_id: int, payment: Payment) -> PaymentOutcome:
        return await sandbox.checkout.pay_message(chat_id, message_id, payment.user_id)

    @router.post("/invoices/{slug}/pay")
    async def pay_link(slug: str, payment: Payment) -> PaymentOutcome:
        return await sandbox.checkout.pay_link(slug, payment.user_id)


async def _press(sandbox: Sandbox, chat_id: int, message_id: int, press: Press) -> PressOutcome:
    button = sandbox.phones.find_button(chat_id, message_id, press.text, press.data)
    if button.copy_text is not None:
        return PressOutcome(copied=button.copy_text.text)
    if button.callback_data is None:
        return PressOutcome(url=button.url or (button.web_app.url if button.web_app else None))
    query_id = sandbox.phones.press(chat_id, message_id, press.user_id, button.callback_data)
    answer = await sandbox.world.callbacks.wait(query_id, press.wait)
    return PressOutcome(callback_query_id=query_id, answer=answer)


def _reading_routes(router: APIRouter, sandbox: Sandbox) -> None:
    world, phones = sandbox.world, sandbox.phones

    @router.get("/chats")
    async def all_chats() -> list[ChatView]:
        return [show_chat(world, room) for room in world.rooms.values()]

    @router.get("/chats/{chat_id}")
    async def one_chat(chat_id: int) -> ChatView:
        return show_chat(world, phones.room(chat_id))

    @router.get("/chats/{chat_id}/messages")
    async def messages(
        chat_id: int,
        after: Annotated[int, Query(ge=0)] = 0,
        wait: Annotated[float, Query(ge=0, le=_LONGEST_WAIT)] = 0,
    ) -> ChatLog:
        """Give what changed after a version; with `wait`, hold on until something does."""
        room = phones.room(chat_id)
        if wait:
            await room.changes.after(after, wait)
        return show_log(room, after)

    @router.get("/files/{file_id}")
    async def download(file_id: str) -> Response:
        stored = world.files.find(file_id)
        return Response(world.files.read(stored), media_type=stored.mime_type)

    @router.get("/stats")
    async def stats() -> Stats:
        return Stats(
            calls=dict(sandbox.calls),
            delivery_attempts=sandbox.courier.attempts,
            pending_updates=len(world.mailbox.pending()),
            faults_met=sandbox.faults_met,
        )


def _outage_routes(router: APIRouter, sandbox: Sandbox) -> None:
    @router.post("/faults")
    async def order(fault: Fault) -> Done:
        sandbox.faults.order(fault)
        return Done()

    @router.delete("/faults")
    async def clear() -> Done:
        sandbox.faults.clear()
        return Done()

    @router.put("/limits")
    async def limit(limits: Limits) -> Done:
        sandbox.limits.enabled = limits.enabled
        return Done()

    @router.post("/clock")
    async def turn(turn: Turn) -> Done:
        sandbox.world.clock.advance(timedelta(seconds=turn.seconds))
        return Done()

    @router.post("/reset")
    async def reset() -> Done:
        sandbox.reset()
        return Done()


def _delivery_routes(router: APIRouter, sandbox: Sandbox) -> None:
    courier = sandbox.courier

    @router.post("/delivery/pause")
    async def pause() -> Done:
        courier.pause()
        return Done()

    @router.post("/delivery/resume")
    async def resume() -> Done:
        courier.resume()
        return Done()

    @router.put("/delivery/pace")
    async def set_pace(pace: Pace) -> Done:
        courier.pace = pace
        sandbox.world.mailbox.has_separate_queues = pace.separate_queues
        return Done()

    @router.post("/updates/{update_id}/redeliver")
    async def redeliver(update_id: int) -> Done:
        if not sandbox.world.mailbox.post_again(update_id):
            raise Impossible(f"update {update_id} is not remembered")
        return Done()
