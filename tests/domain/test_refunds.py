"""What goes back when a customer cancels, and what a part of the price takes with it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.holdings import Backing, Holding, Holdings, RefundRule, RefundTerms, unused_of
from domain.ids import GrantId, PaymentId
from domain.money import STAR, Money, roubles
from domain.payments import Provider
from domain.refunds import RefundOffer, WhyNot, partial_refund, refund_offer

NOW = datetime(2027, 3, 5, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
MONTH = 30 * DAY
FULL = RefundTerms(rule=RefundRule.FULL_WITHIN, days=7, traffic_bytes=1000)


def paid(number: int, sum_paid: str = "299.00", **changes: object) -> Backing:
    money = roubles(sum_paid)
    return Backing(
        payment_id=PaymentId(number), amount=money, paid=money, paid_at=NOW - DAY
    ).model_copy(update=changes)


def granted(number: int, length: timedelta = MONTH, *backings: Backing) -> Holding:
    return Holding(grant_id=GrantId(UUID(int=number)), length=length, backings=backings)


def holding(*grants: Holding, left: timedelta, traffic: int = 0) -> Holdings:
    return Holdings(grants=grants, ends_at=NOW + left, revision=3, traffic_bytes=traffic)


def total(offer: RefundOffer) -> Decimal:
    return sum((each.amount for each in offer.totals), Decimal(0))


def test_the_unused_part_goes_back_to_the_kopeck() -> None:
    offer = refund_offer(holding(granted(1, MONTH, paid(1)), left=20 * DAY), NOW)
    assert offer.totals == (roubles("199.33"),)
    assert (offer.lost, offer.lapses[0].time) == (20 * DAY, 20 * DAY)


def test_what_was_really_paid_counts_not_the_list() -> None:
    offer = refund_offer(holding(granted(1, MONTH, paid(1, "1.00")), left=15 * DAY), NOW)
    assert offer.totals == (roubles("0.50"),)


def test_a_renewal_that_has_not_begun_goes_back_whole() -> None:
    grants = granted(1, MONTH, paid(1)), granted(2, MONTH, paid(2))
    offer = refund_offer(holding(*grants, left=40 * DAY), NOW)
    assert [part.amount for part in offer.parts] == [roubles("99.66"), roubles("299.00")]


def test_presents_are_lost_and_bring_nothing() -> None:
    offer = refund_offer(
        holding(granted(1, MONTH, paid(1)), granted(2, 7 * DAY), left=17 * DAY), NOW
    )
    assert offer.totals == (roubles("99.66"),)
    assert offer.lost == 17 * DAY


def test_within_the_days_everything_goes_back_however_long_it_was_used() -> None:
    whole = holding(granted(1, MONTH, paid(1, terms=FULL)), left=29 * DAY, traffic=1000)
    offer = refund_offer(whole, NOW)
    assert offer.totals == (roubles(299),)
    assert offer.lapses[0].time == MONTH


@pytest.mark.parametrize(
    ("backing", "left", "traffic", "why"),
    [
        (paid(1, terms=RefundTerms(rule=RefundRule.NONE)), 29 * DAY, 0, WhyNot.RULE),
        (paid(1, terms=FULL, paid_at=NOW - 8 * DAY), 22 * DAY, 0, WhyNot.TOO_LATE),
        (paid(1, terms=FULL), 29 * DAY, 1001, WhyNot.TOO_MUCH_USED),
        (paid(1, is_settled=False), 29 * DAY, 0, WhyNot.UNDER_WAY),
        (paid(1, "0.01"), 29 * DAY, 0, WhyNot.USED_UP),
        (
            paid(
                1,
                provider=Provider.STARS,
                amount=Money(amount=Decimal(250), currency=STAR),
                paid=Money(amount=Decimal(250), currency=STAR),
            ),
            29 * DAY,
            0,
            WhyNot.WHOLE_ONLY,
        ),
    ],
)
def test_nothing_goes_back_for_a_reason(
    backing: Backing, left: timedelta, traffic: int, why: WhyNot
) -> None:
    offer = refund_offer(holding(granted(1, MONTH, backing), left=left, traffic=traffic), NOW)
    assert (offer.parts, offer.refusals) == ((), (why,))


def test_stars_of_a_renewal_that_has_not_begun_go_back() -> None:
    price = Money(amount=Decimal(250), currency=STAR)
    in_stars = paid(2, provider=Provider.STARS, amount=price, paid=price)
    grants = granted(1, MONTH, paid(1)), granted(2, MONTH, in_stars)
    assert price in refund_offer(holding(*grants, left=40 * DAY), NOW).totals


def test_traffic_is_not_held_against_a_period_that_has_not_begun() -> None:
    grants = granted(1, MONTH, paid(1)), granted(2, MONTH, paid(2, terms=FULL))
    offer = refund_offer(holding(*grants, left=40 * DAY, traffic=10**9), NOW)
    assert roubles(299) in [part.amount for part in offer.parts]


def test_an_offer_about_another_moment_or_state_has_another_fingerprint() -> None:
    grants = holding(granted(1, MONTH, paid(1)), left=20 * DAY)
    first = refund_offer(grants, NOW)
    assert refund_offer(grants, NOW).fingerprint == first.fingerprint
    assert refund_offer(grants, NOW + DAY).fingerprint != first.fingerprint
    newer = grants.model_copy(update={"revision": 4})
    assert refund_offer(newer, NOW).fingerprint != first.fingerprint


def test_a_part_of_the_price_takes_the_same_part_of_the_time() -> None:
    outgoes, lapses = partial_refund(
        (granted(1, MONTH, paid(1, "300.00")),), PaymentId(1), roubles(100)
    )
    assert [each.amount for each in outgoes] == [roubles(100)]
    assert [each.time for each in lapses] == [10 * DAY]


MONEY = st.decimals(min_value="0.01", max_value="9999.99", places=2)
LENGTHS = st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=800))


@st.composite
def anything_held(draw: st.DrawFn) -> Holdings:
    grants = tuple(
        granted(
            number,
            draw(LENGTHS),
            *(
                paid(number * 10 + each, str(draw(MONEY)))
                for each in range(draw(st.integers(0, 2)))
            ),
        )
        for number in range(1, draw(st.integers(2, 5)))
    )
    whole = sum((each.length for each in grants), timedelta(0))
    return holding(*grants, left=draw(st.timedeltas(timedelta(0), whole)))


@given(anything_held())
def test_never_more_goes_back_than_was_paid_and_all_that_is_left_is_lost(held: Holdings) -> None:
    offer = refund_offer(held, NOW)
    for part in offer.parts:
        backings = [each for grant in held.grants for each in grant.backings]
        (backing,) = (each for each in backings if each.payment_id == part.payment_id)
        assert roubles(0).amount < part.amount.amount <= backing.paid.amount
    left = held.left_at(NOW)
    assert sum((each.time for each in offer.lapses), timedelta(0)) == left
    if offer.parts:
        lost = sum((each.lost for each in offer.parts), timedelta(0))
        assert timedelta(0) <= left - lost <= timedelta(microseconds=len(offer.parts))


@given(anything_held(), st.timedeltas(timedelta(0), timedelta(days=30)))
def test_waiting_never_makes_a_pro_rata_refund_greater(held: Holdings, wait: timedelta) -> None:
    assert total(refund_offer(held, NOW + wait)) <= total(refund_offer(held, NOW))


@given(anything_held())
def test_what_is_left_is_spread_over_the_latest_grants(held: Holdings) -> None:
    unused = unused_of(held.grants, held.left_at(NOW))
    assert sum(unused, timedelta(0)) == held.left_at(NOW)
    begun = [
        rest for grant, rest in zip(held.grants, unused, strict=True) if 0 < rest / grant.length < 1
    ]
    assert len(begun) <= 1
