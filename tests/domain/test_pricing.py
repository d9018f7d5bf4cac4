"""What a plan costs a customer: the rules of `docs/pricing.md`."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import PlanId, PromoId
from domain.languages import Wording
from domain.money import Money, roubles, stars
from domain.payments import Provider
from domain.plans import Plan
from domain.pricing import (
    LOWEST_PRICE,
    DiscountReason,
    Offers,
    Quote,
    StandingDiscount,
    list_quote,
    quote,
    quotes,
)
from domain.promotions import PromoCode, PromoKind

MONTH = Plan(
    plan_id=PlanId(1),
    slug="month",
    name=Wording(ru="30 дней", en="30 days"),
    description=Wording(ru="", en=""),
    price=roubles(299),
    duration_days=30,
)
LOYAL = StandingDiscount(reason=DiscountReason.LOYALTY, percent=10)
WELCOME = StandingDiscount(reason=DiscountReason.WELCOME, percent=15)


def code(kind: PromoKind = PromoKind.PERCENT, worth: int | str = 20, **terms: object) -> PromoCode:
    return PromoCode.model_validate(
        {"promo_id": PromoId(1), "code": "SPRING", "kind": kind, "worth": Decimal(worth), **terms}
    )


def price(*standing: StandingDiscount, promo: PromoCode | None = None) -> Quote:
    return quote(MONTH, Offers(standing=standing, promo=promo))


def shares(quoted: Quote) -> list[tuple[DiscountReason, str]]:
    return [(cut.reason, str(cut.saved.amount)) for cut in quoted.discounts]


def test_without_offers_the_list_price_is_charged() -> None:
    assert price() == list_quote(MONTH)
    assert (price().price, price().discounts) == (roubles(299), ())


def test_of_two_standing_discounts_only_the_greater_counts() -> None:
    quoted = price(LOYAL, WELCOME)
    assert shares(quoted) == [(DiscountReason.WELCOME, "44.85")]
    assert quoted.price == roubles("254.15")


def test_a_better_code_takes_the_place_of_a_standing_discount() -> None:
    quoted = price(LOYAL, promo=code(worth=20))
    assert shares(quoted) == [(DiscountReason.PROMO, "59.80")]


def test_a_code_that_saves_nothing_more_is_kept_for_another_time() -> None:
    assert shares(price(LOYAL, promo=code(worth=10))) == [(DiscountReason.LOYALTY, "29.90")]


def test_a_code_that_combines_comes_off_what_the_standing_discount_leaves() -> None:
    quoted = price(LOYAL, promo=code(worth=20, combines=True))
    assert shares(quoted) == [(DiscountReason.LOYALTY, "29.90"), (DiscountReason.PROMO, "53.82")]
    assert quoted.price == roubles("215.28")


def test_a_fixed_code_takes_its_sum_off() -> None:
    assert price(promo=code(PromoKind.FIXED, "99.50")).price == roubles("199.50")


def test_days_come_on_top_of_the_plan_and_of_every_discount() -> None:
    quoted = price(LOYAL, promo=code(PromoKind.DAYS, 7))
    assert (quoted.price, quoted.extra_days, quoted.duration.days) == (roubles("269.10"), 7, 37)


@pytest.mark.parametrize("promo", [code(PromoKind.FIXED, 1000), code(worth=100)])
def test_no_code_brings_the_price_below_a_rouble(promo: PromoCode) -> None:
    quoted = price(promo=promo)
    assert quoted.price == LOWEST_PRICE == roubles(1)
    assert shares(quoted) == [(DiscountReason.PROMO, "298.00")]


def test_half_a_kopeck_goes_to_the_customer() -> None:
    plan = MONTH.model_copy(update={"price": roubles("10.10")})
    assert quote(plan, Offers(promo=code(worth=5))).price == roubles("9.59")


def test_a_code_for_other_plans_changes_nothing() -> None:
    assert price(promo=code(plans=(PlanId(2),))) == list_quote(MONTH)
    assert price(promo=code(plans=(PlanId(1),))) != list_quote(MONTH)


def test_roubles_come_off_no_other_currency() -> None:
    stars = MONTH.model_copy(update={"price": Money(amount=Decimal(200), currency="XTR")})
    assert quote(stars, Offers(promo=code(PromoKind.FIXED, 50))) == list_quote(stars)


def test_only_a_code_or_a_welcome_is_counted() -> None:
    assert [cut.is_counted for cut in price(LOYAL).discounts] == [False]
    assert [cut.is_counted for cut in price(WELCOME).discounts] == [True]
    assert [cut.is_counted for cut in price(promo=code()).discounts] == [True]


prices = st.decimals("0.01", 100_000, places=2).map(roubles)
standings = st.lists(
    st.builds(
        StandingDiscount,
        reason=st.sampled_from([DiscountReason.LOYALTY, DiscountReason.WELCOME]),
        percent=st.integers(1, 100),
    ),
    max_size=3,
).map(tuple)
codes = st.one_of(
    st.builds(code, st.just(PromoKind.PERCENT), st.integers(1, 100), combines=st.booleans()),
    st.builds(code, st.just(PromoKind.DAYS), st.integers(1, 400), combines=st.booleans()),
    st.builds(
        code,
        st.just(PromoKind.FIXED),
        st.decimals("0.01", 200_000, places=2).map(str),
        combines=st.booleans(),
    ),
)
offers = st.builds(Offers, standing=standings, promo=st.none() | codes)


@given(prices, offers)
def test_every_kopeck_of_a_price_is_accounted_for(full: Money, offered: Offers) -> None:
    quoted = quote(MONTH.model_copy(update={"price": full}), offered)
    saved = sum((cut.saved.amount for cut in quoted.discounts), Decimal(0))
    assert quoted.price.amount == full.amount - saved
    assert all(cut.saved.amount > 0 or cut.days > 0 for cut in quoted.discounts)


@given(prices, offers)
def test_a_price_never_rises_and_stays_payable(full: Money, offered: Offers) -> None:
    quoted = quote(MONTH.model_copy(update={"price": full}), offered)
    assert quoted.price.amount <= full.amount
    assert quoted.price.amount >= min(full.amount, LOWEST_PRICE.amount)


@given(prices, offers)
def test_a_code_never_costs_the_customer_anything(full: Money, offered: Offers) -> None:
    plan = MONTH.model_copy(update={"price": full})
    without = quote(plan, offered.model_copy(update={"promo": None}))
    with_code = quote(plan, offered)
    assert with_code.price.amount <= without.price.amount
    assert with_code.duration >= without.duration
    if any(cut.promo_id for cut in with_code.discounts):
        assert with_code != without, "a code is used only where it gives something"


@given(prices, offers)
def test_each_reason_counts_once(full: Money, offered: Offers) -> None:
    quoted = quote(MONTH.model_copy(update={"price": full}), offered)
    reasons = [cut.reason for cut in quoted.discounts]
    assert len(reasons) == len(set(reasons)) <= 2


SOLD_FOR_STARS = MONTH.model_copy(update={"price_stars": 255})


def test_in_stars_a_discount_is_rounded_to_the_whole_star() -> None:
    quoted = quote(SOLD_FOR_STARS, Offers(standing=(LOYAL,)), Provider.STARS)
    assert (quoted.price, quoted.full_price) == (stars(229), stars(255)), "25.5 is rounded up"
    assert shares(quoted) == [(DiscountReason.LOYALTY, "26.00")]


def test_roubles_come_off_no_price_in_stars() -> None:
    fixed = Offers(promo=code(PromoKind.FIXED, 50))
    assert quote(SOLD_FOR_STARS, fixed, Provider.STARS).price == stars(255)


def test_a_plan_without_a_price_in_stars_is_not_sold_for_them() -> None:
    assert quotes(MONTH, Offers(), (Provider.STARS,)) == ()
    both = quotes(SOLD_FOR_STARS, Offers(), Provider)
    assert [each.price for each in both] == [roubles(299), stars(255)]
