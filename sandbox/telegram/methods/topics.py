"""Topics of a forum supergroup: one per customer is how a support desk uses them."""

from sandbox.telegram.errors import bad_request
from sandbox.telegram.methods.registry import ChatReference, Params, method
from sandbox.telegram.objects import Nothing, Topic, TopicCreated, TopicEdited
from sandbox.telegram.rooms import OpenTopic, Room
from sandbox.telegram.world import World

_LONGEST_NAME = 128
_COLORS = (0x6FB9F0, 0xFFD67E, 0xCB86DB, 0x8EEE98, 0xFF93B2, 0xFB6F5F)
"""Bot API, createForumTopic."""


class CreateTopic(Params):
    """Parameters of createForumTopic."""

    chat_id: ChatReference
    name: str
    icon_color: int = _COLORS[0]
    icon_custom_emoji_id: str | None = None


class TopicParams(Params):
    """A topic of a chat."""

    chat_id: ChatReference
    message_thread_id: int


class EditTopic(TopicParams):
    """Parameters of editForumTopic."""

    name: str | None = None
    icon_custom_emoji_id: str | None = None


def _forum(world: World, chat_id: int | str) -> Room:
    room = world.writable_room(chat_id)
    if not room.chat.is_forum:
        raise bad_request("the chat is not a forum")
    return room


def _topic(world: World, params: TopicParams) -> tuple[Room, OpenTopic]:
    room = _forum(world, params.chat_id)
    topic = room.topics.get(params.message_thread_id)
    if topic is None:
        raise bad_request("message thread not found")
    return room, topic


def _check_name(name: str) -> None:
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise bad_request("TOPIC_TITLE_EMPTY" if not name else "TOPIC_TITLE_TOO_LONG")


@method("createForumTopic")
def create_topic(world: World, params: CreateTopic) -> Topic:
    """Open a topic; the service message that says so gives it its id."""
    room = _forum(world, params.chat_id)
    _check_name(params.name)
    if params.icon_color not in _COLORS:
        raise bad_request("TOPIC_ICON_COLOR_INVALID")
    created = TopicCreated(name=params.name, icon_color=params.icon_color)
    message = world.announce(room, {"forum_topic_created": created})
    topic = Topic(
        message_thread_id=message.message_id,
        name=params.name,
        icon_color=params.icon_color,
        icon_custom_emoji_id=params.icon_custom_emoji_id,
    )
    room.topics[topic.message_thread_id] = OpenTopic(topic)
    room.changes.bump()
    return topic


@method("editForumTopic")
def edit_topic(world: World, params: EditTopic) -> bool:
    """Rename a topic."""
    room, topic = _topic(world, params)
    if params.name is not None:
        _check_name(params.name)
    new = topic.topic.model_copy(
        update=params.model_dump(include={"name", "icon_custom_emoji_id"}, exclude_none=True)
    )
    if new == topic.topic:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.topic = new
    edited = {"forum_topic_edited": TopicEdited(name=params.name)}
    world.announce(room, edited, params.message_thread_id)
    return True


@method("closeForumTopic")
def close_topic(world: World, params: TopicParams) -> bool:
    """Close a topic: members can no longer write there."""
    return _set_closed(world, params, closed=True)


@method("reopenForumTopic")
def reopen_topic(world: World, params: TopicParams) -> bool:
    """Open a closed topic again."""
    return _set_closed(world, params, closed=False)


def _set_closed(world: World, params: TopicParams, *, closed: bool) -> bool:
    room, topic = _topic(world, params)
    if topic.is_closed == closed:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.is_closed = closed
    said = "forum_topic_closed" if closed else "forum_topic_reopened"
    world.announce(room, {said: Nothing()}, params.message_thread_id)
    return True
