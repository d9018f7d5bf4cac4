"""What customers and staff are told outside a conversation, and how a repeat is kept harmless."""

from datetime import datetime, timedelta
from enum import StrEnum

from domain.evacuation import EvacuationCause
from domain.ids import DeviceId, MessageId, PurchaseId, SubscriptionId, UserId
from domain.languages import Language
from domain.model import Value
from domain.purchases import ChatMessage


class Delivery(StrEnum):
    """What became of a message."""

    DELIVERED = "delivered"
    UNREACHABLE = "unreachable"
    """The customer blocked the bot or never opened it; noted, and nothing is stuck."""


class Claim(StrEnum):
    """The answer to "may I send the notice with this key?"."""

    FRESH = "fresh"
    """Nobody has tried: send it."""
    UNCERTAIN = "uncertain"
    """Somebody tried and died: it may or may not have arrived."""
    SENT = "sent"
    """It has arrived: do not repeat it."""


class ClaimedNotice(Value):
    """A claim and, where it was sent, the message that it became."""

    claim: Claim
    message_id: MessageId | None = None


class ConfigDelivery(Value):
    """The configuration to hand over, and the payment message to turn into "ready"."""

    purchase_id: PurchaseId
    user_id: UserId
    language: Language
    message: ChatMessage | None
    plan_name: str
    expires_at: datetime
    is_renewal: bool
    is_automatic: bool = False
    """A renewal by itself: the customer has the file already, and is only told."""


class GiftDelivery(Value):
    """A gift that was paid for, and the payment message to turn into its link."""

    purchase_id: PurchaseId
    user_id: UserId
    """The giver."""
    language: Language
    message: ChatMessage | None


class DeviceNotice(Value):
    """A device to tell its owner about."""

    device_id: DeviceId
    user_id: UserId
    revision: int
    name: str
    """Empty until the customer gives it one."""
    all_full: bool = False
    """Whether what delays it is that no server has room."""
    moved_to: str | None = None
    """The location that its owner has taken it to; None where it comes for another reason."""


class HandoutNotice(Value):
    """A device whose file has changed, not at its owner's wish."""

    device_id: DeviceId
    user_id: UserId
    revision: int
    """The decision by which it changed."""
    name: str
    """Empty until the customer gives it one."""
    cause: EvacuationCause


class Reminder(Value):
    """A subscription that is about to end, or has ended."""

    subscription_id: SubscriptionId
    user_id: UserId
    expires_at: datetime
    distance: timedelta = timedelta(0)
    """From the end, where the plan has several reminders of one kind."""


class ReminderKind(StrEnum):
    """The notices of a subscription's life."""

    BEFORE = "before"
    """Some time before the end, as the plan has it."""
    DAY_BEFORE = "day_before"
    RESUMED = "resumed"
    """A frozen subscription went on by itself."""
    ENDED = "ended"
    WIN_BACK = "win_back"
    """Some time after the end, for a customer who has not come back."""
