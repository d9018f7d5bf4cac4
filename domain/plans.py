"""What is for sale."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from domain.ids import PlanId
from domain.languages import Wording
from domain.model import Value
from domain.money import Money, stars
from domain.payments import Provider
from domain.quotas import Quota


class Plan(Value):
    """A subscription plan (the HTTP API calls it a tariff)."""

    plan_id: PlanId
    slug: str
    name: Wording
    description: Wording
    price: Money
    price_stars: Annotated[int, Field(gt=0)] | None = None
    """The price in Telegram Stars; None where it is not sold for them."""
    duration_days: Annotated[int, Field(gt=0, le=3660)]
    device_limit: Annotated[int, Field(gt=0)] = 1
    speed_mbit: Annotated[int, Field(gt=0)] | None = None
    """Megabits a second for each device, each way; None: as fast as it goes."""
    quota: Quota | None = None
    """The traffic that it includes; None: as much as it carries."""
    locations: tuple[str, ...] = ()
    """Locations that the plan may use; empty means any."""
    is_trial: bool = False
    """Free, once for each customer, and in no list of prices."""

    @property
    def duration(self) -> timedelta:
        """The time that one purchase buys."""
        return timedelta(days=self.duration_days)

    def price_by(self, provider: Provider) -> Money | None:
        """What it costs when that provider collects; None where it is not sold that way."""
        if provider is Provider.STARS:
            return None if self.price_stars is None else stars(self.price_stars)
        return self.price
