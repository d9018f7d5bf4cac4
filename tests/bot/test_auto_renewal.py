"""Renewal by itself in the chat: agreed to in words, ended by one tap."""

import pytest

from domain.ids import SavedMethodId
from domain.money import roubles
from domain.pricing import Offers
from domain.promotions import PromoRefusal
from domain.purchases import PurchaseOrder
from domain.renewals import StandingRenewal
from tests.bot.conftest import Stage
from tests.bot.fakes import ANNA, MONTH, NOW, SPRING, a_subscription
from tests.bot.phone import Phone

WORDS = "автосписанием 299 ₽ каждые 30 дней"


def only_order(stage: Stage) -> PurchaseOrder:
    (order,) = stage.starter.begun
    return order


async def offered(anna: Phone) -> None:
    await anna.write("/plans")
    await anna.tap("🔁 Автопродление")
    await anna.tap("30 дней · 299 ₽")


async def test_a_purchase_without_consent_keeps_no_card(stage: Stage, anna: Phone) -> None:
    await anna.write("/plans")
    await anna.tap("30 дней · 299 ₽")
    assert not only_order(stage).saves_method
    assert stage.auto_renewals.consents == []


async def test_the_consent_says_what_how_much_how_often_and_how_to_stop(anna: Phone) -> None:
    await offered(anna)
    for words in (WORDS, "сохранением карты", "Отвязать карту"):
        assert words in anna.screen


async def test_agreeing_begins_a_purchase_whose_card_is_kept_and_notes_the_consent(
    stage: Stage, anna: Phone
) -> None:
    await offered(anna)
    await anna.tap("✅ Согласен(на), оплатить 299 ₽")
    order = only_order(stage)
    assert order.saves_method
    (consent,) = stage.auto_renewals.consents
    assert consent.purchase_id == order.purchase_id
    assert (consent.user_id, consent.plan_id) == (ANNA, MONTH.plan_id)
    assert (consent.price, consent.given_at) == (roubles(299), NOW)
    assert WORDS in consent.wording
    assert consent.wording_version


async def test_a_price_that_changed_since_is_not_agreed_to(stage: Stage, anna: Phone) -> None:
    await offered(anna)
    stage.plans.offered = (MONTH.model_copy(update={"price": roubles(349)}),)
    await anna.tap("✅ Согласен(на), оплатить 299 ₽")
    assert stage.starter.begun == []
    assert stage.auto_renewals.consents == []
    assert "349 ₽" in anna.screen


@pytest.fixture
async def renewing(stage: Stage, anna: Phone) -> Phone:
    await offered(anna)
    await anna.tap("✅ Согласен(на), оплатить 299 ₽")
    (consent,) = stage.auto_renewals.consents
    stage.auto_renewals.standing = StandingRenewal(
        consent=consent, method_id=SavedMethodId("card-1"), method_title="Bank card *4444"
    )
    stage.subscriptions.current = a_subscription()
    return anna


async def test_one_tap_unlinks_the_card_and_the_workflow_hears_of_it(
    stage: Stage, renewing: Phone
) -> None:
    await renewing.write("/my")
    await renewing.tap("🔁 Автопродление")
    assert "Bank card *4444" in renewing.screen
    await renewing.tap("Отвязать карту")
    assert "Больше ничего не спишется" in renewing.screen
    assert stage.auto_renewals.standing is None
    assert len(stage.starter.told) == 1


async def test_unlinking_twice_is_answered_the_same(stage: Stage, renewing: Phone) -> None:
    await renewing.write("/my")
    await renewing.tap("🔁 Автопродление")
    for _ in range(2):
        await renewing.tap_data("unlink")
    assert "Больше ничего не спишется" in renewing.screen
    assert len(stage.starter.told) == 1


async def test_a_code_that_is_gone_meanwhile_is_shown_and_not_charged(
    stage: Stage, anna: Phone
) -> None:
    stage.offers.present = Offers(promo=SPRING)
    await anna.write("/plans")
    await anna.tap("🔁 Автопродление")
    await anna.tap("30 дней · 299 ₽")
    assert "− 59,80 ₽: промокод SPRING, 20 %" in anna.screen
    stage.offers.present = Offers()
    await anna.tap("✅ Согласен(на), оплатить 239,20 ₽")
    assert stage.starter.begun == []
    assert "цены изменились" in anna.screen


async def test_two_taps_are_one_purchase_at_the_price_that_was_agreed(
    stage: Stage, anna: Phone
) -> None:
    stage.offers.present = Offers(promo=SPRING)
    await anna.write("/plans")
    await anna.tap("🔁 Автопродление")
    await anna.tap("30 дней · 299 ₽")
    button = anna.data_of("✅ Согласен(на)")
    await anna.tap_data(button)
    stage.offers.present = Offers(refused_code="SPRING", refusal=PromoRefusal.HELD_BY_YOU)
    await anna.tap_data(button)
    assert {order.price for order in stage.starter.begun} == {roubles("239.20")}
    assert {consent.price for consent in stage.auto_renewals.consents} == {roubles(299)}
