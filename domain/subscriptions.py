"""A subscription: access until a date."""

from datetime import datetime, timedelta
from enum import StrEnum

from domain.ids import DeviceId, GrantId, PurchaseId, ServerId, SubscriptionId, UserId
from domain.languages import Language
from domain.model import Value
from domain.quotas import Quota, Usage
from domain.referrals import Reward
from domain.renewals import RenewalTerms


class SubscriptionStatus(StrEnum):
    """Whether a subscription gives access now."""

    ACTIVE = "active"
    FROZEN = "frozen"
    """It stands still, at its customer's wish."""
    EXPIRED = "expired"
    REVOKED = "revoked"
    """Its money was given back."""


TRANSITIONS = frozenset(
    {
        (SubscriptionStatus.ACTIVE, SubscriptionStatus.FROZEN),
        (SubscriptionStatus.ACTIVE, SubscriptionStatus.EXPIRED),
        (SubscriptionStatus.ACTIVE, SubscriptionStatus.REVOKED),
        (SubscriptionStatus.FROZEN, SubscriptionStatus.ACTIVE),
        (SubscriptionStatus.FROZEN, SubscriptionStatus.EXPIRED),
        (SubscriptionStatus.FROZEN, SubscriptionStatus.REVOKED),
        (SubscriptionStatus.EXPIRED, SubscriptionStatus.ACTIVE),
        (SubscriptionStatus.EXPIRED, SubscriptionStatus.REVOKED),
        (SubscriptionStatus.REVOKED, SubscriptionStatus.ACTIVE),
    }
)
"""What a subscription may become; the ledger refuses every other step (a trigger in 0010)."""


class Grant(Value):
    """Access that one purchase bought, with absolute times: applying it twice changes nothing."""

    grant_id: GrantId
    purchase_id: PurchaseId
    subscription_id: SubscriptionId
    device_id: DeviceId
    user_id: UserId
    starts_at: datetime
    expires_at: datetime
    is_renewal: bool
    server: str | None = None
    """The slug of the server that was chosen; None when all were full."""
    reward: Reward | None = None
    """What the purchase has earned whoever invited the customer."""


class Subscription(Value):
    """A subscription as the ledger knows it, with its first device."""

    subscription_id: SubscriptionId
    user_id: UserId
    plan_name_ru: str
    plan_name_en: str
    status: SubscriptionStatus
    starts_at: datetime
    expires_at: datetime
    frozen_at: datetime | None = None
    """Set while it stands still."""
    resumes_at: datetime | None = None
    """When it then goes on by itself."""
    freeze_days: int = 0
    """How long the plan lets it stand still in each period; 0: not at all."""
    speed_mbit: int | None = None
    """Megabits a second that the plan lets each device have; None: as many as it can."""
    quota: Quota | None = None
    """The traffic that the plan includes; None: as much as it carries."""
    usage: Usage | None = None
    """What was used when traffic was last counted."""
    grace: timedelta | None = None
    """Set while it renews itself: how long the access outlasts the end if the card is declined."""
    device_id: DeviceId
    device_public_key: str
    server: str | None
    location: str | None

    @property
    def renews_itself(self) -> bool:
        """Whether a kept card is charged before the end."""
        return self.grace is not None

    def plan_name(self, language: Language) -> str:
        """The plan's name in that language."""
        return self.plan_name_ru if language is Language.RUSSIAN else self.plan_name_en

    def gives_access(self, now: datetime) -> bool:
        """Whether it gives access now; its workflow may be a moment late in ending it."""
        access_until = self.expires_at + (self.grace or timedelta(0))
        return self.status is SubscriptionStatus.ACTIVE and access_until > now


class SubscriptionState(Value):
    """A subscription's end as the ledger holds it, and all that its workflow carries on."""

    subscription_id: SubscriptionId
    user_id: UserId
    expires_at: datetime
    revision: int = 1
    """Grows with each change in the ledger, so that an older word cannot undo a newer."""
    status: SubscriptionStatus = SubscriptionStatus.ACTIVE
    end_set_at: datetime | None = None
    """When this end was decided; unknown in states of the first release."""
    reminder_leads: tuple[timedelta, ...] | None = None
    """How long before the end the plan reminds; None in states of the first release."""
    win_backs: tuple[timedelta, ...] = ()
    """How long after the end the plan asks the customer back."""
    resumes_at: datetime | None = None
    """Set while it is frozen: when its allowance is used up, and it goes on by itself."""
    renews_itself: RenewalTerms | None = None
    """Set while a kept card is to be charged for the next period."""
    reminder_lead: timedelta = timedelta(hours=24)
    """The one reminder of the first release, for its states that are still asleep somewhere."""


class PlacedPeer(Value):
    """Where a device's peer is, as a removal needs to know it: no keys."""

    device_id: DeviceId
    server_id: ServerId
    revision: int


class Move(Value):
    """A device's change of server."""

    server: str
    """The slug of the server that it is on now."""
    left: PlacedPeer | None = None
    """The peer that has to leave the old one."""


class Ending(Value):
    """What the ledger decided when a subscription's end came."""

    ended: bool
    expires_at: datetime
    """The end as the ledger holds it; later than asked about when it was extended meanwhile."""
    removals: tuple[PlacedPeer, ...] = ()
    """The peers that have to leave their servers."""


def end_after(current_end: datetime | None, now: datetime, bought: timedelta) -> datetime:
    """The end of access after a purchase: a renewal adds to the current end, not to today."""
    start = now if current_end is None else max(current_end, now)
    return start + bought
