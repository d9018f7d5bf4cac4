"""Trials and gifts on a real database: each gives once, whoever taps how often."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from domain.errors import GiftGone, NotPaid
from domain.gifts import Gift
from domain.ids import PurchaseId, UserId
from domain.languages import Language
from domain.money import roubles
from domain.payments import PaymentStatus
from domain.purchases import PurchaseKind, PurchaseOrder, PurchaseStage
from infra.postgres.gifts import Gifts
from tests.infra.postgres.shop import DAY, MONTH, NOW, Shop, all_at_once, payment_of, refund_of

# Trials


async def trial_of(shop: Shop, user_id: UserId, **changes: object) -> PurchaseOrder:
    """The customer's trial, written down."""
    await shop.plans.offer_trial(3)
    plan = await shop.plans.trial()
    assert plan is not None
    purchase_id = await shop.trials.purchase_of(user_id)
    assert purchase_id is not None
    order = PurchaseOrder(
        purchase_id=purchase_id,
        user_id=user_id,
        plan_id=plan.plan_id,
        plan_name=plan.name.ru,
        price=plan.price,
        duration=plan.duration,
        language=Language.RUSSIAN,
    ).model_copy(update=changes)
    await shop.purchases.open(order, NOW)
    return order


async def test_a_trial_is_in_no_list_of_prices(shop: Shop) -> None:
    assert await shop.plans.trial() is None, "off until the owner offers it"
    await shop.plans.offer_trial(5)
    trial = await shop.plans.trial()
    assert trial is not None
    assert (trial.duration_days, trial.price, trial.is_trial) == (5, roubles(0), True)
    assert trial not in await shop.plans.for_sale()
    assert await shop.plans.find(trial.plan_id) is None
    await shop.plans.offer_trial(None)
    assert await shop.plans.trial() is None


async def test_a_trial_gives_its_days_without_a_payment(shop: Shop) -> None:
    await shop.server("nl1")
    order = await trial_of(shop, await shop.customer())
    grant = await shop.ledger.grant_free(order.purchase_id, NOW)
    assert (grant.expires_at, grant.server) == (NOW + 3 * DAY, "nl1")
    assert await shop.count("payments") == 0
    assert await shop.pool.fetchval("select cause from grants") == "trial"


async def test_ten_taps_at_once_give_one_trial(shop: Shop) -> None:
    order = await trial_of(shop, await shop.customer())
    steps = (shop.ledger.grant_free(order.purchase_id, NOW) for _ in range(10))
    grants = await asyncio.gather(*steps)
    assert len(set(grants)) == 1
    assert await shop.count("grants") == 1
    assert grants[0].expires_at == NOW + 3 * DAY


async def test_a_second_trial_under_another_id_gives_nothing(shop: Shop) -> None:
    order = await trial_of(shop, await shop.customer(), purchase_id=PurchaseId(uuid4()))
    with pytest.raises(NotPaid):
        await shop.ledger.grant_free(order.purchase_id, NOW)


async def test_what_has_a_price_gives_nothing_without_a_payment(shop: Shop) -> None:
    order = await shop.order(await shop.customer())
    with pytest.raises(NotPaid):
        await shop.ledger.grant_free(order.purchase_id, NOW)
    assert await shop.count("grants") == 0


async def test_time_that_is_bought_during_a_trial_adds_to_it(shop: Shop) -> None:
    user_id = await shop.customer()
    order = await trial_of(shop, user_id)
    await shop.ledger.grant_free(order.purchase_id, NOW)
    grant = await shop.buy(user_id, NOW + DAY)
    assert grant.expires_at == NOW + 3 * DAY + MONTH


async def test_a_trial_that_cannot_be_set_up_is_taken_back(shop: Shop) -> None:
    await shop.server("nl1")
    user_id = await shop.customer()
    order = await trial_of(shop, user_id)
    grant = await shop.ledger.grant_free(order.purchase_id, NOW)
    (left,) = await shop.ledger.revoke_free(order.purchase_id, NOW)
    assert left.device_id == grant.device_id
    record = await shop.purchases.find(order.purchase_id)
    assert record is not None
    assert record.stage is PurchaseStage.REFUNDED
    subscription = await shop.access.subscription_of(user_id)
    assert subscription is not None
    assert not subscription.gives_access(NOW)


async def test_a_paid_grant_needs_its_payment_and_a_free_one_has_none(shop: Shop) -> None:
    await shop.buy(await shop.customer())
    for change in ("payment_id = null", "cause = 'trial'", "purchase_id = null"):
        with pytest.raises(asyncpg.CheckViolationError):
            await shop.pool.execute(f"update grants set {change}")


# Gifts


class Giving:
    """Gives and opens."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.gifts = Gifts(shop.pool)

    async def paid(self) -> tuple[PurchaseOrder, Gift]:
        """A gift that waits to be opened."""
        order = await self.ordered()
        await self.shop.ledger.record_payment_and_wrap(order.purchase_id, payment_of(order), NOW)
        return order, await self.of(order)

    async def ordered(self) -> PurchaseOrder:
        plain = await self.shop.order(await self.shop.customer())
        order = plain.model_copy(
            update={"purchase_id": PurchaseId(uuid4()), "kind": PurchaseKind.GIFT}
        )
        await self.shop.purchases.open(order, NOW)
        return order

    async def of(self, order: PurchaseOrder) -> Gift:
        gift = await self.gifts.bought_as(order.purchase_id)
        assert gift is not None
        return gift

    async def opens(self, gift: Gift, user_id: UserId) -> PurchaseOrder | None:
        """The opening, or None when it came too late."""
        order = PurchaseOrder(
            purchase_id=gift.opening_id,
            user_id=user_id,
            plan_id=gift.plan_id,
            plan_name="Подарок",
            price=roubles(0),
            duration=gift.duration,
            language=Language.RUSSIAN,
            gift=gift.purchase_id,
        )
        try:
            await self.gifts.open(order, gift.code, NOW)
        except GiftGone:
            return None
        return order


@pytest.fixture
def giving(shop: Shop) -> Giving:
    return Giving(shop)


async def test_a_paid_gift_gives_the_giver_nothing_but_a_link(giving: Giving) -> None:
    order, gift = await giving.paid()
    assert await giving.gifts.find(gift.code) == gift
    assert (gift.giver_id, gift.duration, gift.opened_by) == (order.user_id, MONTH, None)
    assert await giving.shop.count("payments") == 1
    assert await giving.shop.count("grants") == 0
    assert await giving.gifts.given_by(order.user_id) == (gift,)


async def test_paying_for_a_gift_twice_over_wraps_one(giving: Giving) -> None:
    order, gift = await giving.paid()
    payment = payment_of(order)
    await giving.shop.ledger.record_payment_and_wrap(order.purchase_id, payment, NOW)
    assert await giving.of(order) == gift


async def test_an_unpaid_gift_is_no_gift(giving: Giving) -> None:
    order = await giving.ordered()
    payment = payment_of(order, PaymentStatus.PENDING)
    with pytest.raises(NotPaid):
        await giving.shop.ledger.record_payment_and_wrap(order.purchase_id, payment, NOW)
    assert await giving.gifts.bought_as(order.purchase_id) is None


async def test_an_opened_gift_gives_its_time_to_whoever_opened_it(giving: Giving) -> None:
    _, gift = await giving.paid()
    user_id = await giving.shop.customer()
    await giving.shop.buy(user_id)
    opening = await giving.opens(gift, user_id)
    assert opening is not None
    grant = await giving.shop.ledger.grant_free(opening.purchase_id, NOW)
    assert (grant.user_id, grant.expires_at) == (user_id, NOW + 2 * MONTH)
    opened = await giving.gifts.opened_as(opening.purchase_id)
    assert opened is not None
    assert (opened.opened_by, opened.opener_name, opened.opened_at) == (user_id, "Anna", NOW)


async def test_of_eight_who_open_a_gift_at_once_one_gets_it(giving: Giving) -> None:
    _, gift = await giving.paid()
    people = [await giving.shop.customer() for _ in range(8)]
    steps = [giving.opens(gift, user_id) for user_id in people]
    openings = await all_at_once(giving.shop.pool, "gifts", steps)
    assert len([opening for opening in openings if opening is not None]) == 1


async def test_whoever_opened_it_may_tap_again(giving: Giving) -> None:
    _, gift = await giving.paid()
    user_id = await giving.shop.customer()
    first, second = await giving.opens(gift, user_id), await giving.opens(gift, user_id)
    assert first is not None
    assert first == second


async def test_a_gift_that_cannot_be_set_up_can_be_opened_once_more(giving: Giving) -> None:
    order, gift = await giving.paid()
    user_id = await giving.shop.customer()
    opening = await giving.opens(gift, user_id)
    assert opening is not None
    await giving.shop.ledger.grant_free(opening.purchase_id, NOW)
    await giving.shop.ledger.revoke_free(opening.purchase_id, NOW)
    again = await giving.opens(await giving.of(order), await giving.shop.customer())
    assert again is not None
    assert again.purchase_id != opening.purchase_id
    assert await giving.opens(gift, user_id) is None, "a button of before opens nothing"


async def test_a_gift_whose_money_was_given_back_cannot_be_opened(giving: Giving) -> None:
    order, gift = await giving.paid()
    await giving.shop.ledger.record_refund_and_revoke(order.purchase_id, refund_of(order), NOW)
    assert await giving.opens(gift, await giving.shop.customer()) is None


async def test_an_opening_is_no_payment_of_the_customers(giving: Giving) -> None:
    _, gift = await giving.paid()
    user_id = await giving.shop.customer()
    await giving.opens(gift, user_id)
    assert await giving.shop.purchases.latest_decided_of(user_id) is None


async def test_a_gift_for_somebody_else_is_not_what_the_giver_renews(giving: Giving) -> None:
    order, _ = await giving.paid()
    own = await giving.shop.order(order.user_id, "year")
    later = order.model_copy(update={"purchase_id": PurchaseId(uuid4())})
    await giving.shop.purchases.open(later, NOW + DAY)
    record = await giving.shop.purchases.latest_for_themselves_of(order.user_id)
    assert record is not None
    assert record.order.kind is PurchaseKind.ACCESS
    assert record.order.purchase_id != later.purchase_id
    assert own.user_id == order.user_id


async def test_claims_at_once_are_one_trial(shop: Shop) -> None:
    user_id = await shop.customer()
    claims = await asyncio.gather(*(shop.trials.purchase_of(user_id) for _ in range(8)))
    assert len(set(claims)) == 1
