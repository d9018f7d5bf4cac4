"""Renewal by itself: what was agreed, when the card is charged, and what stops it."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from pydantic import model_validator

from domain.ids import PlanId, PurchaseId, SavedMethodId, SubscriptionId, UserId
from domain.model import Value
from domain.money import Money
from domain.payments import Cancellation
from domain.purchases import PurchaseOrder


class RenewalTerms(Value):
    """What a plan promises about renewing by itself; it travels with the subscription's state."""

    charge_offsets: tuple[timedelta, ...] = (
        timedelta(hours=-24),
        timedelta(hours=-4),
        timedelta(hours=20),
    )
    """When the card is tried, from the end: negative before it."""
    notice_lead: timedelta = timedelta(hours=24)
    """How long before the first charge the customer is told of it."""
    grace: timedelta = timedelta(hours=24)
    """How long the access lasts beyond the end while the card is still tried."""

    @model_validator(mode="after")
    def _last_try_is_within_the_grace(self) -> Self:
        if any(offset >= self.grace and offset > timedelta(0) for offset in self.charge_offsets):
            raise ValueError("a charge after the end must come before the grace is over")
        return self

    def charge_times(self, began: datetime, end: datetime) -> tuple[datetime, ...]:
        """When the card is tried for a period; none earlier than in the period's second half."""
        middle = began + (end - began) / 2
        return tuple(sorted({max(end + offset, middle) for offset in self.charge_offsets}))

    def notice_time(self, began: datetime, end: datetime) -> datetime:
        """When the customer is told; in a short period halfway to the first charge."""
        first = self.charge_times(began, end)[0]
        return max(first - self.notice_lead, began + (first - began) / 2)


class Consent(Value):
    """What a customer agreed to, word for word, before their card is kept."""

    purchase_id: PurchaseId
    """The purchase it was given with."""
    user_id: UserId
    plan_id: PlanId
    price: Money
    """What each renewal costs; another price needs another consent."""
    wording_version: str
    wording: str
    given_at: datetime


class StopReason(StrEnum):
    """Why renewal by itself ended."""

    UNLINKED = "unlinked"
    """The customer said so."""
    REPLACED = "replaced"
    """The customer agreed anew, with another purchase."""
    PRICE_CHANGED = "price_changed"
    PLAN_GONE = "plan_gone"
    CARD_EXPIRED = "card_expired"
    PERMISSION_REVOKED = "permission_revoked"
    """The customer's bank, or the provider, takes no more charges from us."""
    PLAN_CHANGED = "plan_changed"
    """The consent was for another plan."""
    SUBSCRIPTION_OVER = "subscription_over"
    """All tries failed, or the money was given back."""


_STOPPING = {
    "permission_revoked": StopReason.PERMISSION_REVOKED,
    "card_expired": StopReason.CARD_EXPIRED,
    "invalid_card_number": StopReason.CARD_EXPIRED,
}


def stops_for(cancellation: Cancellation | None) -> StopReason | None:
    """Whether this decline means that no later try can succeed."""
    return None if cancellation is None else _STOPPING.get(cancellation.reason)


class StandingRenewal(Value):
    """Renewal by itself as it stands: what the customer sees, and may unlink."""

    consent: Consent
    method_id: SavedMethodId
    method_title: str | None = None
    """Such as `Bank card *4477`; personal."""


class WantedCharge(Value):
    """A try that is due, at the workflow's time."""

    subscription_id: SubscriptionId
    expires_at: datetime
    """The end that is to be moved: another one means that there is nothing to charge."""
    attempt: int
    """From 1, within this period."""
    now: datetime


class ChargeDecision(Value):
    """What the ledger decided about a due charge."""

    order: PurchaseOrder | None = None
    """The purchase that charges the card; None when there is nothing to charge."""
    stopped: StopReason | None = None
    """Set when the decision was to stop renewing by itself."""
    cancellation: Cancellation | None = None
    """Why the try was declined."""


class RenewalNews(StrEnum):
    """What a customer is told about renewing by itself."""

    AHEAD = "ahead"
    """The card will be charged."""
    FAILED = "failed"
    """It was tried and declined; there will be another try."""
    STOPPED = "stopped"
    """There will be no further try."""


class RenewalNotice(Value):
    """One such word to a customer."""

    news: RenewalNews
    subscription_id: SubscriptionId
    user_id: UserId
    expires_at: datetime
    attempt: int = 1
    charge_at: datetime | None = None
    """The next try."""
    cancellation: Cancellation | None = None
    stopped: StopReason | None = None
