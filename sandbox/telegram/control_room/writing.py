"""What people do in chats: START, texts, files, edits, presses, payments."""

from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile

from sandbox.telegram.control_room.requests import RunningSandbox
from sandbox.telegram.files import Upload
from sandbox.telegram.objects import Message
from sandbox.telegram.sandbox import Sandbox
from sandbox.telegram.showing import show_message
from sandbox.telegram.views import (
    Correction,
    MessageView,
    Payment,
    PaymentOutcome,
    Press,
    PressOutcome,
    Start,
    Writing,
)

router = APIRouter()


def _shown(sandbox: Sandbox, message: Message) -> MessageView:
    room = sandbox.phones.room(message.chat.id)
    return show_message(message.chat.id, room.entries[message.message_id])


@router.post("/start")
async def press_start(sandbox: RunningSandbox, start: Start) -> MessageView:
    """Press START."""
    return _shown(sandbox, sandbox.phones.press_start(start.user_id, start.payload))


@router.post("/chats/{chat_id}/messages")
async def write(sandbox: RunningSandbox, chat_id: int, writing: Writing) -> MessageView:
    """Send a text."""
    message = sandbox.phones.write(
        chat_id,
        writing.user_id,
        writing.text,
        reply_to=writing.reply_to,
        thread_id=writing.thread_id,
    )
    return _shown(sandbox, message)


@router.post("/chats/{chat_id}/files")
async def show_file(
    sandbox: RunningSandbox,
    chat_id: int,
    *,
    file: Annotated[UploadFile, File()],
    user_id: Annotated[int, Form()],
    caption: Annotated[str, Form()] = "",
    thread_id: Annotated[int | None, Form()] = None,
    as_photo: Annotated[bool, Form()] = False,
) -> MessageView:
    """Send a picture or a file."""
    upload = Upload(file.filename or "file", await file.read(), file.content_type)
    message = sandbox.phones.show(
        chat_id, user_id, upload, as_photo=as_photo, caption=caption, thread_id=thread_id
    )
    return _shown(sandbox, message)


@router.put("/chats/{chat_id}/messages/{message_id}")
async def correct(
    sandbox: RunningSandbox, chat_id: int, message_id: int, correction: Correction
) -> MessageView:
    """Edit an own message."""
    return _shown(sandbox, sandbox.phones.edit(chat_id, message_id, correction.text))


@router.post("/chats/{chat_id}/messages/{message_id}/press")
async def press(
    sandbox: RunningSandbox, chat_id: int, message_id: int, press: Press
) -> PressOutcome:
    """Press a button and wait for what it leads to."""
    button = sandbox.phones.find_button(chat_id, message_id, press.text, press.data)
    if button.copy_text is not None:
        return PressOutcome(copied=button.copy_text.text)
    if button.callback_data is None:
        return PressOutcome(url=button.url or (button.web_app.url if button.web_app else None))
    query_id = sandbox.phones.press(chat_id, message_id, press.user_id, button.callback_data)
    answer = await sandbox.world.callbacks.wait(query_id, press.wait)
    return PressOutcome(callback_query_id=query_id, answer=answer)


@router.post("/chats/{chat_id}/messages/{message_id}/pay")
async def pay(
    sandbox: RunningSandbox, chat_id: int, message_id: int, payment: Payment
) -> PaymentOutcome:
    """Pay an invoice message."""
    return await sandbox.checkout.pay_message(chat_id, message_id, payment.user_id)


@router.post("/invoices/{slug}/pay")
async def pay_link(sandbox: RunningSandbox, slug: str, payment: Payment) -> PaymentOutcome:
    """Pay behind a link."""
    return await sandbox.checkout.pay_link(slug, payment.user_id)
