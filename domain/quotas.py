"""Traffic that a plan includes, counted in periods of thirty days, and what follows from it.

Nobody is cut off: past the quota devices are slower until the next period, or until a renewal.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.ids import SubscriptionId, UserId
from domain.model import Value

PERIOD = timedelta(days=30)
GIGABYTE = 10**9
"""Decimal, as carriers count."""

_NEARLY_PERCENT = 80


class QuotaMark(StrEnum):
    """How far the traffic of a period is used: what the customer hears of."""

    NEARLY = "nearly"
    """Four fifths."""
    USED_UP = "used_up"


class Quota(Value):
    """What a plan includes in each period, both directions of all devices together."""

    traffic_gb: Annotated[int, Field(gt=0)]
    slow_mbit: Annotated[int, Field(gt=0)]
    """Megabits a second that each device has, each way, when it is used up."""

    @property
    def size(self) -> int:
        """In bytes."""
        return self.traffic_gb * GIGABYTE


class Usage(Value):
    """What a subscription's devices have transferred in one period."""

    since: datetime
    used_bytes: int = 0

    @property
    def until(self) -> datetime:
        """When the next period begins."""
        return self.since + PERIOD

    def at(self, now: datetime) -> "Usage":
        """The period that holds this moment: this one, or a later one in which nothing is used."""
        if now < self.until:
            return self
        return Usage(since=self.since + (now - self.since) // PERIOD * PERIOD)

    def mark(self, quota: Quota) -> QuotaMark | None:
        """How far that quota is used; None where there is nothing to say yet."""
        if self.used_bytes >= quota.size:
            return QuotaMark.USED_UP
        if self.used_bytes * 100 >= quota.size * _NEARLY_PERCENT:
            return QuotaMark.NEARLY
        return None


class QuotaNotice(Value):
    """A customer who has come to a mark."""

    subscription_id: SubscriptionId
    user_id: UserId
    mark: QuotaMark
    quota: Quota
    usage: Usage
    expires_at: datetime
    """When the access ends: maybe before the next period begins."""
