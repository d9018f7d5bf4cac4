"""A promo code, from entering it to the purchase that it makes cheaper."""

from decimal import Decimal

import pytest

from domain.money import roubles
from domain.pricing import DiscountReason, Offers, StandingDiscount
from domain.promotions import PromoKind, PromoRefusal
from domain.purchases import PurchaseOrder, PurchaseStage
from tests.bot.conftest import Stage
from tests.bot.fakes import MONTH, SPRING
from tests.bot.phone import Phone

LOYAL = StandingDiscount(reason=DiscountReason.LOYALTY, percent=10)


@pytest.fixture(autouse=True)
def codes(stage: Stage) -> None:
    stage.offers.codes = {"SPRING": SPRING}


def only_order(stage: Stage) -> PurchaseOrder:
    (order,) = stage.starter.begun
    return order


async def test_a_code_is_asked_for_and_its_price_is_on_the_button(anna: Phone) -> None:
    await anna.write("/plans")
    await anna.tap("Ввести промокод")
    assert "Какой у вас промокод?" in anna.screen
    await anna.write("spring")
    assert "Промокод <code>SPRING</code> принят" in anna.screen
    assert anna.labels[0] == "30 дней · 239,20 ₽"
    assert "− 59,80 ₽: промокод SPRING, 20 %" in anna.screen


@pytest.mark.parametrize("way", ["/promo SPRING", "/start promo_SPRING", "/promo spring"])
async def test_a_command_or_a_link_enters_a_code_at_once(anna: Phone, way: str) -> None:
    await anna.write(way)
    assert anna.labels[0] == "30 дней · 239,20 ₽"


async def test_the_price_on_the_button_is_the_price_that_is_charged(
    stage: Stage, anna: Phone
) -> None:
    await anna.write("/promo SPRING")
    await anna.tap("30 дней · 239,20 ₽")
    order = only_order(stage)
    assert (order.price, order.full_price) == (roubles("239.20"), roubles(299))
    assert [cut.code for cut in order.discounts] == ["SPRING"]
    assert "− 59,80 ₽: промокод SPRING, 20 %" in anna.screen, "the payment message says why"


async def test_a_wrong_code_is_answered_and_another_may_follow(anna: Phone) -> None:
    await anna.write("/promo")
    await anna.write("<b>WINTER")
    assert "<code>&lt;b&gt;WINTER</code> не подошёл: такого промокода нет" in anna.screen
    await anna.write("SPRING")
    assert anna.labels[0] == "30 дней · 239,20 ₽"


async def test_after_the_code_words_are_words_again(anna: Phone) -> None:
    await anna.write("/promo")
    await anna.write("SPRING")
    await anna.write("SPRING")
    assert "принят" not in anna.screen


async def test_a_code_can_be_put_aside(anna: Phone) -> None:
    await anna.write("/promo SPRING")
    await anna.tap("Без промокода")
    assert anna.labels[0] == "30 дней · 299 ₽"


async def test_a_code_that_is_gone_meanwhile_is_shown_and_not_charged(
    stage: Stage, anna: Phone
) -> None:
    await anna.write("/promo SPRING")
    stage.offers.present = Offers(refused_code="SPRING", refusal=PromoRefusal.USED_UP)
    await anna.tap("30 дней · 239,20 ₽")
    assert stage.starter.begun == []
    assert "цены изменились" in anna.screen
    assert "уже использовали" in anna.screen
    assert anna.labels[0] == "30 дней · 299 ₽"


async def test_a_code_that_goes_at_the_very_moment_is_not_charged_either(
    stage: Stage, anna: Phone
) -> None:
    await anna.write("/promo SPRING")
    stage.purchases.refusal = PromoRefusal.USED_UP
    await anna.tap("30 дней · 239,20 ₽")
    assert (stage.starter.begun, stage.purchases.records) == ([], {})
    assert "цены изменились" in anna.screen


async def test_days_that_are_gone_change_the_offer_though_the_price_is_the_same(
    stage: Stage, anna: Phone
) -> None:
    stage.offers.codes = {
        "WEEK": SPRING.model_copy(update={"kind": PromoKind.DAYS, "worth": Decimal(7)})
    }
    await anna.write("/promo WEEK")
    stage.offers.present = Offers()
    await anna.tap("30 дней + 7 дней · 299 ₽")
    assert stage.starter.begun == []


async def test_a_second_tap_does_not_ask_for_the_code_again(stage: Stage, anna: Phone) -> None:
    await anna.write("/promo SPRING")
    button = anna.data_of("30 дней")
    await anna.tap_data(button)
    stage.offers.present = Offers(refused_code="SPRING", refusal=PromoRefusal.HELD_BY_YOU)
    await anna.tap_data(button)
    assert anna.toast.text == "Эта покупка уже оформляется"
    assert {order.price for order in stage.starter.begun} == {roubles("239.20")}


async def test_a_loyal_customer_pays_less_without_doing_anything(stage: Stage, anna: Phone) -> None:
    stage.offers.present = Offers(standing=(LOYAL,))
    await anna.write("/plans")
    await anna.tap("30 дней · 269,10 ₽")
    assert only_order(stage).price == roubles("269.10")


async def declined(stage: Stage, anna: Phone) -> str:
    """A purchase with a code that was declined; the data of "try again"."""
    await anna.write("/promo SPRING")
    await anna.tap("30 дней")
    (purchase_id,) = stage.purchases.records
    stage.purchases.move(purchase_id, PurchaseStage.DECLINED)
    return f"again:{purchase_id.hex}:2"


async def test_trying_again_holds_the_code_again(stage: Stage, anna: Phone) -> None:
    await anna.tap_data(await declined(stage, anna))
    assert [order.attempt for order in stage.starter.begun] == [1, 2]
    assert stage.offers.held == [stage.starter.begun[0].purchase_id]


async def test_trying_again_without_the_code_shows_the_new_prices(
    stage: Stage, anna: Phone
) -> None:
    button = await declined(stage, anna)
    stage.offers.refusal = PromoRefusal.USED_UP
    stage.offers.present = Offers()
    await anna.tap_data(button)
    assert len(stage.starter.begun) == 1
    assert anna.labels[0] == "30 дней · 299 ₽"


async def test_trying_again_at_a_new_list_price_shows_it(stage: Stage, anna: Phone) -> None:
    button = await declined(stage, anna)
    stage.plans.offered = (MONTH.model_copy(update={"price": roubles(349)}),)
    await anna.tap_data(button)
    assert len(stage.starter.begun) == 1
    assert "цены изменились" in anna.screen


async def test_anothers_purchase_is_nobody_elses(stage: Stage, anna: Phone) -> None:
    await anna.write("/plans")
    button = anna.data_of("30 дней")
    await anna.tap_data(button)
    boris = stage.phone(user_id=1002)
    await boris.write("/plans")
    await boris.tap_data(button)
    assert len(stage.starter.begun) == 1
