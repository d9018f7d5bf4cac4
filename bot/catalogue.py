"""The plans as one customer sees them: each at their own price."""

from itertools import groupby

from bot.buttons import Buy, BuyInStars
from bot.shop import Shop
from domain.ids import UserId
from domain.model import Value
from domain.pricing import Offers, Quote, quotes


class Catalogue(Value):
    """Every plan for sale with the customer's prices, and the offers behind them."""

    quotes: tuple[Quote, ...]
    """Plan by plan, for each way to pay."""
    offers: Offers = Offers()

    @property
    def by_plan(self) -> tuple[tuple[Quote, ...], ...]:
        """The prices of each plan together."""
        plans = groupby(self.quotes, key=lambda each: each.plan.plan_id)
        return tuple(tuple(prices) for _, prices in plans)

    def as_drawn(self, button: Buy | BuyInStars) -> Quote | None:
        """The button's plan, if it is still for sale at the price that the button shows."""
        prices = self.for_others.quotes if button.is_gift else self.quotes
        return next((each for each in prices if button.agrees_with(each)), None)

    @property
    def for_others(self) -> "Catalogue":
        """The same as gifts: at the prices in the list."""
        return Catalogue(quotes=tuple(each.without_discounts for each in self.quotes))


async def catalogue_of(shop: Shop, user_id: UserId) -> Catalogue:
    """What the customer is offered now."""
    offers = await shop.offers.of(user_id, shop.now())
    plans = await shop.plans.for_sale()
    priced = (each for plan in plans for each in quotes(plan, offers, shop.accepted))
    return Catalogue(quotes=tuple(priced), offers=offers)
