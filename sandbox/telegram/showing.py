"""The world's state as the control room shows it."""

from sandbox.telegram.objects import Message
from sandbox.telegram.rooms import Entry, Room
from sandbox.telegram.views import (
    ChatLog,
    ChatView,
    MessageView,
    PersonView,
    RevisionView,
    TopicView,
)
from sandbox.telegram.world import World


def show_person(world: World, user_id: int) -> PersonView:
    """Somebody and how they stand with the bot."""
    person = world.people[user_id]
    return PersonView(
        user=person.user, has_started=person.has_started, has_blocked=person.has_blocked
    )


def show_message(chat_id: int, entry: Entry) -> MessageView:
    """A message with all its versions."""
    return MessageView(
        chat_id=chat_id,
        message_id=entry.message.message_id,
        from_bot=entry.from_bot,
        is_deleted=entry.is_deleted,
        version=entry.version,
        reactions=entry.reactions,
        revisions=tuple(RevisionView(at=each.at, message=each.message) for each in entry.revisions),
    )


def show_log(room: Room, after: int) -> ChatLog:
    """What changed in a chat since a version; 0 is everything."""
    entries = (entry for entry in room.entries.values() if entry.version > after)
    return ChatLog(
        chat_id=room.chat.id,
        version=room.changes.version,
        messages=tuple(show_message(room.chat.id, entry) for entry in entries),
    )


def show_chat(world: World, room: Room) -> ChatView:
    """A chat beside its messages."""
    person = world.people.get(room.chat.id)
    language = (person.user.language_code or "") if person else ""
    descriptions = world.profile.descriptions
    return ChatView(
        chat=room.chat,
        version=room.changes.version,
        has_started=person.has_started if person else True,
        has_blocked=person.has_blocked if person else False,
        members=tuple(world.people[user_id].user for user_id in room.members),
        topics=tuple(
            TopicView(topic=each.topic, is_closed=each.is_closed) for each in room.topics.values()
        ),
        pinned=tuple(room.pinned),
        keyboard=room.keyboard,
        bot_action=room.bot_action,
        commands=world.profile.commands_for(room.chat.id, language, private=room.is_private),
        description=descriptions.get(language) or descriptions.get("", ""),
        language_code=language or None,
        last_message=_last_message(room),
    )


def _last_message(room: Room) -> Message | None:
    present = (each.message for each in reversed(room.entries.values()) if not each.is_deleted)
    return next(present, None)
