"""The Bot API's objects, as far as a shop meets them (Bot API 10.3)."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from sandbox.telegram.keyboards import InlineKeyboard
from sandbox.telegram.wire import Wire


class User(Wire):
    """A person or a bot."""

    id: int
    is_bot: bool = False
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None


class Bot(User):
    """What `getMe` answers: a user with what the bot may do."""

    can_join_groups: bool = True
    can_read_all_group_messages: bool = True
    supports_inline_queries: bool = False
    can_connect_to_business: bool = False
    has_main_web_app: bool = False


class ChatType(StrEnum):
    """The chats a shop has."""

    PRIVATE = "private"
    SUPERGROUP = "supergroup"


class Chat(Wire):
    """A conversation: its id is the user's in a private chat, negative in a group."""

    id: int
    type: ChatType
    title: str | None = None
    username: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    is_forum: Literal[True] | None = None


class AcceptedGiftTypes(Wire):
    """Which gifts a chat takes: none here."""

    unlimited_gifts: bool = False
    limited_gifts: bool = False
    unique_gifts: bool = False
    premium_subscription: bool = False
    gifts_from_channels: bool = False


class ChatFullInfo(Chat):
    """What `getChat` answers."""

    accent_color_id: int = 0
    max_reaction_count: int = 11
    accepted_gift_types: AcceptedGiftTypes = AcceptedGiftTypes()
    pinned_message: "Message | None" = None


class Entity(Wire):
    """A formatted stretch of text; offset and length count UTF-16 code units."""

    type: str
    offset: int
    length: int
    url: str | None = None
    user: User | None = None
    language: str | None = None
    custom_emoji_id: str | None = None


class PhotoSize(Wire):
    """One size of a photo; the sandbox keeps the original only."""

    file_id: str
    file_unique_id: str
    width: int
    height: int
    file_size: int


class Document(Wire):
    """A file sent as it is."""

    file_id: str
    file_unique_id: str
    file_name: str
    mime_type: str
    file_size: int


class File(Wire):
    """What `getFile` answers; the bytes are at /file/bot<token>/<file_path>."""

    file_id: str
    file_unique_id: str
    file_size: int
    file_path: str


class ForwardOrigin(Wire):
    """Whose message was forwarded, and when it was sent."""

    type: Literal["user"] = "user"
    sender_user: User
    date: int


class Invoice(Wire):
    """A bill inside a chat; the amount is in the currency's smallest units."""

    title: str
    description: str
    start_parameter: str = ""
    currency: str
    total_amount: int


class SuccessfulPayment(Wire):
    """The receipt of a payment made inside Telegram."""

    currency: str
    total_amount: int
    invoice_payload: str
    telegram_payment_charge_id: str
    provider_payment_charge_id: str
    subscription_expiration_date: int | None = None
    is_recurring: Literal[True] | None = None
    is_first_recurring: Literal[True] | None = None


class RefundedPayment(Wire):
    """The receipt of a refund in Stars."""

    currency: str
    total_amount: int
    invoice_payload: str
    telegram_payment_charge_id: str


class Topic(Wire):
    """A topic of a forum supergroup."""

    message_thread_id: int
    name: str
    icon_color: int
    icon_custom_emoji_id: str | None = None


class TopicCreated(Wire):
    """The service message that opens a topic."""

    name: str
    icon_color: int


class TopicEdited(Wire):
    """The service message of a renamed topic."""

    name: str | None = None


class Nothing(Wire):
    """A service message without details."""


class ReactionEmoji(Wire):
    """A reaction by an ordinary emoji."""

    type: Literal["emoji"]
    emoji: str


class Message(Wire):
    """A message as a bot sees it; dates are Unix seconds."""

    message_id: int
    message_thread_id: int | None = None
    from_: User | None = Field(default=None, alias="from")
    date: int
    chat: Chat
    forward_origin: ForwardOrigin | None = None
    is_topic_message: Literal[True] | None = None
    reply_to_message: "Message | None" = None
    edit_date: int | None = None
    has_protected_content: Literal[True] | None = None
    media_group_id: str | None = None
    text: str | None = None
    entities: tuple[Entity, ...] | None = None
    document: Document | None = None
    photo: tuple[PhotoSize, ...] | None = None
    caption: str | None = None
    caption_entities: tuple[Entity, ...] | None = None
    pinned_message: "Message | None" = None
    invoice: Invoice | None = None
    successful_payment: SuccessfulPayment | None = None
    refunded_payment: RefundedPayment | None = None
    forum_topic_created: TopicCreated | None = None
    forum_topic_edited: TopicEdited | None = None
    forum_topic_closed: Nothing | None = None
    forum_topic_reopened: Nothing | None = None
    reply_markup: InlineKeyboard | None = None


class InaccessibleMessage(Wire):
    """A message that is gone: date 0 tells it apart."""

    chat: Chat
    message_id: int
    date: Literal[0] = 0


class MessageId(Wire):
    """What `copyMessage` answers."""

    message_id: int


class CallbackQuery(Wire):
    """A press on an inline button."""

    id: str
    from_: User = Field(alias="from")
    message: Message | InaccessibleMessage
    chat_instance: str
    data: str


class PreCheckoutQuery(Wire):
    """The last question before money moves; to be answered within ten seconds."""

    id: str
    from_: User = Field(alias="from")
    currency: str
    total_amount: int
    invoice_payload: str


class UpdateKind(StrEnum):
    """The kinds of update the sandbox produces."""

    MESSAGE = "message"
    EDITED_MESSAGE = "edited_message"
    CALLBACK_QUERY = "callback_query"
    MY_CHAT_MEMBER = "my_chat_member"
    PRE_CHECKOUT_QUERY = "pre_checkout_query"
