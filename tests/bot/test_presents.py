"""The free trial, and gifts, as customers meet them."""

import pytest

from domain.ids import UserId
from domain.money import roubles
from domain.pricing import DiscountReason, Offers, StandingDiscount
from domain.purchases import PurchaseKind, PurchaseOrder
from tests.bot.conftest import Stage
from tests.bot.fakes import ANNA, GIFT, MONTH, NOW, TRIAL, a_subscription
from tests.bot.phone import Phone


def only_order(stage: Stage) -> PurchaseOrder:
    (order,) = stage.starter.begun
    return order


@pytest.fixture
def newcomer(stage: Stage, anna: Phone) -> Phone:
    """A new customer where the owner offers a trial."""
    stage.plans.on_trial = TRIAL
    return anna


async def test_a_newcomer_tries_with_one_tap(stage: Stage, newcomer: Phone) -> None:
    await newcomer.write("/start")
    await newcomer.tap("Попробовать: 3 дня бесплатно")
    order = only_order(stage)
    assert order.purchase_id == stage.trials.purchases[ANNA]
    assert (order.price, order.is_free, order.duration.days) == (roubles(0), True, 3)
    assert "оплат" not in newcomer.screen


async def test_taps_on_two_menus_are_one_trial(stage: Stage, newcomer: Phone) -> None:
    for _ in range(2):
        await newcomer.write("/start")
        await newcomer.tap("Попробовать")
    assert len({order.purchase_id for order in stage.starter.begun}) == 1
    assert newcomer.toast.text == "Эта покупка уже оформляется"


async def test_nobody_tries_who_has_had_a_subscription(stage: Stage, newcomer: Phone) -> None:
    await newcomer.write("/start")
    button = newcomer.data_of("Попробовать")
    stage.subscriptions.current = a_subscription()
    await newcomer.write("/start")
    assert not any("Попробовать" in label for label in newcomer.labels)
    await newcomer.tap_data(button)
    assert stage.starter.begun == []
    assert "один раз" in (newcomer.toast.text or "")


async def test_nobody_tries_twice_by_being_forgotten(stage: Stage, newcomer: Phone) -> None:
    await newcomer.write("/start")
    button = newcomer.data_of("Попробовать")
    stage.trials.had.add(ANNA)
    await newcomer.write("/start")
    assert not any("Попробовать" in label for label in newcomer.labels)
    await newcomer.tap_data(button)
    assert stage.starter.begun == []
    assert "один раз" in (newcomer.toast.text or "")


async def test_without_an_owners_offer_nobody_is_promised_a_trial(anna: Phone) -> None:
    await anna.write("/start")
    assert not any("Попробовать" in label for label in anna.labels)


async def test_a_gift_costs_what_the_list_says_whatever_discounts_the_giver_has(
    stage: Stage, anna: Phone
) -> None:
    loyal = StandingDiscount(reason=DiscountReason.LOYALTY, percent=10)
    stage.offers.present = Offers(standing=(loyal,))
    await anna.write("/plans")
    assert anna.labels[0] == "30 дней · 269,10 ₽"
    await anna.tap("Подарить")
    assert anna.labels[0] == "30 дней · 299 ₽"
    await anna.tap("30 дней")
    order = only_order(stage)
    assert (order.kind, order.price, order.discounts) == (PurchaseKind.GIFT, roubles(299), ())
    assert order.plan_name == "Подарок: 30 дней"


async def test_a_gift_whose_price_changed_is_shown_again(stage: Stage, anna: Phone) -> None:
    await anna.write("/plans")
    await anna.tap("Подарить")
    stage.plans.offered = (MONTH.model_copy(update={"price": roubles(349)}),)
    await anna.tap("30 дней")
    assert stage.starter.begun == []
    assert "цены изменились" in anna.screen
    assert "VPN в подарок" in anna.screen


async def test_a_link_shows_the_gift_and_a_tap_opens_it(stage: Stage, anna: Phone) -> None:
    stage.gifts.known = [GIFT]
    await anna.write(f"/start gift_{GIFT.code}")
    assert "Вам подарок: 30 дней" in anna.screen
    assert stage.starter.begun == []
    await anna.tap("Открыть подарок")
    order = only_order(stage)
    assert (order.gift, order.price, order.user_id) == (GIFT.purchase_id, roubles(0), ANNA)
    assert order.purchase_id == GIFT.opening_id
    assert order.duration == GIFT.duration


async def test_a_second_tap_opens_nothing_more(stage: Stage, anna: Phone) -> None:
    stage.gifts.known = [GIFT]
    await anna.write(f"/start gift_{GIFT.code}")
    button = anna.data_of("Открыть подарок")
    await anna.tap_data(button)
    await anna.tap_data(button)
    assert len({order.purchase_id for order in stage.starter.begun}) == 1


async def test_whoever_is_later_is_told(stage: Stage, anna: Phone) -> None:
    stage.gifts.known = [GIFT]
    await anna.write(f"/start gift_{GIFT.code}")
    boris = stage.phone(user_id=1003)
    await boris.write(f"/start gift_{GIFT.code}")
    await boris.tap("Открыть подарок")
    await anna.tap("Открыть подарок")
    assert len(stage.starter.begun) == 1
    assert "больше ничего не открывает" in anna.screen


@pytest.mark.parametrize("link", ["gift_", "gift_nothing", "gift_" + "x" * 59])
async def test_a_link_to_nothing_is_answered(anna: Phone, link: str) -> None:
    await anna.write(f"/start {link}")
    assert "больше ничего не открывает" in anna.screen


async def test_an_unknown_link_leads_to_the_menu(anna: Phone) -> None:
    await anna.write("/start whatever")
    assert "Здравствуйте" in anna.screen


async def test_the_giver_sees_what_waits_and_what_was_opened(stage: Stage, anna: Phone) -> None:
    mine = GIFT.model_copy(update={"giver_id": ANNA})
    stage.gifts.known = [mine]
    await anna.write("/my")
    await anna.tap("Мои подарки")
    assert f"https://t.me/wgshop_bot?start=gift_{GIFT.code}" in anna.screen
    opened = {"opened_by": UserId(7), "opened_at": NOW, "opener_name": "Борис"}
    stage.gifts.known = [mine.model_copy(update=opened)]
    await anna.write("/my")
    await anna.tap("Мои подарки")
    assert "открыт, Борис" in anna.screen
    assert GIFT.code not in anna.screen


async def test_a_gift_that_could_not_be_started_is_offered_again(stage: Stage, anna: Phone) -> None:
    stage.gifts.known = [GIFT]
    stage.starter.is_away = True
    await anna.write(f"/start gift_{GIFT.code}")
    await anna.tap("Открыть подарок")
    assert anna.labels == ["Подарок: 30 дней"]
    stage.starter.is_away = False
    await anna.tap("Подарок: 30 дней")
    assert only_order(stage).gift == GIFT.purchase_id
