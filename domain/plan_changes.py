"""Another plan for the rest of a subscription: what the unused time is worth there.

What was paid for it is carried over, to the kopeck: as money off a dearer plan's price, else as
time on the new plan. Nothing is won by changing to and fro, because only money that was paid is
carried, and every share of it is rounded down.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256

from domain.holdings import Holding, Holdings, share_of, unused_of
from domain.ids import ChangeId, PlanId, SubscriptionId
from domain.model import Value
from domain.money import ROUBLE, Money
from domain.plans import Plan
from domain.pricing import LOWEST_PRICE, Discount, DiscountReason
from domain.refunds import Lapse, Outgo

AGREED_FOR = timedelta(hours=2)
"""A payment page lives an hour. One that is paid later still buys all that its money is worth."""

LONGEST = timedelta(days=3660)
"""As long as the longest period that can be sold."""

_NOTHING = timedelta(0)
_MICROSECOND = timedelta(microseconds=1)


class ChangeRefusal(StrEnum):
    """Why a subscription cannot go on with another plan."""

    SAME_PLAN = "same_plan"
    NOTHING_LEFT = "nothing_left"
    """No paid time is left to carry over: the other plan is simply bought."""
    OTHER_MONEY = "other_money"
    """It was paid in Telegram Stars, which have no rate to roubles."""
    UNDER_WAY = "under_way"
    """A purchase is still being set up."""
    TOO_MANY_DEVICES = "too_many_devices"
    """The customer has more devices than the other plan allows."""
    TOO_LONG = "too_long"
    """The value would buy more than `LONGEST` of so cheap a plan."""


class AgreedChange(Value):
    """What a customer agreed to; it travels with the purchase that pays for it."""

    subscription_id: SubscriptionId
    revision: int
    made_at: datetime
    """When the offer was made: the new plan counts from there."""


class Carried(Value):
    """Unused time that was paid for, as it leaves its grants."""

    credit: Money
    outgoes: tuple[Outgo, ...] = ()
    lapses: tuple[Lapse, ...] = ()
    kept: timedelta = _NOTHING
    """Presents that are left: a present day is a day on any plan."""


class ChangeOffer(Value):
    """What changing to one plan costs and gives, at one moment."""

    plan: Plan
    made_at: datetime
    revision: int
    carried: Carried
    to_pay: Money
    """Zero where the unused time pays for itself."""
    time: timedelta
    """What the new plan gets, presents aside."""

    @property
    def is_free(self) -> bool:
        """Whether nothing is to be paid."""
        return self.to_pay.amount == 0

    @property
    def ends_at(self) -> datetime:
        """When the access then ends."""
        return self.made_at + self.time + self.carried.kept

    @property
    def discount(self) -> Discount:
        """The unused time as it comes off the price."""
        return Discount(reason=DiscountReason.UNUSED_TIME, saved=self.carried.credit)

    @property
    def fingerprint(self) -> str:
        """Eight characters that fit into a button: the same for the same offer only."""
        terms = (self.plan.plan_id, self.plan.price, self.to_pay, self.ends_at, self.revision)
        return sha256("/".join(map(str, terms)).encode()).hexdigest()[:8]


def change_offer(
    holdings: Holdings, current: Plan, wanted: Plan, *, devices: int, now: datetime
) -> ChangeOffer | ChangeRefusal:
    """What changing to the plan costs and gives, or why it cannot be.

    A plan that costs more in the list is paid for; one that costs less takes the unused time.
    """
    if wanted.plan_id == current.plan_id:
        return ChangeRefusal.SAME_PLAN
    if devices > wanted.device_limit:
        return ChangeRefusal.TOO_MANY_DEVICES
    carried = carried_from(holdings, now)
    if isinstance(carried, ChangeRefusal):
        return carried
    difference = wanted.price.amount - carried.credit.amount
    is_paid_for = wanted.price.amount > current.price.amount and difference >= LOWEST_PRICE.amount
    to_pay = Money(amount=difference if is_paid_for else Decimal(0))
    paid = carried.credit.amount + to_pay.amount
    time = time_worth(paid, wanted.price.amount, wanted.duration)
    if time > LONGEST:
        return ChangeRefusal.TOO_LONG
    return ChangeOffer(
        plan=wanted,
        made_at=now,
        revision=holdings.revision,
        carried=carried,
        to_pay=to_pay,
        time=time,
    )


def carried_from(holdings: Holdings, now: datetime) -> Carried | ChangeRefusal:
    """The unused time that was paid for, and what was paid for it."""
    unused = unused_of(holdings.grants, holdings.left_at(now))
    pairs = [pair for pair in zip(holdings.grants, unused, strict=True) if pair[1] > _NOTHING]
    backings = [backing for holding, _ in pairs for backing in holding.backings]
    if any(each.amount.currency != ROUBLE for each in backings):
        return ChangeRefusal.OTHER_MONEY
    if not all(each.is_settled for each in backings):
        return ChangeRefusal.UNDER_WAY
    outgoes = tuple(outgo for holding, rest in pairs for outgo in _outgoes(holding, rest))
    credit = sum((each.amount.amount for each in outgoes), Decimal(0))
    if not credit:
        return ChangeRefusal.NOTHING_LEFT
    return Carried(
        credit=Money(amount=credit),
        outgoes=outgoes,
        lapses=tuple(
            Lapse(grant_id=holding.grant_id, time=rest)
            for holding, rest in pairs
            if holding.backings
        ),
        kept=sum((rest for holding, rest in pairs if not holding.backings), _NOTHING),
    )


def time_worth(paid: Decimal, price: Decimal, time: timedelta) -> timedelta:
    """How long the money lasts at that price for that time, rounded down to the microsecond."""
    return int(time // _MICROSECOND * paid / price) * _MICROSECOND


def _outgoes(holding: Holding, rest: timedelta) -> tuple[Outgo, ...]:
    shares = (
        (backing, share_of(backing.amount, rest, holding.length)) for backing in holding.backings
    )
    return tuple(
        Outgo(grant_id=holding.grant_id, payment_id=backing.payment_id, amount=share)
        for backing, share in shares
        if share.amount > 0
    )


class ChangeOrder(Value):
    """A customer takes an offer for which nothing is to be paid."""

    change_id: ChangeId
    subscription_id: SubscriptionId
    plan_id: PlanId
    made_at: datetime
    fingerprint: str


class Changed(Value):
    """What a change of a subscription came to."""

    subscription_id: SubscriptionId
    expires_at: datetime
