"""What a customer holds: granted time, how much of it is left, and the money behind it.

Of a subscription's grants the one that began first is used first. So what is left of the time is
left of the latest grants, and with the time its share of their money, to the microsecond.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum

from domain.ids import GrantId, PaymentId
from domain.model import Value
from domain.money import KOPECK, STAR, Money
from domain.payments import Provider

_NOTHING = timedelta(0)
_MICROSECOND = timedelta(microseconds=1)


class RefundRule(StrEnum):
    """What a plan promises to whoever wants the money back."""

    FULL_WITHIN = "full_within"
    """All of it within some days, if it was hardly used; then nothing."""
    PRO_RATA = "pro_rata"
    """The part that was not used, at any time."""
    NONE = "none"


class RefundTerms(Value):
    """The rule of the plan that a payment bought, which it keeps whatever comes later."""

    rule: RefundRule = RefundRule.PRO_RATA
    days: int = 14
    """How long the whole price can be had back, where the rule is that."""
    traffic_bytes: int | None = None
    """With no more traffic than this; None where traffic does not matter."""


class Backing(Value):
    """The part of one payment that stands behind one grant."""

    payment_id: PaymentId
    provider: Provider = Provider.YOOKASSA
    amount: Money
    paid: Money
    """The whole payment."""
    paid_at: datetime
    terms: RefundTerms = RefundTerms()
    is_settled: bool = True
    """Whether its purchase has come to rest: until then that decides about its money."""


class Holding(Value):
    """One grant as it is now: what was taken back of it before does not count."""

    grant_id: GrantId
    length: timedelta
    backings: tuple[Backing, ...] = ()
    """Empty where it was a present."""


class Holdings(Value):
    """Every grant of a subscription's present period, in the order in which they are used."""

    grants: tuple[Holding, ...]
    ends_at: datetime
    revision: int
    stands_still_since: datetime | None = None
    """Set while the subscription is frozen: no time passes for it."""
    traffic_bytes: int = 0
    """What the customer's devices have transferred, as far as it is known."""

    def left_at(self, now: datetime) -> timedelta:
        """The access that is still to come."""
        return max(self.ends_at - (self.stands_still_since or now), _NOTHING)


def unused_of(grants: Sequence[Holding], left: timedelta) -> tuple[timedelta, ...]:
    """How much of each grant is not used yet: what is left fills them from the last backwards."""
    unused: list[timedelta] = []
    for holding in reversed(grants):
        mine = min(holding.length, left)
        unused.append(mine)
        left -= mine
    return tuple(reversed(unused))


def share_of(money: Money, part: timedelta, whole: timedelta) -> Money:
    """The share of the money that belongs to that part of the time, rounded down.

    To the kopeck or the whole Star; the rest of one stays with the shop, so that no sequence of
    shares can add up to more than there was.
    """
    if part >= whole:
        return money
    exact = money.amount * (part // _MICROSECOND) / (whole // _MICROSECOND)
    least = Decimal(1) if money.currency == STAR else KOPECK
    return Money(amount=exact.quantize(least, rounding=ROUND_DOWN), currency=money.currency)


def time_for(part: Decimal, whole: Decimal, time: timedelta) -> timedelta:
    """The share of the time that belongs to that part of the money, rounded down."""
    if part >= whole:
        return time
    return int(time // _MICROSECOND * part / whole) * _MICROSECOND
