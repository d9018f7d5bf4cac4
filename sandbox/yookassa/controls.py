"""The vocabulary of the control API, shared by its server and its client."""

from datetime import datetime, timedelta
from typing import Any

from pydantic import AwareDatetime, Field

from sandbox.yookassa.books import Event
from sandbox.yookassa.cards import Cancellation, Party
from sandbox.yookassa.checkout import AfterDecline
from sandbox.yookassa.faults import Fault, FaultKind, Operation
from sandbox.yookassa.notifications import DeliveryState, Mode
from sandbox.yookassa.objects import ApiObject
from sandbox.yookassa.payments import PaymentStatus
from sandbox.yookassa.receipts import ReceiptRegistration
from sandbox.yookassa.refunding import RefundFate

LONGEST_WAIT = timedelta(seconds=60)
"""A long poll is answered after this at the latest."""

DECLINED_BY_BANK = Cancellation(party=Party.PAYMENT_NETWORK, reason="general_decline")


class PaymentView(ApiObject):
    """A payment as the sandbox knows it, whatever it shows to the shop."""

    id: str
    status: PaymentStatus
    value: str
    currency: str
    description: str | None = None
    metadata: dict[str, str] | None = None
    cancellation: Cancellation | None = None
    refunded_value: str = "0.00"
    created_at: datetime
    page_url: str | None = None
    """The hosted page, while it can be paid there."""


class RefundView(ApiObject):
    """A refund."""

    id: str
    payment_id: str
    status: str
    value: str
    cancellation: Cancellation | None = None


class MethodView(ApiObject):
    """A saved card and what becomes of its charges."""

    id: str
    title: str
    expires: str
    """The last month printed on it, as 12/2030."""
    decline: Cancellation | None = None
    stays_pending: bool = False
    revoked: bool = False


class MethodTreatment(ApiObject):
    """What becomes of charges of a saved card from now on."""

    decline: Cancellation | None = None
    stays_pending: bool = False
    revoked: bool = False


class NotificationSettings(ApiObject):
    """Where notifications go and how; fields left out stay as they are."""

    url: str | None = None
    mode: Mode | None = None


class Conduct(ApiObject):
    """What the real YooKassa leaves to itself, to banks and to registers."""

    after_decline: AfterDecline = AfterDecline.CANCEL
    refunds: RefundFate = RefundFate.SUCCEEDS
    receipts: ReceiptRegistration = ReceiptRegistration.SUCCEEDED
    autopayments: bool = True
    """Whether the shop may save cards and charge them: a test shop may, a real one must ask."""


class Situation(ApiObject):
    """Everything that was set to go otherwise than well, and the time."""

    now: datetime
    conduct: Conduct
    outage: FaultKind | None
    faults: tuple[Fault, ...]
    """Those that wait for their call."""
    notifications: NotificationSettings


class Outage(ApiObject):
    """What happens to every call; None ends the outage."""

    kind: FaultKind | None


class ClockTurn(ApiObject):
    """Skip some seconds, or skip to a moment."""

    seconds: float | None = Field(default=None, ge=0)
    to: AwareDatetime | None = None


class ClockView(ApiObject):
    """The sandbox's present."""

    now: datetime


class PaymentWait(ApiObject):
    """Wait until a payment has this status."""

    status: PaymentStatus
    seconds: float = Field(default=10, ge=0, le=LONGEST_WAIT.total_seconds())


class CallsWait(ApiObject):
    """Wait until an operation has been called that often, in all."""

    operation: Operation
    count: int = Field(ge=0)
    seconds: float = Field(default=10, ge=0, le=LONGEST_WAIT.total_seconds())


class NotificationWait(ApiObject):
    """Wait until a notification about an object is in this state."""

    object_id: str
    event: Event | None = None
    state: DeliveryState = DeliveryState.DELIVERED
    seconds: float = Field(default=10, ge=0, le=LONGEST_WAIT.total_seconds())


class Forgery(ApiObject):
    """A body that YooKassa never sent."""

    body: dict[str, Any]
