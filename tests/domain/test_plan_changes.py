"""Another plan: what the unused time is worth there, and that nothing is won by changing."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.holdings import Holding, Holdings
from domain.ids import GrantId, PlanId
from domain.languages import Wording
from domain.money import STAR, Money, roubles
from domain.plan_changes import ChangeOffer, ChangeRefusal, change_offer
from domain.plans import Plan
from domain.refunds import refund_offer
from tests.domain.test_refunds import DAY, MONTH, NOW, granted, holding, paid

NAME = Wording(ru="План", en="Plan")


def plan(number: int, price: str, days: int, devices: int = 5) -> Plan:
    return Plan(
        plan_id=PlanId(number),
        slug=f"plan-{number}",
        name=NAME,
        description=NAME,
        price=roubles(price),
        duration_days=days,
        device_limit=devices,
    )


BASIC, FAMILY, YEAR = plan(1, "300.00", 30, 1), plan(2, "600.00", 30), plan(3, "2400.00", 365)
HALF_A_MONTH = holding(granted(1, MONTH, paid(1, "300.00")), left=15 * DAY)


def offer(
    held: Holdings, current: Plan, wanted: Plan, devices: int = 1
) -> ChangeOffer | ChangeRefusal:
    return change_offer(held, current, wanted, devices=devices, now=NOW)


def offered(held: Holdings, current: Plan, wanted: Plan) -> ChangeOffer:
    found = offer(held, current, wanted)
    assert isinstance(found, ChangeOffer)
    return found


def test_a_dearer_plan_costs_its_price_less_what_was_not_used() -> None:
    change = offered(HALF_A_MONTH, BASIC, FAMILY)
    assert (change.carried.credit, change.to_pay) == (roubles(150), roubles(450))
    assert (change.time, change.ends_at) == (MONTH, NOW + MONTH)


def test_a_cheaper_plan_takes_the_unused_value_as_days() -> None:
    held = holding(granted(1, MONTH, paid(1, "600.00")), left=15 * DAY)
    change = offered(held, FAMILY, BASIC)
    assert change.is_free
    assert change.ends_at == NOW + MONTH


def test_a_value_that_covers_the_price_is_days_too() -> None:
    grants = (granted(number, MONTH, paid(number, "300.00")) for number in (1, 2, 3))
    change = offered(holding(*grants, left=90 * DAY), BASIC, FAMILY)
    assert change.is_free
    assert change.time == 45 * DAY


def test_less_than_the_provider_takes_is_not_asked_for() -> None:
    held = holding(granted(1, MONTH, paid(1, "599.50")), left=MONTH)
    change = offered(held, BASIC, FAMILY)
    assert change.is_free
    assert MONTH - timedelta(hours=1) < change.time < MONTH


def test_present_days_stay_days() -> None:
    held = holding(granted(1, MONTH, paid(1, "300.00")), granted(2, 7 * DAY), left=22 * DAY)
    change = offered(held, BASIC, FAMILY)
    assert change.to_pay == roubles(450)
    assert change.ends_at == NOW + MONTH + 7 * DAY


@pytest.mark.parametrize(
    ("held", "current", "wanted", "devices", "why"),
    [
        (HALF_A_MONTH, BASIC, BASIC, 1, ChangeRefusal.SAME_PLAN),
        (HALF_A_MONTH, FAMILY, BASIC, 2, ChangeRefusal.TOO_MANY_DEVICES),
        (holding(granted(1, 7 * DAY), left=DAY), BASIC, YEAR, 1, ChangeRefusal.NOTHING_LEFT),
        (HALF_A_MONTH, BASIC, plan(9, "1.00", 30), 1, ChangeRefusal.TOO_LONG),
        (
            holding(granted(1, MONTH, paid(1)), left=timedelta(0)),
            BASIC,
            YEAR,
            1,
            ChangeRefusal.NOTHING_LEFT,
        ),
        (
            holding(granted(1, MONTH, paid(1, is_settled=False)), left=DAY),
            BASIC,
            YEAR,
            1,
            ChangeRefusal.UNDER_WAY,
        ),
        (
            holding(
                granted(1, MONTH, paid(1, amount=Money(amount=Decimal(250), currency=STAR))),
                left=DAY,
            ),
            BASIC,
            YEAR,
            1,
            ChangeRefusal.OTHER_MONEY,
        ),
    ],
)
def test_a_change_is_refused_for_a_reason(
    held: Holdings, current: Plan, wanted: Plan, devices: int, why: ChangeRefusal
) -> None:
    assert offer(held, current, wanted, devices) is why


def after(held: Holdings, change: ChangeOffer, number: int) -> Holdings:
    """What the customer holds once the change is made, as the ledger writes it down."""
    lapses = {each.grant_id: each.time for each in change.carried.lapses}
    outgoes = {(each.grant_id, each.payment_id): each.amount for each in change.carried.outgoes}
    kept = [
        Holding(
            grant_id=each.grant_id,
            length=each.length - lapses.get(each.grant_id, timedelta(0)),
            backings=tuple(
                backing.model_copy(
                    update={
                        "amount": roubles(
                            backing.amount.amount
                            - outgoes.get((each.grant_id, backing.payment_id), roubles(0)).amount
                        )
                    }
                )
                for backing in each.backings
            ),
        )
        for each in held.grants
    ]
    known = {backing.payment_id: backing for each in held.grants for backing in each.backings}
    carried: dict[int, Decimal] = {}
    for each in change.carried.outgoes:
        carried[each.payment_id] = carried.get(each.payment_id, Decimal(0)) + each.amount.amount
    backings = [
        known[payment_id].model_copy(update={"amount": roubles(amount)})
        for payment_id, amount in carried.items()
    ]
    if not change.is_free:
        backings.append(paid(1000 + number, str(change.to_pay.amount)))
    fresh = Holding(
        grant_id=GrantId(UUID(int=1000 + number)), length=change.time, backings=tuple(backings)
    )
    return Holdings(
        grants=(*(each for each in kept if each.length > timedelta(0)), fresh),
        ends_at=change.ends_at,
        revision=held.revision + 1,
    )


PLANS = st.builds(
    plan,
    st.integers(1, 9),
    st.decimals(min_value="1.00", max_value="9999.99", places=2).map(str),
    st.integers(1, 400),
)


@settings(max_examples=200)
@given(st.lists(PLANS, min_size=2, max_size=7, unique_by=lambda each: each.plan_id))
def test_no_chain_of_changes_gains_value(chain: list[Plan]) -> None:
    first = chain[0]
    bought = granted(1, first.duration, paid(1, str(first.price.amount)))
    held = holding(bought, left=first.duration)
    spent, current = first.price.amount, first
    for number, wanted in enumerate(chain[1:]):
        change = offer(held, current, wanted)
        if not isinstance(change, ChangeOffer):
            continue
        spent += change.to_pay.amount
        held, current = after(held, change, number), wanted
        back = sum((each.amount for each in refund_offer(held, NOW).totals), Decimal(0))
        assert back <= spent, "no more comes back than was paid"
        assert change.time * float(wanted.price.amount / spent) <= wanted.duration + DAY / 86400
    lost = spent - back_now(held)
    assert lost <= Decimal("0.01") * len(chain) ** 2, "and no more than kopecks are lost"


def back_now(held: Holdings) -> Decimal:
    return sum((each.amount for each in refund_offer(held, NOW).totals), Decimal(0))
