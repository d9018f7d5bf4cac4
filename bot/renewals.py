"""What a customer would renew: the plan they bought last, while it is for sale, at their price."""

from collections.abc import Callable
from datetime import datetime

from domain.ids import UserId
from domain.payments import Provider
from domain.pricing import Quote, quotes
from infra.postgres.offers import CustomerOffers
from infra.postgres.plans import Plans
from infra.postgres.purchases import Purchases


class Renewals:
    """Finds the price of a one-tap renewal."""

    def __init__(
        self,
        purchases: Purchases,
        plans: Plans,
        offers: CustomerOffers,
        now: Callable[[], datetime],
        accepted: tuple[Provider, ...] = (Provider.YOOKASSA,),
    ) -> None:
        self._purchases = purchases
        self._plans = plans
        self._offers = offers
        self._now = now
        self._accepted = accepted

    async def renewal_of(self, user_id: UserId) -> Quote | None:
        """The plan of the newest purchase at today's price; None where there is none."""
        latest = await self._purchases.latest_for_themselves_of(user_id)
        plan = None if latest is None else await self._plans.find(latest.order.plan_id)
        if plan is None:
            return None
        offers = await self._offers.of(user_id, self._now())
        return next(iter(quotes(plan, offers, self._accepted)), None)
