"""Inviting friends: who came by whose link, and what the inviter gets for it."""

from datetime import datetime
from enum import StrEnum

from domain.ids import PurchaseId, SubscriptionId, UserId
from domain.model import Value


class RewardState(StrEnum):
    """What became of the reward for one friend."""

    WAITING = "waiting"
    """The friend has paid, and their money could still go back."""
    CREDIT = "credit"
    """Earned; it waits for a subscription to be added to."""
    GRANTED = "granted"
    CANCELLED = "cancelled"
    """The friend's money went back in time."""


class Reward(Value):
    """Days for the inviter, promised at the friend's first payment."""

    friend_id: UserId
    purchase_id: PurchaseId
    """The friend's."""
    due_at: datetime
    """When that payment is safe."""


class SettledReward(Value):
    """What the ledger decided when a reward fell due."""

    state: RewardState
    referrer_id: UserId
    friend_id: UserId
    days: int
    subscription_id: SubscriptionId | None = None
    """The inviter's, where it was extended."""
    expires_at: datetime | None = None
    """Its end since then."""


class Invitation(Value):
    """A customer's own link, and what it has brought."""

    code: str
    reward_days: int
    """For each friend, as the owner has it now; 0: there are no rewards."""
    welcome_percent: int
    """Off a friend's first purchase; 0: nothing."""
    friends: int = 0
    """Who came by the link."""
    friends_who_paid: int = 0
    days_granted: int = 0
    days_to_come: int = 0
    """Waiting, or kept for the next subscription."""
