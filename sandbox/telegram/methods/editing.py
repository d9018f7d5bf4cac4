"""Messages the bot changes: text, caption, buttons, media; and those it takes away."""

from datetime import timedelta
from typing import Any

from sandbox.telegram.errors import bad_request
from sandbox.telegram.formatting import LONGEST_TEXT, caption_text, format_text
from sandbox.telegram.keyboards import InlineKeyboard, ReplyMarkup
from sandbox.telegram.methods.registry import ChatReference, Nested, Params, method
from sandbox.telegram.methods.sending import AlbumItem, the_file
from sandbox.telegram.objects import Entity, Message, ReactionEmoji
from sandbox.telegram.rooms import Entry, Room
from sandbox.telegram.world import World

_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the "
    "same as a current content and reply markup of the message"
)
_DELETABLE = timedelta(hours=48)
_SEVERAL = range(1, 101)
_REACTIONS = set(
    "👍👎❤🔥🥰👏😁🤔🤯😱🤬😢🎉🤩🤮💩🙏👌🕊🤡🥱🥴😍🐳🌚🌭💯🤣⚡🍌🏆💔🤨😐🍓🍾💋🖕😈😴😭🤓👻👀🎃🙈😇😨🤝✍🤗🫡🎅🎄☃💅🤪🗿🆒💘🙉🦄😘💊🙊😎👾😡"
)


class EditParams(Params):
    """What every editing method takes; inline messages do not exist here."""

    chat_id: ChatReference
    message_id: int
    reply_markup: ReplyMarkup = None


class EditText(EditParams):
    """Parameters of editMessageText."""

    text: str
    parse_mode: str | None = None
    entities: Nested[tuple[Entity, ...] | None] = None


class EditCaption(EditParams):
    """Parameters of editMessageCaption."""

    caption: str | None = None
    parse_mode: str | None = None
    caption_entities: Nested[tuple[Entity, ...] | None] = None


class EditMedia(EditParams):
    """Parameters of editMessageMedia."""

    media: Nested[AlbumItem]


class MessageParams(Params):
    """A message of a chat."""

    chat_id: ChatReference
    message_id: int


class DeleteMessages(Params):
    """Parameters of deleteMessages."""

    chat_id: ChatReference
    message_ids: Nested[tuple[int, ...]]


class SetReaction(MessageParams):
    """Parameters of setMessageReaction."""

    reaction: Nested[tuple[ReactionEmoji, ...]] = ()


def _editable(world: World, params: EditParams) -> tuple[Room, Entry]:
    room = world.writable_room(params.chat_id)
    entry = room.find(params.message_id)
    if entry is None:
        raise bad_request("message to edit not found")
    if not entry.from_bot:
        raise bad_request("message can't be edited")
    if params.reply_markup is not None and not isinstance(params.reply_markup, InlineKeyboard):
        raise bad_request("inline keyboard expected")
    return room, entry


def _revise(
    world: World, room: Room, entry: Entry, params: EditParams, content: dict[str, Any]
) -> Message:
    old = entry.message
    new = old.model_copy(update={**content, "reply_markup": params.reply_markup})
    if new == old:
        raise bad_request(_NOT_MODIFIED)
    edited = new.model_copy(update={"edit_date": world.unix_time})
    room.revise(edited, world.clock.now())
    return edited


@method("editMessageText")
def edit_text(world: World, params: EditText) -> Message:
    """Change a text message; without reply_markup its buttons go."""
    room, entry = _editable(world, params)
    text = format_text(params.text, params.parse_mode, params.entities)
    if not text.text:
        raise bad_request("message text is empty")
    if len(text.text) > LONGEST_TEXT:
        raise bad_request("MESSAGE_TOO_LONG")
    if entry.message.text is None:
        raise bad_request("there is no text in the message to edit")
    content = {"text": text.text, "entities": text.entities_or_none}
    return _revise(world, room, entry, params, content)


@method("editMessageCaption")
def edit_caption(world: World, params: EditCaption) -> Message:
    """Change the words under a file."""
    room, entry = _editable(world, params)
    if entry.message.photo is None and entry.message.document is None:
        raise bad_request("there is no caption in the message to edit")
    caption = caption_text(params.caption, params.parse_mode, params.caption_entities)
    content = {"caption": caption.text or None, "caption_entities": caption.entities_or_none}
    return _revise(world, room, entry, params, content)


@method("editMessageReplyMarkup")
def edit_reply_markup(world: World, params: EditParams) -> Message:
    """Change or take away the buttons only."""
    room, entry = _editable(world, params)
    return _revise(world, room, entry, params, {})


@method("editMessageMedia")
def edit_media(world: World, params: EditMedia) -> Message:
    """Put another file in place of the message's content."""
    room, entry = _editable(world, params)
    item = params.media
    stored = the_file(world.files, item.type, item.media, params)
    caption = caption_text(item.caption, item.parse_mode)
    content: dict[str, Any] = {"text": None, "entities": None, "photo": None, "document": None}
    content[item.type] = stored.photo if item.type == "photo" else stored.document
    content["caption"] = caption.text or None
    content["caption_entities"] = caption.entities_or_none
    return _revise(world, room, entry, params, content)


@method("deleteMessage")
def delete_message(world: World, params: MessageParams) -> bool:
    """Take a message away, up to 48 hours after it was sent."""
    room = world.visible_room(params.chat_id)
    entry = room.find(params.message_id)
    if entry is None:
        raise bad_request("message to delete not found")
    age = world.clock.now() - entry.revisions[0].at
    if age > _DELETABLE and (room.is_private or entry.from_bot):
        raise bad_request("message can't be deleted for everyone")
    room.delete(params.message_id)
    return True


@method("deleteMessages")
def delete_messages(world: World, params: DeleteMessages) -> bool:
    """Take several away; those that are not there are skipped."""
    room = world.visible_room(params.chat_id)
    if len(params.message_ids) not in _SEVERAL:
        raise bad_request("message identifiers are not specified")
    for message_id in params.message_ids:
        if room.find(message_id) is not None:
            room.delete(message_id)
    return True


@method("setMessageReaction")
def set_reaction(world: World, params: SetReaction) -> bool:
    """React with one emoji of Telegram's list, or take the reaction back."""
    room = world.writable_room(params.chat_id)
    entry = room.find(params.message_id)
    if entry is None:
        raise bad_request("message to react not found")
    if len(params.reaction) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    if any(
        each.emoji.rstrip("\N{VARIATION SELECTOR-16}") not in _REACTIONS for each in params.reaction
    ):
        raise bad_request("REACTION_INVALID")
    entry.reactions = params.reaction
    room.touch(entry)
    return True


@method("pinChatMessage")
def pin_message(world: World, params: MessageParams) -> bool:
    """Pin a message; a service message says so."""
    room = world.writable_room(params.chat_id)
    entry = room.find(params.message_id)
    if entry is None:
        raise bad_request("message to pin not found")
    if params.message_id not in room.pinned:
        room.pinned.append(params.message_id)
        pinned = entry.message.model_copy(update={"pinned_message": None, "reply_to_message": None})
        world.announce(room, {"pinned_message": pinned}, entry.message.message_thread_id)
    return True
