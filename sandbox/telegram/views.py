"""What the control room's API says and takes: shared by its routes and its client."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from sandbox.telegram.keyboards import InlineButton, ReplyKeyboard
from sandbox.telegram.objects import Chat, Message, ReactionEmoji, Topic, User
from sandbox.telegram.profile import Command
from sandbox.telegram.wire import Wire
from sandbox.telegram.world import CallbackAnswer


class PersonView(Wire):
    """Somebody with a phone."""

    user: User
    has_started: bool
    has_blocked: bool


class RevisionView(Wire):
    """How a message looked from a moment on."""

    at: datetime
    message: Message


class MessageView(Wire):
    """A message with everything it has been, oldest first."""

    chat_id: int
    message_id: int
    from_bot: bool
    is_deleted: bool
    version: int
    """The chat's version at which this message last changed."""
    reactions: tuple[ReactionEmoji, ...] = ()
    revisions: tuple[RevisionView, ...]

    @property
    def current(self) -> Message:
        """The message as it looks now."""
        return self.revisions[-1].message

    @property
    def body(self) -> str:
        """Its text or caption, without formatting."""
        return self.current.text or self.current.caption or ""

    @property
    def buttons(self) -> tuple[InlineButton, ...]:
        """Its inline buttons in reading order."""
        return self.current.reply_markup.buttons if self.current.reply_markup else ()

    @property
    def file_id(self) -> str | None:
        """The file it carries."""
        if self.current.document is not None:
            return self.current.document.file_id
        return self.current.photo[-1].file_id if self.current.photo else None


class ChatLog(Wire):
    """A chat's messages that changed since the version asked for, in order of id."""

    chat_id: int
    version: int
    messages: tuple[MessageView, ...]

    @property
    def present(self) -> tuple[MessageView, ...]:
        """Those not deleted."""
        return tuple(message for message in self.messages if not message.is_deleted)


class TopicView(Wire):
    """A topic of a group."""

    topic: Topic
    is_closed: bool


class ChatView(Wire):
    """A chat beside its messages: what the page shows around them."""

    chat: Chat
    version: int
    has_started: bool
    has_blocked: bool
    members: tuple[User, ...] = ()
    topics: tuple[TopicView, ...] = ()
    pinned: tuple[int, ...] = ()
    keyboard: ReplyKeyboard | None = None
    bot_action: str | None = None
    commands: tuple[Command, ...] = ()
    description: str = ""
    """What the bot says of itself where nothing has been said yet."""
    language_code: str | None = None
    """The person's, in a private chat."""
    last_message: Message | None = None


class Introduction(Wire):
    """A person to give a phone to."""

    user_id: Annotated[int, Field(gt=0)]
    first_name: Annotated[str, Field(min_length=1, max_length=64)]
    last_name: Annotated[str, Field(max_length=64)] | None = None
    username: Annotated[str, Field(pattern=r"^[A-Za-z]\w{3,31}$")] | None = None
    language_code: Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Za-z]+)?$")] | None = None


class NewGroup(Wire):
    """A supergroup to open; its id is negative."""

    chat_id: Annotated[int, Field(lt=0)]
    title: Annotated[str, Field(min_length=1, max_length=128)]
    admins: tuple[int, ...] = ()
    members: tuple[int, ...] = ()
    has_topics: bool = False


class Start(Wire):
    """A press on START; the payload of a deep link, if one led here."""

    user_id: int
    payload: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,64}$")] = ""


class Writing(Wire):
    """A text somebody sends."""

    user_id: int
    text: Annotated[str, Field(min_length=1)]
    reply_to: int | None = None
    thread_id: int | None = None


class Correction(Wire):
    """An own message's new text."""

    text: Annotated[str, Field(min_length=1)]


class Press(Wire):
    """A press on a button, found by its words or its data."""

    user_id: int
    text: str | None = None
    data: str | None = None
    wait: Annotated[float, Field(ge=0, le=60)] = 15.0
    """Seconds to wait for the bot's answer."""


class PressOutcome(Wire):
    """What a press led to: a page to open, text copied, or the bot's answer if it came."""

    url: str | None = None
    copied: str | None = None
    callback_query_id: str | None = None
    answer: CallbackAnswer | None = None


class Pressed(Wire):
    """A press that went off; the answer follows in the page's stream."""

    callback_query_id: str


class Payment(Wire):
    """Somebody pays an invoice inside Telegram; real money is never involved."""

    user_id: int


class PaymentOutcome(Wire):
    """Whether the bot let the payment happen."""

    is_paid: bool
    error_message: str | None = None
    telegram_payment_charge_id: str | None = None


class Limits(Wire):
    """Whether Telegram's flood limits hold."""

    enabled: bool


class Turn(Wire):
    """How far to turn the sandbox's clock."""

    seconds: Annotated[float, Field(ge=0)]


class Stats(Wire):
    """Counts since the start or the last reset."""

    calls: dict[str, int]
    delivery_attempts: int
    pending_updates: int
    faults_met: int


class Done(Wire):
    """It is done."""

    ok: bool = True
