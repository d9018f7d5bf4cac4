"""Promo codes on a real database: entered, held, spent, released, and never used too often."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import asyncpg
import pytest

from domain.errors import PromoRefused, SettingsError
from domain.ids import PurchaseId, UserId
from domain.money import roubles
from domain.pricing import Offers, quote
from domain.promotions import PromoKind, PromoRefusal, PromoTerms
from domain.purchases import PurchaseOrder, PurchaseStage
from infra.postgres.offers import CustomerOffers
from infra.postgres.promo_codes import PromoCodes
from tests.infra.postgres.shop import DAY, NOW, Shop, all_at_once

HOUR = timedelta(hours=1)


class Desk:
    """Makes codes, and orders with them."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.codes = PromoCodes(shop.pool)
        self.offers = CustomerOffers(shop.pool)

    async def makes(self, code: str = "SPRING", **terms: object) -> None:
        usual = {"kind": PromoKind.PERCENT, "worth": Decimal(20)}
        await self.codes.create([code], PromoTerms.model_validate({**usual, **terms}))

    async def draft(self, user_id: UserId, plan: str = "month") -> PurchaseOrder:
        """An order at the price that the customer is offered, not yet written down."""
        offered = await self.offers.of(user_id, NOW)
        return await self.draft_at(user_id, offered, plan)

    async def draft_at(
        self, user_id: UserId, offered: Offers, plan: str = "month"
    ) -> PurchaseOrder:
        found = next(one for one in await self.shop.plans.for_sale() if one.slug == plan)
        quoted = quote(found, offered)
        return PurchaseOrder(
            purchase_id=PurchaseId(uuid4()),
            user_id=user_id,
            plan_id=found.plan_id,
            plan_name=found.name.ru,
            price=quoted.price,
            full_price=quoted.full_price,
            discounts=quoted.discounts,
            duration=quoted.duration,
            language="ru",
        )

    async def customer_with(self, code: str = "SPRING") -> UserId:
        user_id = await self.shop.customer()
        await self.offers.enter_code(user_id, code, NOW)
        return user_id

    async def opens(self, user_id: UserId, plan: str = "month") -> PurchaseOrder:
        order = await self.draft(user_id, plan)
        await self.shop.purchases.open(order, NOW)
        return order

    async def refusal(self, user_id: UserId, code: str = "SPRING") -> PromoRefusal:
        with pytest.raises(PromoRefused) as refused:
            await self.offers.enter_code(user_id, code, NOW)
        return refused.value.refusal

    async def states(self) -> list[str]:
        rows = await self.shop.pool.fetch("select state from discount_uses order by state")
        return [row["state"] for row in rows]


@pytest.fixture
def desk(shop: Shop) -> Desk:
    return Desk(shop)


async def test_an_entered_code_counts_for_the_customers_next_purchase(desk: Desk) -> None:
    await desk.makes()
    user_id = await desk.shop.customer()
    code = await desk.offers.enter_code(user_id, " spring ", NOW)
    assert (await desk.offers.of(user_id, NOW)).promo == code
    assert (await desk.opens(user_id)).price == roubles("239.20")
    assert (await desk.offers.of(await desk.shop.customer(), NOW)).promo is None


async def test_a_code_can_be_put_aside_or_replaced(desk: Desk) -> None:
    await desk.makes()
    await desk.makes("WEEK", kind=PromoKind.DAYS, worth=Decimal(7))
    user_id = await desk.customer_with()
    await desk.offers.enter_code(user_id, "WEEK", NOW)
    promo = (await desk.offers.of(user_id, NOW)).promo
    assert promo is not None
    assert promo.code == "WEEK"
    await desk.offers.drop_code(user_id)
    assert await desk.offers.of(user_id, NOW) == Offers()


@pytest.mark.parametrize(
    ("terms", "refusal"),
    [
        ({"starts_at": NOW + DAY}, PromoRefusal.NOT_YET),
        ({"ends_at": NOW}, PromoRefusal.OVER),
        ({}, None),
        ({"starts_at": NOW, "ends_at": NOW + DAY}, None),
    ],
)
async def test_a_code_is_taken_within_its_dates(
    desk: Desk, terms: dict[str, object], refusal: PromoRefusal | None
) -> None:
    await desk.makes(**terms)
    user_id = await desk.shop.customer()
    if refusal is None:
        await desk.offers.enter_code(user_id, "SPRING", NOW)
    else:
        assert await desk.refusal(user_id) is refusal


async def test_unknown_and_disabled_codes_are_refused_alike(desk: Desk) -> None:
    await desk.makes()
    await desk.codes.disable("SPRING")
    user_id = await desk.shop.customer()
    assert await desk.refusal(user_id) is PromoRefusal.UNKNOWN
    assert await desk.refusal(user_id, "WINTER") is PromoRefusal.UNKNOWN


async def test_a_code_for_a_first_purchase_is_refused_after_one(desk: Desk) -> None:
    await desk.makes(is_for_first_purchase=True)
    user_id = await desk.customer_with()
    await desk.shop.buy(user_id)
    assert await desk.refusal(user_id) is PromoRefusal.NOT_FIRST
    offered = await desk.offers.of(user_id, NOW)
    assert (offered.promo, offered.refused_code) == (None, "SPRING")
    assert offered.refusal is PromoRefusal.NOT_FIRST


async def test_two_codes_for_a_first_purchase_are_not_held_side_by_side(desk: Desk) -> None:
    await desk.makes("ONE", is_for_first_purchase=True)
    await desk.makes("TWO", is_for_first_purchase=True)
    user_id = await desk.customer_with("ONE")
    await desk.opens(user_id)
    assert await desk.refusal(user_id, "TWO") is PromoRefusal.HELD_BY_YOU


async def test_an_open_payment_page_holds_the_code_and_a_payment_spends_it(desk: Desk) -> None:
    await desk.makes()
    user_id = await desk.customer_with()
    order = await desk.opens(user_id)
    assert (await desk.offers.of(user_id, NOW)).refusal is PromoRefusal.HELD_BY_YOU
    await desk.shop.pay(order)
    assert await desk.states() == ["spent"]
    assert await desk.refusal(user_id) is PromoRefusal.USED_BY_YOU
    assert await desk.offers.of(user_id, NOW) == Offers(), "a spent code is no longer entered"


@pytest.mark.parametrize("end", [PurchaseStage.DECLINED, PurchaseStage.EXPIRED])
async def test_a_purchase_that_rests_unpaid_lets_go_of_its_code(
    desk: Desk, end: PurchaseStage
) -> None:
    await desk.makes(max_uses=1)
    order = await desk.opens(await desk.customer_with())
    boris = await desk.shop.customer()
    assert await desk.refusal(boris) is PromoRefusal.USED_UP
    await desk.shop.ledger.enter_stage(order.purchase_id, end)
    assert await desk.offers.enter_code(boris, "SPRING", NOW)


async def test_a_purchase_that_never_began_holds_its_code_no_longer_than_its_page(
    desk: Desk,
) -> None:
    await desk.makes(max_uses=1)
    await desk.opens(await desk.customer_with())
    boris = await desk.shop.customer()
    assert await desk.refusal(boris) is PromoRefusal.USED_UP
    assert await desk.offers.enter_code(boris, "SPRING", NOW + 2 * HOUR)


async def test_a_late_payment_is_honoured_at_the_agreed_price(desk: Desk) -> None:
    await desk.makes(max_uses=1)
    order = await desk.opens(await desk.customer_with())
    await desk.shop.ledger.enter_stage(order.purchase_id, PurchaseStage.EXPIRED)
    other = await desk.opens(await desk.customer_with())
    await desk.shop.pay(other)
    grant = await desk.shop.pay(order)
    assert grant.purchase_id == order.purchase_id
    assert await desk.states() == ["spent", "spent"]


async def test_a_retry_holds_the_code_again_unless_it_is_gone(desk: Desk) -> None:
    await desk.makes(max_uses=1)
    order = await desk.opens(await desk.customer_with())
    await desk.shop.ledger.enter_stage(order.purchase_id, PurchaseStage.DECLINED)
    await desk.offers.hold_again(order, NOW)
    assert await desk.states() == ["held"]
    await desk.shop.ledger.enter_stage(order.purchase_id, PurchaseStage.DECLINED)
    await desk.shop.pay(await desk.opens(await desk.customer_with()))
    with pytest.raises(PromoRefused):
        await desk.offers.hold_again(order, NOW)


async def test_money_that_is_given_back_gives_the_code_back(desk: Desk) -> None:
    await desk.makes()
    user_id = await desk.customer_with()
    order = await desk.opens(user_id)
    await desk.shop.pay(order)
    await desk.shop.refund(order)
    assert await desk.offers.enter_code(user_id, "SPRING", NOW)


async def opened(desk: Desk, order: PurchaseOrder) -> bool:
    """Whether the order could be written down with its discount."""
    try:
        return await desk.shop.purchases.open(order, NOW)
    except PromoRefused:
        return False


async def test_of_twenty_at_once_five_get_a_code_that_is_for_five(desk: Desk) -> None:
    await desk.makes(max_uses=5)
    drafts = [await desk.draft(await desk.customer_with()) for _ in range(20)]
    results = await asyncio.gather(*(opened(desk, draft) for draft in drafts))
    assert sum(results) == 5
    assert await desk.states() == ["held"] * 5
    assert await desk.shop.count("purchases") == 5, "who is refused has begun nothing"


async def test_one_customer_twice_at_once_gets_the_code_once(desk: Desk) -> None:
    await desk.makes()
    user_id = await desk.customer_with()
    drafts = [await desk.draft(user_id, plan) for plan in ("month", "quarter")]
    results = await asyncio.gather(*(opened(desk, draft) for draft in drafts))
    assert sorted(results) == [False, True]


async def test_many_first_purchases_at_once_get_one_discount_for_the_first(desk: Desk) -> None:
    codes = [f"CODE{number}" for number in range(8)]
    user_id = await desk.shop.customer()
    drafts = []
    for code in codes:
        await desk.makes(code, is_for_first_purchase=True)
        await desk.offers.enter_code(user_id, code, NOW)
        drafts.append(await desk.draft(user_id))
    steps = [opened(desk, draft) for draft in drafts]
    results = await all_at_once(desk.shop.pool, "discount_uses", steps)
    assert sum(results) == 1


async def test_opening_the_same_purchase_again_uses_no_second_code(desk: Desk) -> None:
    await desk.makes()
    order = await desk.opens(await desk.customer_with())
    assert not await desk.shop.purchases.open(order, NOW)
    assert await desk.states() == ["held"]


async def test_the_same_code_is_not_made_twice_and_none_of_a_batch_is_then(desk: Desk) -> None:
    await desk.makes()
    terms = PromoTerms(kind=PromoKind.DAYS, worth=Decimal(3))
    with pytest.raises(SettingsError, match=r"\(code\)=\(SPRING\)"):
        await desk.codes.create(["WINTER", "SPRING"], terms)
    assert [report.code.code for report in await desk.codes.all()] == ["SPRING"]


async def test_the_owner_sees_how_often_a_code_was_used(desk: Desk) -> None:
    await desk.makes(max_uses_each=2)
    user_id = await desk.customer_with()
    await desk.shop.pay(await desk.opens(user_id))
    # Holds are compared with the database's own clock here, which is far from the test's.
    await desk.shop.pool.execute("update discount_uses set held_until = now() + interval '1 hour'")
    await desk.offers.enter_code(user_id, "SPRING", NOW)
    (report,) = await desk.codes.all()
    assert (report.spent, report.held) == (1, 0)


async def test_loyalty_is_earned_by_periods_or_by_months_and_the_best_counts(desk: Desk) -> None:
    await desk.shop.pool.execute(
        "insert into loyalty_rules (after_periods, after_months, percent) "
        "values (2, null, 5), (null, 12, 15)"
    )
    user_id = await desk.shop.customer()
    earned = []
    for plan in ("month", "month", "year"):
        await desk.shop.pay(await desk.shop.order(user_id, plan))
        offered = await desk.offers.of(user_id, NOW)
        earned.append([each.percent for each in offered.standing])
    assert earned == [[], [5], [15]]


async def test_money_that_is_given_back_earns_no_loyalty(desk: Desk) -> None:
    await desk.shop.pool.execute("insert into loyalty_rules (after_periods, percent) values (1, 5)")
    user_id = await desk.shop.customer()
    order = await desk.shop.order(user_id)
    await desk.shop.pay(order)
    await desk.shop.refund(order)
    assert (await desk.offers.of(user_id, NOW)).standing == ()


async def test_a_loyalty_rule_has_one_condition(desk: Desk) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await desk.shop.pool.execute("insert into loyalty_rules (percent) values (5)")
