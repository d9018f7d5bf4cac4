"""Which plan a customer would renew: the one they bought last, while it is for sale."""

from domain.ids import UserId
from domain.plans import Plan
from infra.postgres.plans import Plans
from infra.postgres.purchases import Purchases


class Renewals:
    """Finds the plan for a one-tap renewal."""

    def __init__(self, purchases: Purchases, plans: Plans) -> None:
        self._purchases = purchases
        self._plans = plans

    async def plan_for(self, user_id: UserId) -> Plan | None:
        """The plan of the newest purchase at today's price; None where there is none."""
        latest = await self._purchases.latest_of(user_id)
        return None if latest is None else await self._plans.find(latest.order.plan_id)
