"""Promo codes, and when one may be used."""

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from domain.ids import PlanId, PromoId
from domain.model import Value

CODE_PATTERN = r"^[A-Z0-9_-]{3,32}$"
"""What a code may look like; it also fits into a Telegram deep link behind `promo_`."""


class PromoKind(StrEnum):
    """What a code gives."""

    PERCENT = "percent"
    FIXED = "fixed"
    """A sum of roubles off."""
    DAYS = "days"
    """Days on top of those that are bought."""


class PromoTerms(Value):
    """What the owner decides about a code; many codes may share the same terms."""

    kind: PromoKind
    worth: Annotated[Decimal, Field(gt=0, le=1_000_000, decimal_places=2)]
    """Percent, roubles or days."""
    max_uses: Annotated[int, Field(gt=0)] | None = None
    """Of all customers together; None: as many as come."""
    max_uses_each: Annotated[int, Field(gt=0)] = 1
    """Of one customer."""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    plans: tuple[PlanId, ...] = ()
    """The plans that it is for; empty means any."""
    is_for_first_purchase: bool = False
    combines: bool = False
    """Whether it comes off after a standing discount, instead of in its place."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.kind is PromoKind.PERCENT and self.worth > 100:  # noqa: PLR2004  # per cent
            raise ValueError("more than 100 percent cannot come off")
        if self.kind is not PromoKind.FIXED and self.worth != self.worth.to_integral_value():
            raise ValueError("percent and days are whole numbers")
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValueError("a code has to begin before it ends")
        return self

    def suits(self, plan_id: PlanId) -> bool:
        """Whether it is for that plan."""
        return not self.plans or plan_id in self.plans


class PromoCode(PromoTerms):
    """A code that customers can enter."""

    promo_id: PromoId
    code: Annotated[str, Field(pattern=CODE_PATTERN)]
    is_enabled: bool = True


class PromoRefusal(StrEnum):
    """Why a code cannot be used."""

    UNKNOWN = "unknown"
    """There is none, or the owner has switched it off."""
    NOT_YET = "not_yet"
    OVER = "over"
    USED_UP = "used_up"
    USED_BY_YOU = "used_by_you"
    HELD_BY_YOU = "held_by_you"
    """It waits on a payment page of the customer's that is still open."""
    NOT_FIRST = "not_first"
    """It is for a first purchase, and the customer has bought before."""


REFUSALS_IN_WORDS = {
    PromoRefusal.UNKNOWN: "there is no such code",
    PromoRefusal.NOT_YET: "the code is not valid yet",
    PromoRefusal.OVER: "the code is no longer valid",
    PromoRefusal.USED_UP: "the code has been used as often as it could be",
    PromoRefusal.USED_BY_YOU: "the customer has used the code already",
    PromoRefusal.HELD_BY_YOU: "the discount waits on an open payment page of the customer's",
    PromoRefusal.NOT_FIRST: "the discount is for a first purchase only",
}
"""For programs and logs; customers read it in their language."""


class PromoUsage(Value):
    """How a code, or a discount for a first purchase, has been used so far.

    A use counts while it is spent or held: held by a payment page that may still be paid.
    """

    uses: int = 0
    uses_by_customer: int = 0
    held_by_customer: int = 0
    """Those of the customer's uses that are only held."""
    has_paid: bool = False
    """Whether the customer has ever paid for anything and not got it back."""
    first_purchase_is_held: bool = False
    """Whether an open payment page of theirs already has a discount for a first purchase."""


def normal_form(entered: str) -> str:
    """A code as it is stored: people write it in any case, with spaces around."""
    return entered.strip().upper()


def is_wellformed(code: str) -> bool:
    """Whether a code in its normal form is one that could be."""
    return re.fullmatch(CODE_PATTERN, code) is not None


def refusal_of(code: PromoCode | None, usage: PromoUsage, now: datetime) -> PromoRefusal | None:
    """Why the customer cannot use the code now; None when they can."""
    if code is None or not code.is_enabled:
        return PromoRefusal.UNKNOWN
    if code.starts_at is not None and now < code.starts_at:
        return PromoRefusal.NOT_YET
    if code.ends_at is not None and now >= code.ends_at:
        return PromoRefusal.OVER
    if usage.uses_by_customer >= code.max_uses_each:
        return _own_limit(usage)
    if code.max_uses is not None and usage.uses >= code.max_uses:
        return PromoRefusal.USED_UP
    return first_purchase_refusal(usage) if code.is_for_first_purchase else None


def first_purchase_refusal(usage: PromoUsage) -> PromoRefusal | None:
    """Why a discount for a first purchase is not for this one; None when it is."""
    if usage.has_paid:
        return PromoRefusal.NOT_FIRST
    return PromoRefusal.HELD_BY_YOU if usage.first_purchase_is_held else None


def _own_limit(usage: PromoUsage) -> PromoRefusal:
    return PromoRefusal.HELD_BY_YOU if usage.held_by_customer else PromoRefusal.USED_BY_YOU


class LoyaltyRule(Value):
    """A discount for customers who have stayed: after so many paid periods, or paid months."""

    after_periods: Annotated[int, Field(gt=0)] | None = None
    after_months: Annotated[int, Field(gt=0)] | None = None
    """Of 30 days, in purchases that were paid for; trials, gifts and rewards do not count."""
    percent: Annotated[int, Field(ge=1, le=100)]

    @model_validator(mode="after")
    def _has_one_condition(self) -> Self:
        if (self.after_periods is None) == (self.after_months is None):
            raise ValueError("a rule needs either after_periods or after_months")
        return self

    def is_met(self, periods: int, paid: timedelta) -> bool:
        """Whether a customer with so many paid periods, so long together, has earned it."""
        if self.after_periods is not None:
            return periods >= self.after_periods
        return self.after_months is not None and paid >= self.after_months * _MONTH


_MONTH = timedelta(days=30)


def loyalty_percent(rules: Collection[LoyaltyRule], periods: int, paid: timedelta) -> int:
    """The best percentage that the customer has earned; 0 for none."""
    return max((rule.percent for rule in rules if rule.is_met(periods, paid)), default=0)
