"""What is for sale."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from domain.ids import PlanId
from domain.languages import Wording
from domain.model import Value
from domain.money import Money


class Plan(Value):
    """A subscription plan (the HTTP API calls it a tariff)."""

    plan_id: PlanId
    slug: str
    name: Wording
    description: Wording
    price: Money
    duration_days: Annotated[int, Field(gt=0, le=3660)]
    device_limit: Annotated[int, Field(gt=0)] = 1
    locations: tuple[str, ...] = ()
    """Locations that the plan may use; empty means any."""
    is_trial: bool = False
    """Free, once for each customer, and in no list of prices."""

    @property
    def duration(self) -> timedelta:
        """The time that one purchase buys."""
        return timedelta(days=self.duration_days)
