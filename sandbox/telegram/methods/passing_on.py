"""Messages the bot passes on: copies, which do not tell whose they were, and forwards, which do."""

from sandbox.telegram.errors import bad_request
from sandbox.telegram.methods.registry import ChatReference, Params, method
from sandbox.telegram.methods.sending import CaptionedParams, send
from sandbox.telegram.objects import ForwardOrigin, Message, MessageId
from sandbox.telegram.rooms import Entry
from sandbox.telegram.world import World

_COPIED = {"text", "entities", "document", "photo", "caption", "caption_entities"}


class CopyMessage(CaptionedParams):
    """Parameters of copyMessage."""

    from_chat_id: ChatReference
    message_id: int


class ForwardMessage(Params):
    """Parameters of forwardMessage."""

    chat_id: ChatReference
    from_chat_id: ChatReference
    message_id: int
    message_thread_id: int | None = None


@method("copyMessage")
def copy_message(world: World, params: CopyMessage) -> MessageId:
    """Send a message again without saying whose it was."""
    entry = _original(world, params.from_chat_id, params.message_id, "copy")
    content = entry.message.model_dump(include=_COPIED)
    if not content:
        raise bad_request("message can't be copied")
    if params.caption is not None and not entry.message.text:
        content |= params.captioned()
    return MessageId(message_id=send(world, params, content).message_id)


@method("forwardMessage")
def forward_message(world: World, params: ForwardMessage) -> Message:
    """Send a message again and say whose it was."""
    entry = _original(world, params.from_chat_id, params.message_id, "forward")
    room = world.writable_room(params.chat_id)
    original = entry.message
    content = original.model_dump(include=_COPIED)
    origin = original.forward_origin or ForwardOrigin(
        sender_user=original.from_ or world.bot_user, date=original.date
    )
    return world.post_as_bot(room, content | {"forward_origin": origin}, params.message_thread_id)


def _original(world: World, chat_id: int | str, message_id: int, action: str) -> Entry:
    entry = world.visible_room(chat_id).find(message_id)
    if entry is None:
        raise bad_request(f"message to {action} not found")
    if entry.message.has_protected_content:
        raise bad_request(f"message can't be {action}ed".replace("copyed", "copied"))
    return entry
