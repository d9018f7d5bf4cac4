"""Messages the bot sends: text, photos, documents, albums; and what it seems to be doing."""

import secrets
from typing import Any, Literal

from pydantic import BaseModel

from sandbox.telegram.errors import bad_request
from sandbox.telegram.files import FileShelf, StoredFile, Upload
from sandbox.telegram.formatting import caption_text, message_text
from sandbox.telegram.keyboards import (
    InlineKeyboard,
    ReplyKeyboard,
    ReplyKeyboardRemove,
    ReplyMarkup,
)
from sandbox.telegram.methods.registry import ChatReference, Flag, Nested, Params, method
from sandbox.telegram.objects import Entity, Message
from sandbox.telegram.rooms import Room
from sandbox.telegram.world import World

_ACTIONS = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
    "upload_document", "choose_sticker", "find_location", "record_video_note",
    "upload_video_note",
}  # fmt: skip
_ALBUM = range(2, 11)


class ReplyParameters(BaseModel):
    """Which message is answered."""

    message_id: int
    allow_sending_without_reply: Flag = False


class SendParams(Params):
    """What every sending method takes."""

    chat_id: ChatReference
    message_thread_id: int | None = None
    protect_content: Flag = False
    reply_parameters: Nested[ReplyParameters | None] = None
    reply_markup: ReplyMarkup = None


class SendMessage(SendParams):
    """Parameters of sendMessage."""

    text: str
    parse_mode: str | None = None
    entities: Nested[tuple[Entity, ...] | None] = None


class CaptionedParams(SendParams):
    """What methods take that send a file with a caption."""

    caption: str | None = None
    parse_mode: str | None = None
    caption_entities: Nested[tuple[Entity, ...] | None] = None

    def captioned(self) -> dict[str, Any]:
        """The caption as fields of a message."""
        caption = caption_text(self.caption, self.parse_mode, self.caption_entities)
        return {"caption": caption.text or None, "caption_entities": caption.entities_or_none}


class SendPhoto(CaptionedParams):
    """Parameters of sendPhoto."""

    photo: str | None = None


class SendDocument(CaptionedParams):
    """Parameters of sendDocument."""

    document: str | None = None


class AlbumItem(BaseModel):
    """A file of an album."""

    type: Literal["photo", "document"]
    media: str
    caption: str | None = None
    parse_mode: str | None = None


class SendMediaGroup(SendParams):
    """Parameters of sendMediaGroup."""

    media: Nested[tuple[AlbumItem, ...]]


class SendChatAction(Params):
    """Parameters of sendChatAction."""

    chat_id: ChatReference
    action: str


def attached(reference: str | None, field: str, uploads: dict[str, Upload]) -> Upload | None:
    """The upload a parameter means: `attach://name`, or the part of the same name."""
    if reference and reference.startswith("attach://"):
        name = reference.removeprefix("attach://")
        if name not in uploads:
            raise bad_request("attached file not found")
        return uploads[name]
    return uploads.get(field) if not reference else None


def the_file(
    shelf: FileShelf, kind: Literal["photo", "document"], reference: str | None, params: Params
) -> StoredFile:
    """Find or keep the file a parameter means.

    Raises:
        ApiError: 400 for no file, a wrong identifier or an address on the web.
    """
    upload = attached(reference, kind, params.uploads)
    if upload is not None:
        return shelf.store_photo(upload) if kind == "photo" else shelf.store_document(upload)
    if not reference:
        raise bad_request(f"there is no {kind} in the request")
    if "://" in reference:
        # Loopback only: the sandbox fetches nothing from the web.
        raise bad_request("failed to get HTTP URL content")
    return _known_file(shelf, kind, reference)


def _known_file(shelf: FileShelf, kind: str, file_id: str) -> StoredFile:
    stored = shelf.find(file_id)
    if stored is None:
        raise bad_request(
            "wrong remote file identifier specified: can't unserialize it. Wrong last symbol"
        )
    if (kind == "photo") != bool(stored.width):
        actual = "Photo" if stored.width else "Document"
        raise bad_request(f"can't use file of type {actual} as {kind.capitalize()}")
    return stored


def send(world: World, params: SendParams, content: dict[str, Any]) -> Message:
    """Post a message with what all sending methods share."""
    room = world.writable_room(params.chat_id)
    return _post(world, room, params, content)


def _post(world: World, room: Room, params: SendParams, content: dict[str, Any]) -> Message:
    markup = params.reply_markup
    replied = _replied(room, params.reply_parameters)
    common = {
        **({"reply_to_message": replied} if replied else {}),
        "has_protected_content": params.protect_content or None,
        "reply_markup": markup if isinstance(markup, InlineKeyboard) else None,
    }
    message = world.post_as_bot(room, content | common, params.message_thread_id)
    if isinstance(markup, ReplyKeyboard):
        room.keyboard = markup
    elif isinstance(markup, ReplyKeyboardRemove):
        room.keyboard = None
    return message


def _replied(room: Room, reply: ReplyParameters | None) -> Message | None:
    if reply is None:
        return None
    entry = room.find(reply.message_id)
    if entry is None and not reply.allow_sending_without_reply:
        raise bad_request("message to be replied not found")
    return entry.message.model_copy(update={"reply_to_message": None}) if entry else None


@method("sendMessage")
def send_message(world: World, params: SendMessage) -> Message:
    """Send text."""
    text = message_text(params.text, params.parse_mode, params.entities)
    return send(world, params, {"text": text.text, "entities": text.entities_or_none})


@method("sendPhoto")
def send_photo(world: World, params: SendPhoto) -> Message:
    """Send a picture."""
    world.writable_room(params.chat_id)
    caption = params.captioned()
    photo = the_file(world.files, "photo", params.photo, params).photo
    return send(world, params, {"photo": photo, **caption})


@method("sendDocument")
def send_document(world: World, params: SendDocument) -> Message:
    """Send a file as it is."""
    world.writable_room(params.chat_id)
    caption = params.captioned()
    document = the_file(world.files, "document", params.document, params).document
    return send(world, params, {"document": document, **caption})


@method("sendMediaGroup")
def send_media_group(world: World, params: SendMediaGroup) -> list[Message]:
    """Send two to ten files as one album."""
    room = world.writable_room(params.chat_id)
    if len(params.media) not in _ALBUM:
        raise bad_request("group send failed: an album has 2 to 10 items")
    if params.reply_markup is not None:
        raise bad_request("reply markup is not allowed in an album")
    if len({item.type for item in params.media}) > 1:
        raise bad_request("documents can't be mixed with other media types")
    group = str(secrets.randbits(50))
    contents = [_album_content(world, item, params) for item in params.media]
    return [_post(world, room, params, {**each, "media_group_id": group}) for each in contents]


def _album_content(world: World, item: AlbumItem, params: Params) -> dict[str, Any]:
    stored = the_file(world.files, item.type, item.media, params)
    caption = caption_text(item.caption, item.parse_mode)
    return {
        item.type: stored.photo if item.type == "photo" else stored.document,
        "caption": caption.text or None,
        "caption_entities": caption.entities_or_none,
    }


@method("sendChatAction")
def send_chat_action(world: World, params: SendChatAction) -> bool:
    """Show "typing..." until the next message."""
    room = world.writable_room(params.chat_id)
    if params.action not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    room.bot_action = params.action
    room.changes.bump()
    return True
