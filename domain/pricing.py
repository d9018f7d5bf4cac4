"""What a plan costs a customer, and why: the rules of stacking, in one pure function.

The same rules in words are in `docs/pricing.md`.
"""

from collections.abc import Iterable
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import NamedTuple

from domain.ids import PromoId
from domain.model import Value
from domain.money import KOPECK, ROUBLE, STAR, Money, roubles
from domain.payments import Provider
from domain.plans import Plan
from domain.promotions import PromoCode, PromoKind, PromoRefusal

LOWEST_PRICE = roubles(1)
"""YooKassa takes no payment below one rouble; what is free is a trial or a gift, not a code.

In Stars the lowest price is one of them.
"""

ROUNDING = ROUND_HALF_UP
"""Of each discount, to the kopeck or the whole Star: half of one goes to the customer."""


class DiscountReason(StrEnum):
    """Why something comes off the price."""

    LOYALTY = "loyalty"
    """The customer has stayed for long."""
    WELCOME = "welcome"
    """The customer was invited by a friend, and buys for the first time."""
    PROMO = "promo"
    """The customer entered a code."""
    UNUSED_TIME = "unused_time"
    """What is left of the present plan, when it is changed."""


class Discount(Value):
    """One reduction of one price, as it was agreed."""

    reason: DiscountReason
    saved: Money = Money(amount=Decimal(0))
    percent: int | None = None
    """Set when it was a percentage of what was left."""
    days: int = 0
    """Days on top, which a code may give instead of money."""
    promo_id: PromoId | None = None
    code: str | None = None
    is_for_first_purchase: bool = False

    @property
    def is_counted(self) -> bool:
        """Whether it may be had only so many times, so that its use has to be held."""
        return self.promo_id is not None or self.is_for_first_purchase


class StandingDiscount(Value):
    """A percentage that a customer has without a code."""

    reason: DiscountReason
    percent: int


class Offers(Value):
    """Everything that may make a plan cheaper for one customer, now."""

    standing: tuple[StandingDiscount, ...] = ()
    promo: PromoCode | None = None
    """The code that the customer entered, while it can be used."""
    refused_code: str | None = None
    """The code that they entered, when it cannot."""
    refusal: PromoRefusal | None = None
    """Why not."""


class Quote(Value):
    """What a plan costs one customer: the price on the button is the price that is charged."""

    plan: Plan
    discounts: tuple[Discount, ...] = ()
    price: Money
    """What is to be paid."""
    provider: Provider = Provider.YOOKASSA
    """By whom."""

    @property
    def full_price(self) -> Money:
        """The plan's price in the list."""
        return self.plan.price_by(self.provider) or self.plan.price

    @property
    def without_discounts(self) -> "Quote":
        """The same for somebody else, as a gift: the price in the list."""
        return self.model_copy(update={"price": self.full_price, "discounts": ()})

    @property
    def extra_days(self) -> int:
        """Days on top of the plan's own."""
        return sum(discount.days for discount in self.discounts)

    @property
    def duration(self) -> timedelta:
        """The time that the price buys."""
        return self.plan.duration + timedelta(days=self.extra_days)


def list_quote(plan: Plan) -> Quote:
    """The plan for somebody about whom nothing is known: the price in the list."""
    return Quote(plan=plan, price=plan.price)


def quotes(plan: Plan, offers: Offers, accepted: Iterable[Provider]) -> tuple[Quote, ...]:
    """The best price for each of those ways to pay that the plan is sold by."""
    return tuple(quote(plan, offers, by) for by in accepted if plan.price_by(by) is not None)


def quote(plan: Plan, offers: Offers, provider: Provider = Provider.YOOKASSA) -> Quote:
    """The best price that the offers allow.

    1. Of the standing discounts only the greatest counts.
    2. A code that combines comes off what that leaves; another takes its place where it saves
       more. A code that saves nothing more is not used.
    3. Days on top touch no price, so they always count.
    4. Each discount is rounded by `ROUNDING`; the last one stops at `LOWEST_PRICE`.
    """
    standing = max(offers.standing, key=lambda each: each.percent, default=None)
    listed = plan.price_by(provider) or plan.price
    promo = offers.promo if _is_for(plan, offers.promo, listed) else None
    ways = [_Price(listed).after(standing), _Price(listed)]
    if promo is not None:
        ways = [*ways, *(way.with_code(promo) for way in ways if promo.combines or not way.cuts)]
    # The first of equals: a code that saves nothing is kept for another time.
    best = min(ways, key=lambda way: way.left.amount)
    days = () if promo is None or promo.kind is not PromoKind.DAYS else (_days(promo),)
    cuts = (*best.cuts, *days)
    return Quote(plan=plan, discounts=cuts, price=best.left, provider=provider)


class _Price(NamedTuple):
    """A price on its way down."""

    left: Money
    cuts: tuple[Discount, ...] = ()

    def after(self, standing: StandingDiscount | None) -> "_Price":
        if standing is None:
            return self
        is_welcome = standing.reason is DiscountReason.WELCOME
        discount = Discount(
            reason=standing.reason, percent=standing.percent, is_for_first_purchase=is_welcome
        )
        return self._cut(self._share(Decimal(standing.percent)), discount)

    def with_code(self, promo: PromoCode) -> "_Price":
        match promo.kind:
            case PromoKind.PERCENT:
                cut = _by_code(promo, percent=int(promo.worth))
                return self._cut(self._share(promo.worth), cut)
            case PromoKind.FIXED:
                return self._cut(promo.worth, _by_code(promo))
            case PromoKind.DAYS:
                return self

    def _share(self, percent: Decimal) -> Decimal:
        least = Decimal(1) if self.left.currency == STAR else KOPECK
        return (self.left.amount * percent / 100).quantize(least, rounding=ROUNDING)

    def _cut(self, wanted: Decimal, discount: Discount) -> "_Price":
        saved = min(wanted, self.left.amount - LOWEST_PRICE.amount)
        if saved <= 0:
            return self
        currency = self.left.currency
        left = Money(amount=self.left.amount - saved, currency=currency)
        off = discount.model_copy(update={"saved": Money(amount=saved, currency=currency)})
        return _Price(left, (*self.cuts, off))


def _is_for(plan: Plan, promo: PromoCode | None, listed: Money) -> bool:
    """A sum of roubles comes off a price in roubles only."""
    if promo is None or not promo.suits(plan.plan_id):
        return False
    return promo.kind is not PromoKind.FIXED or listed.currency == ROUBLE


def _by_code(promo: PromoCode, *, percent: int | None = None, days: int = 0) -> Discount:
    return Discount(
        reason=DiscountReason.PROMO,
        percent=percent,
        days=days,
        promo_id=promo.promo_id,
        code=promo.code,
        is_for_first_purchase=promo.is_for_first_purchase,
    )


def _days(promo: PromoCode) -> Discount:
    return _by_code(promo, days=int(promo.worth))
