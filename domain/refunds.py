"""Money back: what a customer is offered, what staff may give, and what is taken for it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256

from domain.holdings import Backing, Holding, Holdings, RefundRule, share_of, time_for, unused_of
from domain.ids import GrantId, PaymentId
from domain.model import Value
from domain.money import Money
from domain.payments import Provider

OFFER_LIFE = timedelta(minutes=15)
"""How long an offer stands: its amount would change with every kopeck's worth of time."""

_NOTHING = timedelta(0)


class WhyNot(StrEnum):
    """Why nothing of a payment goes back."""

    RULE = "rule"
    """Its plan is sold without refunds."""
    TOO_LATE = "too_late"
    TOO_MUCH_USED = "too_much_used"
    """More traffic than a full refund allows."""
    USED_UP = "used_up"
    WHOLE_ONLY = "whole_only"
    """Its provider gives no part back, and a part was used."""
    UNDER_WAY = "under_way"
    """Its purchase is still being set up, or waits for the staff."""


class Outgo(Value):
    """Money that leaves one grant."""

    grant_id: GrantId
    payment_id: PaymentId
    amount: Money


class RefundPart(Value):
    """What goes back of one payment, over all the grants that it stands behind."""

    payment_id: PaymentId
    provider: Provider
    amount: Money
    lost: timedelta
    """Access that is lost for it: comes back if the money cannot be given back."""


class Lapse(Value):
    """Time that a grant loses."""

    grant_id: GrantId
    time: timedelta


class RefundOffer(Value):
    """What cancelling gives and takes, at one moment."""

    made_at: datetime
    revision: int
    """Of the subscription: an offer about another state of it is another offer."""
    outgoes: tuple[Outgo, ...] = ()
    parts: tuple[RefundPart, ...] = ()
    lapses: tuple[Lapse, ...] = ()
    lost: timedelta = _NOTHING
    """The access that is given up, presents included."""
    refusals: tuple[WhyNot, ...] = ()
    """Why nothing goes back of the payments that are not among the parts."""

    @property
    def is_worth_it(self) -> bool:
        """Whether any money goes back."""
        return bool(self.parts)

    @property
    def totals(self) -> tuple[Money, ...]:
        """What goes back, in each currency."""
        currencies = dict.fromkeys(part.amount.currency for part in self.parts)
        return tuple(_sum(self.parts, currency) for currency in currencies)

    @property
    def fingerprint(self) -> str:
        """Eight characters that fit into a button: the same for the same offer only."""
        whole = self.model_dump_json(include={"made_at", "revision", "parts", "lapses"})
        return sha256(whole.encode()).hexdigest()[:8]


def refund_offer(holdings: Holdings, now: datetime) -> RefundOffer:
    """What cancelling the whole subscription gives back now.

    Each payment keeps the rule of the plan that it bought. The access ends altogether, so unused
    time whose money does not go back is lost too, and so are presents.
    """
    left = holdings.left_at(now)
    unused = unused_of(holdings.grants, left)
    pairs = tuple(zip(holdings.grants, unused, strict=True))
    verdicts = {
        (holding.grant_id, backing.payment_id): _verdict(holding, backing, rest, holdings, now)
        for holding, rest in pairs
        for backing in holding.backings
    }
    outgoes = tuple(
        Outgo(grant_id=grant_id, payment_id=payment_id, amount=verdict)
        for (grant_id, payment_id), verdict in verdicts.items()
        if isinstance(verdict, Money)
    )
    outgoes, split = _only_whole_where_needed(outgoes, _backings(holdings.grants))
    refused = [verdict for verdict in verdicts.values() if isinstance(verdict, WhyNot)]
    return RefundOffer(
        made_at=now,
        revision=holdings.revision,
        outgoes=outgoes,
        parts=_parts(outgoes, pairs, left),
        lapses=_lapses(outgoes, pairs),
        lost=left,
        refusals=tuple(dict.fromkeys((*refused, *split))),
    )


def _verdict(
    holding: Holding, backing: Backing, rest: timedelta, holdings: Holdings, now: datetime
) -> Money | WhyNot:
    """What goes back of one payment's part behind one grant, or why nothing does."""
    terms = backing.terms
    if terms.rule is RefundRule.NONE:
        return WhyNot.RULE
    if not backing.is_settled:
        return WhyNot.UNDER_WAY
    if terms.rule is RefundRule.FULL_WITHIN:
        if now - backing.paid_at > timedelta(days=terms.days):
            return WhyNot.TOO_LATE
        is_untouched = rest == holding.length
        limit = terms.traffic_bytes
        if limit is not None and not is_untouched and holdings.traffic_bytes > limit:
            return WhyNot.TOO_MUCH_USED
        return backing.amount if rest > _NOTHING else WhyNot.USED_UP
    back = share_of(backing.amount, rest, holding.length)
    return back if back.amount > 0 else WhyNot.USED_UP


def _only_whole_where_needed(
    outgoes: tuple[Outgo, ...], backings: dict[PaymentId, Backing]
) -> tuple[tuple[Outgo, ...], tuple[WhyNot, ...]]:
    """Drop what would be a part of a payment that goes back whole or not at all."""
    split = {
        payment_id
        for payment_id in {each.payment_id for each in outgoes}
        if not backings[payment_id].provider.refunds_in_part
        and _amount(outgoes, payment_id) != backings[payment_id].paid.amount
    }
    kept = tuple(each for each in outgoes if each.payment_id not in split)
    return kept, (WhyNot.WHOLE_ONLY,) if split else ()


def _parts(
    outgoes: tuple[Outgo, ...], pairs: tuple[tuple[Holding, timedelta], ...], left: timedelta
) -> tuple[RefundPart, ...]:
    """What goes back of each payment; whoever gets nothing back in the end gets the time back."""
    backings = _backings(holding for holding, _ in pairs)
    payment_ids = tuple(dict.fromkeys(each.payment_id for each in outgoes))
    amounts = {each: _amount(outgoes, each) for each in payment_ids}
    whole = sum(amounts.values(), Decimal(0))
    return tuple(
        RefundPart(
            payment_id=payment_id,
            provider=backings[payment_id].provider,
            amount=Money(amount=amounts[payment_id], currency=backings[payment_id].amount.currency),
            lost=time_for(amounts[payment_id], whole, left),
        )
        for payment_id in payment_ids
    )


def _lapses(
    outgoes: tuple[Outgo, ...], pairs: tuple[tuple[Holding, timedelta], ...]
) -> tuple[Lapse, ...]:
    """Every grant loses what is unused; where more of its money goes back, more of its time."""
    lapses: list[Lapse] = []
    for holding, rest in pairs:
        behind = sum((each.amount.amount for each in holding.backings), Decimal(0))
        back = sum(
            (each.amount.amount for each in outgoes if each.grant_id == holding.grant_id),
            Decimal(0),
        )
        paid_back = time_for(back, behind, holding.length) if back else _NOTHING
        if (time := max(rest, paid_back)) > _NOTHING:
            lapses.append(Lapse(grant_id=holding.grant_id, time=time))
    return tuple(lapses)


def partial_refund(
    grants: Iterable[Holding], payment_id: PaymentId, amount: Money
) -> tuple[tuple[Outgo, ...], tuple[Lapse, ...]]:
    """How an amount of one payment leaves the grants that it stands behind, the latest first.

    Each loses the share of its time that the amount was of all the money behind it.
    """
    outgoes: list[Outgo] = []
    lapses: list[Lapse] = []
    wanted = amount.amount
    for holding in reversed(tuple(grants)):
        behind = sum((each.amount.amount for each in holding.backings), Decimal(0))
        of_it = (each.amount.amount for each in holding.backings if each.payment_id == payment_id)
        if not (leaving := min(wanted, sum(of_it, Decimal(0)))):
            continue
        wanted -= leaving
        money = Money(amount=leaving, currency=amount.currency)
        outgoes.append(Outgo(grant_id=holding.grant_id, payment_id=payment_id, amount=money))
        time = time_for(leaving, behind, holding.length)
        lapses.append(Lapse(grant_id=holding.grant_id, time=time))
    return tuple(outgoes), tuple(lapses)


def _backings(grants: Iterable[Holding]) -> dict[PaymentId, Backing]:
    return {each.payment_id: each for holding in grants for each in holding.backings}


def _amount(outgoes: Iterable[Outgo], payment_id: PaymentId) -> Decimal:
    amounts = (each.amount.amount for each in outgoes if each.payment_id == payment_id)
    return sum(amounts, Decimal(0))


def _sum(parts: Iterable[RefundPart], currency: str) -> Money:
    amounts = (part.amount.amount for part in parts if part.amount.currency == currency)
    return Money(amount=sum(amounts, Decimal(0)), currency=currency)
