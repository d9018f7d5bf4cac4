"""Where a customer stands: what they have, and what they are buying."""

from datetime import datetime

from bot.shop import Shop
from domain.ids import UserId
from domain.model import Value
from domain.plans import Plan
from domain.purchases import PurchaseRecord
from domain.subscriptions import Subscription


class Standing(Value):
    """A customer's subscription and, where that gives no access, their newest purchase."""

    subscription: Subscription | None = None
    purchase: PurchaseRecord | None = None
    trial: Plan | None = None
    """What a newcomer may try for free."""

    def has_access(self, now: datetime) -> bool:
        """Whether the subscription gives access now."""
        return self.subscription is not None and self.subscription.gives_access(now)


async def standing_of(shop: Shop, user_id: UserId) -> Standing:
    """Read it from the ledger, in four queries at most."""
    subscription = await shop.subscriptions.subscription_of(user_id)
    if subscription is not None and subscription.gives_access(shop.now()):
        return Standing(subscription=subscription)
    return Standing(
        subscription=subscription,
        purchase=await shop.purchases.latest_of(user_id),
        trial=await _trial_for(user_id, shop) if subscription is None else None,
    )


async def _trial_for(user_id: UserId, shop: Shop) -> Plan | None:
    plan = await shop.plans.trial()
    return plan if plan is not None and await shop.trials.is_for(user_id) else None
