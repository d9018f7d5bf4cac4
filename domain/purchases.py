"""A purchase: from the tap on a price to access, or to the money given back."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from domain.ids import ChatId, MessageId, PlanId, PurchaseId, SavedMethodId, UserId
from domain.languages import Language
from domain.model import Value
from domain.money import Money
from domain.payments import Cancellation, Invoice, Provider
from domain.plan_changes import AgreedChange
from domain.pricing import Discount


class PurchaseKind(StrEnum):
    """What a purchase is for."""

    ACCESS = "access"
    """Time for the buyer."""
    CHANGE = "change"
    """Another plan for the buyer."""
    GIFT = "gift"
    """Time for whoever opens it."""


class PurchaseStage(StrEnum):
    """Where a purchase stands; operators search by it in the Temporal UI."""

    PREPARING = "preparing"
    """The payment page is being made."""
    AWAITING_PAYMENT = "awaiting_payment"
    DECLINED = "declined"
    """The provider cancelled the payment; the customer may try again."""
    EXPIRED = "expired"
    """Nobody paid in time. A late payment is still honoured."""
    PAID = "paid"
    SETTING_UP = "setting_up"
    DELAYED = "delayed"
    """Paid, and setting up takes longer than usual; it goes on by itself."""
    STUCK = "stuck"
    """Paid, and waits for a person: retry, other server, or refund."""
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    DONE = "done"

    @property
    def is_paid(self) -> bool:
        """Whether the customer's money is with us."""
        return self in _PAID_STAGES

    @property
    def is_unpaid_end(self) -> bool:
        """Whether the purchase rests without money; it may be tried again."""
        return self in {PurchaseStage.DECLINED, PurchaseStage.EXPIRED}


_PAID_STAGES = frozenset(
    {
        PurchaseStage.PAID,
        PurchaseStage.SETTING_UP,
        PurchaseStage.DELAYED,
        PurchaseStage.STUCK,
        PurchaseStage.REFUNDING,
        PurchaseStage.DONE,
    }
)


class StuckReason(StrEnum):
    """Why a paid purchase waits for a person."""

    MISMATCH = "mismatch"
    """The payment differs from what was agreed: never granted, only re-checked or refunded."""
    SERVER = "server"
    """The VPN server did not take the peer within the budget."""
    CAPACITY = "capacity"
    """No server has a free address."""
    REFUND = "refund"
    """The provider refused the refund."""


METHOD_REFUSED = Cancellation(party="payment_network", reason="permission_revoked")
"""The provider refused to charge a kept card: YooKassa's own reason for the same."""

INVOICE_FAILED = Cancellation(party="merchant", reason="invoice_failed")
"""Our own reason beside the provider's: no payment page could be made, nothing was charged."""

EXPIRED_REASON = "expired_on_confirmation"
"""YooKassa's reason for a payment page that nobody used in time."""


class RepairAction(StrEnum):
    """What a person can do about a stuck purchase."""

    RETRY = "retry"
    OTHER_SERVER = "other_server"
    REFUND = "refund"


class Repair(Value):
    """A person's decision about a stuck purchase."""

    action: RepairAction
    actor: str
    """Who decided, for the audit log: `telegram:42`, `cli:alice`, `temporal-ui`."""


class PurchasePolicy(Value):
    """The patience of a purchase. It travels with the purchase, so a deploy changes no promise."""

    payment_window: timedelta = timedelta(hours=1)
    """How long YooKassa's payment pages live."""
    late_watch: timedelta = timedelta(hours=24)
    """How long a payment that the provider still calls pending is watched after the window."""
    first_poll: timedelta = timedelta(seconds=15)
    """The first look at the provider when no notification came."""
    slowest_poll: timedelta = timedelta(minutes=1)
    """The longest that a paying customer waits where no notification can come."""
    invoice_budget: timedelta = timedelta(minutes=10)
    """How long to keep asking a provider that does not answer for a payment page."""
    swift_setup: timedelta = timedelta(seconds=20)
    """After this the customer is told of a delay."""
    setup_budget: timedelta = timedelta(minutes=10)
    """After this the purchase parks, with an alarm."""
    setup_pause: timedelta = timedelta(seconds=15)
    """Between two tries once the customer knows of the delay."""
    park_patience: timedelta = timedelta(hours=6)
    """How long a parked purchase waits for a person: then another server, then a refund."""

    @model_validator(mode="after")
    def _leaves_time_after_the_swift_tries(self) -> Self:
        if self.setup_budget <= self.swift_setup:
            raise ValueError("setup_budget must be longer than swift_setup")
        return self


class ChatMessage(Value):
    """One message in one chat."""

    chat_id: ChatId
    message_id: MessageId


class PurchaseOrder(Value):
    """Everything that a purchase needs to know from its first moment."""

    purchase_id: PurchaseId
    user_id: UserId
    plan_id: PlanId
    plan_name: str
    """In the customer's language."""
    price: Money
    """What is charged, after every discount; zero for a trial and for opening a gift."""
    duration: timedelta
    language: Language
    kind: PurchaseKind = PurchaseKind.ACCESS
    provider: Provider = Provider.YOOKASSA
    """Who collects the money."""
    full_price: Money | None = None
    """The plan's price in the list; None where nothing came off."""
    discounts: tuple[Discount, ...] = ()
    """What came off the price, and why, as it was agreed."""
    change: AgreedChange | None = None
    """For another plan: the offer that the customer took."""
    message: ChatMessage | None = None
    """The payment message that the purchase keeps up to date; none when bought through the API."""
    receipt_email: str | None = None
    policy: PurchasePolicy = PurchasePolicy()
    gift: PurchaseId | None = None
    """The purchase that paid for the gift which this one opens."""
    attempt: Annotated[int, Field(ge=1)] = 1
    """Which payment page this is: a declined or expired purchase may ask for another."""
    saves_method: bool = False
    """The customer agreed that the card is kept and charged for renewals."""
    charged_method: SavedMethodId | None = None
    """A renewal by itself: this card is charged, and there is no page."""
    is_woken: bool = False
    """Started by news of a payment rather than by a customer: look first at what is known."""

    @property
    def is_free(self) -> bool:
        """Whether nothing is to be paid: no discount goes so far, so it is a trial or a present."""
        return self.price.amount == 0

    @property
    def list_price(self) -> Money:
        """What the plan cost in the list."""
        return self.price if self.full_price is None else self.full_price

    @property
    def has_counted_discounts(self) -> bool:
        """Whether a discount may be had only so many times."""
        return any(discount.is_counted for discount in self.discounts)

    def for_attempt(self, attempt: int) -> Self:
        """The same order, about that payment page (from 1)."""
        return self.model_copy(update={"attempt": attempt})


class Recollection(Value):
    """What the ledger knows of a purchase whose workflow closed and is woken again."""

    stage: PurchaseStage
    invoice: Invoice | None = None
    """The payment page of the attempt in question."""


class PurchaseRecord(Value):
    """A purchase as the ledger knows it: what the API, the bot and support read."""

    order: PurchaseOrder
    stage: PurchaseStage
    stuck_reason: StuckReason | None = None
    cancellation: Cancellation | None = None
    confirmation_url: str | None = None
    expires_at: datetime | None = None
    """When the present payment page closes."""
    attempt: int = 1
    """How many payment pages have been made, or 1 before the first; `order` has the first's."""
    created_at: datetime
    updated_at: datetime


class PurchaseNotice(Value):
    """What the payment message has to say."""

    purchase_id: PurchaseId
    message: ChatMessage
    language: Language
    stage: PurchaseStage
    plan_name: str
    price: Money
    kind: PurchaseKind = PurchaseKind.ACCESS
    full_price: Money | None = None
    discounts: tuple[Discount, ...] = ()
    confirmation_url: str | None = None
    cancellation: Cancellation | None = None
    attempt: int = 1

    @property
    def is_free(self) -> bool:
        """Whether nothing is to be paid."""
        return self.price.amount == 0


class Alarm(Value):
    """A call for a person, with the repairs that make sense."""

    purchase_id: PurchaseId
    user_id: UserId
    reason: StuckReason
    detail: str
    """What went wrong, in the words of the error."""
    occasion: int
    """Which parking of this purchase it is: one alarm for each."""
    repairs: tuple[RepairAction, ...]


def repairs_for(reason: StuckReason) -> tuple[RepairAction, ...]:
    """The repairs that make sense for a reason."""
    if reason in {StuckReason.MISMATCH, StuckReason.REFUND}:
        return (RepairAction.RETRY, RepairAction.REFUND)
    return (RepairAction.RETRY, RepairAction.OTHER_SERVER, RepairAction.REFUND)


def repair_refusal(
    stage: PurchaseStage, reason: StuckReason | None, action: RepairAction
) -> str | None:
    """Why the repair makes no sense now, or None when it does."""
    if stage is not PurchaseStage.STUCK or reason is None:
        return f"the purchase is {stage}, not stuck: there is nothing to repair"
    if action not in repairs_for(reason):
        return f"{action} does not help against {reason}"
    return None
