"""One chat: its messages with every version they had, and a version counter to wait on."""

from dataclasses import dataclass, field
from datetime import datetime

from sandbox.telegram.changes import Changes
from sandbox.telegram.keyboards import ReplyKeyboard
from sandbox.telegram.members import MemberStatus
from sandbox.telegram.objects import (
    Chat,
    ChatType,
    Message,
    ReactionEmoji,
    Topic,
    User,
)


@dataclass(frozen=True)
class Revision:
    """How a message looked from a moment on."""

    at: datetime
    message: Message


@dataclass
class Entry:
    """A message in its chat, with all it has been."""

    from_bot: bool
    revisions: list[Revision]
    version: int
    """The chat's version when this message last changed."""
    is_deleted: bool = False
    reactions: tuple[ReactionEmoji, ...] = ()

    @property
    def message(self) -> Message:
        """The message as it looks now."""
        return self.revisions[-1].message


@dataclass
class OpenTopic:
    """A topic and whether it is closed."""

    topic: Topic
    is_closed: bool = False


@dataclass
class Room:
    """A chat's state; the world decides who may change it."""

    chat: Chat
    changes: Changes
    entries: dict[int, Entry] = field(default_factory=dict)
    members: dict[int, MemberStatus] = field(default_factory=dict)
    topics: dict[int, OpenTopic] = field(default_factory=dict)
    pinned: list[int] = field(default_factory=list)
    keyboard: ReplyKeyboard | None = None
    bot_status: MemberStatus = MemberStatus.ADMINISTRATOR
    bot_action: str | None = None
    own_ids: int = 0

    @property
    def is_private(self) -> bool:
        """Whether it is a chat with one person."""
        return self.chat.type is ChatType.PRIVATE

    def next_own_id(self) -> int:
        """A supergroup counts its messages itself; private chats share the bot's count."""
        self.own_ids += 1
        return self.own_ids

    def add(self, message: Message, at: datetime, *, from_bot: bool) -> Entry:
        """Put a new message into the chat."""
        entry = Entry(from_bot, [Revision(at, message)], self.changes.bump())
        self.entries[message.message_id] = entry
        self.bot_action = None if from_bot else self.bot_action
        return entry

    def revise(self, message: Message, at: datetime) -> None:
        """Show a message in a new form; the old one is kept."""
        entry = self.entries[message.message_id]
        entry.revisions.append(Revision(at, message))
        self.touch(entry)

    def touch(self, entry: Entry) -> None:
        """Note that something about a message changed."""
        entry.version = self.changes.bump()

    def delete(self, message_id: int) -> None:
        """Take a message away; its history stays for the control room."""
        entry = self.entries[message_id]
        entry.is_deleted = True
        self.pinned = [pinned for pinned in self.pinned if pinned != message_id]
        self.touch(entry)

    def find(self, message_id: int | None) -> Entry | None:
        """The message of this id, unless it was deleted."""
        entry = self.entries.get(message_id or 0)
        return None if entry is None or entry.is_deleted else entry


@dataclass
class Person:
    """Somebody with a phone, and how they stand with the bot."""

    user: User
    is_known: bool = False
    """Whether the bot has ever seen them: before that there is no such chat for it."""
    has_started: bool = False
    has_blocked: bool = False
