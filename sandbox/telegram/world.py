"""The whole sandbox's state and what the bot may reach in it."""

import itertools
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox.telegram.changes import Changes
from sandbox.telegram.clock import Clock
from sandbox.telegram.errors import ApiError, bad_request, forbidden
from sandbox.telegram.files import FileShelf
from sandbox.telegram.mailbox import Mailbox
from sandbox.telegram.members import MemberStatus
from sandbox.telegram.numbering import first_message_id
from sandbox.telegram.objects import Bot, Chat, Message, UpdateKind, User
from sandbox.telegram.payments import Payments
from sandbox.telegram.profile import Profile
from sandbox.telegram.questions import Questions
from sandbox.telegram.rooms import Entry, Person, Room
from sandbox.telegram.webhook import Webhook, WebhookReport
from sandbox.telegram.wire import Wire

CALLBACK_LIFETIME = timedelta(seconds=60)
"""Telegram publishes no number; bots see "query is too old" after some tens of seconds."""
CHECKOUT_LIFETIME = timedelta(seconds=10)
"""Bot API, answerPreCheckoutQuery."""


class CallbackAnswer(Wire):
    """What a customer sees after pressing a button."""

    text: str | None = None
    show_alert: bool = False
    url: str | None = None


class CheckoutAnswer(Wire):
    """Whether the bot lets a payment go on, and why not."""

    ok: bool
    error_message: str | None = None


@dataclass
class World:
    """People, chats, files and the bot; every other part works on this."""

    token: str
    data: Path
    clock: Clock = field(default_factory=Clock)
    changes: Changes = field(default_factory=Changes)
    people: dict[int, Person] = field(default_factory=dict)
    rooms: dict[int, Room] = field(default_factory=dict)
    profile: Profile = field(default_factory=Profile)
    payments: Payments = field(default_factory=Payments)
    webhook: Webhook | None = None
    webhook_report: WebhookReport = field(default_factory=WebhookReport)
    poll_turn: int = 0
    """Which getUpdates call is the latest: a newer one ends the older."""

    def __post_init__(self) -> None:
        self.me = Bot(
            id=int(self.token.split(":")[0]),
            is_bot=True,
            first_name="WireGuard shop",
            username="wgshop_sandbox_bot",
        )
        self.files = FileShelf(self.data)
        self.mailbox = Mailbox(self.clock)
        self.callbacks: Questions[CallbackAnswer] = Questions(self.clock, CALLBACK_LIFETIME)
        self.checkouts: Questions[CheckoutAnswer] = Questions(self.clock, CHECKOUT_LIFETIME)
        self._private_ids = itertools.count(first_message_id())
        self.chat_instance = str(secrets.randbits(62))

    def close(self) -> None:
        """End everything that waits for a change: the server stops."""
        for changes in (self.mailbox.changes, *(room.changes for room in self.rooms.values())):
            changes.close()
        self.changes.close()
        self.callbacks.clear()
        self.checkouts.clear()

    def reset(self) -> None:
        """Forget everybody and everything that was said; the bot's own settings stay."""
        self.people.clear()
        self.rooms.clear()
        self.payments.clear()
        self.files.clear()
        self.mailbox.clear()
        self.callbacks.clear()
        self.checkouts.clear()
        self.clock.reset()
        self.changes.bump()

    def turn_clock(self, by: timedelta) -> None:
        """Let time pass at once: open questions may be too old after it."""
        self.clock.advance(by)
        self.callbacks.give_up_old()
        self.checkouts.give_up_old()

    def next_poll(self) -> int:
        """Begin a long poll: whoever waits already is woken and finds itself replaced."""
        self.poll_turn += 1
        self.mailbox.changes.bump()
        return self.poll_turn

    @property
    def unix_time(self) -> int:
        """The clock in Bot API's measure."""
        return int(self.clock.now().timestamp())

    @property
    def bot_user(self) -> User:
        """The bot as a sender."""
        return User(**self.me.model_dump(include=set(User.model_fields)))

    def open_room(self, chat: Chat) -> Room:
        """Create a chat, or give the one that exists."""
        if chat.id not in self.rooms:
            self.rooms[chat.id] = Room(chat, Changes(self.changes))
            self.changes.bump()
        return self.rooms[chat.id]

    def visible_room(self, chat_id: int | str) -> Room:
        """A chat the bot knows of; a person's @username is none, and groups here have no names.

        Raises:
            ApiError: 400 "chat not found", also for people the bot has never met.
        """
        room = self.rooms.get(chat_id) if isinstance(chat_id, int) else None
        person = self.people.get(room.chat.id) if room else None
        if room is None or (person is not None and not person.is_known):
            raise bad_request("chat not found")
        return room

    def writable_room(self, chat_id: int | str) -> Room:
        """A chat the bot may write to.

        Raises:
            ApiError: 400 "chat not found", 403 blocked, never started or thrown out.
        """
        room = self.visible_room(chat_id)
        if room.is_private:
            _check_private(self.people[room.chat.id])
        elif room.bot_status in {MemberStatus.LEFT, MemberStatus.KICKED}:
            raise _thrown_out(room)
        return room

    def next_message_id(self, room: Room) -> int:
        """The next message's id in this chat."""
        return next(self._private_ids) if room.is_private else room.next_own_id()

    def post(
        self, room: Room, sender: User, content: dict[str, Any], thread_id: int | None = None
    ) -> Entry:
        """Put a message into a chat.

        Args:
            room: The chat.
            sender: Who wrote it.
            content: The message's own fields.
            thread_id: The topic.
        """
        message_id = self.next_message_id(room)
        if "forum_topic_created" in content:
            thread_id = message_id  # the message that opens a topic gives it its id
        message = Message(
            message_id=message_id,
            from_=sender,
            chat=room.chat,
            date=self.unix_time,
            message_thread_id=thread_id,
            is_topic_message=True if thread_id else None,
            **{"reply_to_message": _first_of(room, thread_id), **content},
        )
        return room.add(message, self.clock.now(), from_bot=sender.id == self.me.id)

    def announce(
        self, room: Room, content: dict[str, Any], thread_id: int | None = None
    ) -> Message:
        """Say in a chat what the bot did there; of its own messages it hears only of these.

        So does the open server (`need_skip_update_message`): topics, pins.
        """
        message = self.post(room, self.bot_user, content, thread_id).message
        self.mailbox.post(UpdateKind.MESSAGE, message, room.chat.id)
        return message

    def post_as_bot(
        self, room: Room, content: dict[str, Any], thread_id: int | None = None
    ) -> Message:
        """The bot writes; the topic, if named, must be there."""
        if thread_id is not None and thread_id not in room.topics:
            raise bad_request("message thread not found")
        return self.post(room, self.bot_user, content, thread_id).message


def _first_of(room: Room, thread_id: int | None) -> Message | None:
    """What every message of a topic answers, unless it answers another one of it.

    The open server tells it so (`get_same_chat_reply_to_message_id`).
    """
    first = room.entries.get(thread_id or 0)
    return first.message if first else None


def _check_private(person: Person) -> None:
    if person.has_blocked:
        raise forbidden("bot was blocked by the user")
    if not person.has_started:
        raise forbidden("bot can't initiate conversation with a user")


def _thrown_out(room: Room) -> ApiError:
    if room.bot_status is MemberStatus.KICKED:
        return forbidden("bot was kicked from the supergroup chat")
    return forbidden("bot is not a member of the supergroup chat")
