"""The plans as one customer sees them: each at their own price."""

from bot.buttons import Buy
from bot.shop import Shop
from domain.ids import UserId
from domain.model import Value
from domain.pricing import Offers, Quote, quote


class Catalogue(Value):
    """Every plan for sale with the customer's price, and the offers behind it."""

    quotes: tuple[Quote, ...]
    offers: Offers = Offers()

    def as_drawn(self, button: Buy) -> Quote | None:
        """The button's plan, if it is still for sale at the price that the button shows."""
        return next((each for each in self.quotes if button.agrees_with(each)), None)


async def catalogue_of(shop: Shop, user_id: UserId) -> Catalogue:
    """What the customer is offered now."""
    offers = await shop.offers.of(user_id, shop.now())
    plans = await shop.plans.for_sale()
    return Catalogue(quotes=tuple(quote(plan, offers) for plan in plans), offers=offers)
