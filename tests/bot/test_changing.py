"""Another plan and a pause, in the chat."""

from datetime import timedelta

import pytest

from domain.errors import OfferChanged, RefundRefused
from domain.money import roubles
from domain.plan_changes import AgreedChange
from domain.purchases import PurchaseKind
from domain.subscriptions import SubscriptionStatus
from tests.bot.conftest import Stage
from tests.bot.fakes import MONTH, NOW, THREE_HUNDRED_LEFT, YEAR, a_subscription
from tests.bot.phone import Phone

CHEAP = YEAR.model_copy(update={"price": roubles(100)})


@pytest.fixture
async def looking(stage: Stage, anna: Phone) -> Phone:
    """Anna, who looks at the plans that she could change to."""
    stage.subscriptions.current = a_subscription().model_copy(update={"freeze_days": 7})
    await anna.write("/my")
    await anna.tap("🔀 Сменить тариф")
    return anna


async def test_every_plan_says_what_it_comes_to_before_anything_is_paid(looking: Phone) -> None:
    for words in ("299 ₽", "доплата <b>2 691 ₽</b>", "это ваш тариф"):
        assert words in looking.screen


async def test_a_dearer_plan_begins_a_purchase_at_the_price_on_the_button(
    stage: Stage, looking: Phone
) -> None:
    await looking.tap("Год · 2 691 ₽")
    (order,) = stage.starter.begun
    assert (order.kind, order.price, order.list_price) == (
        PurchaseKind.CHANGE,
        roubles(2691),
        roubles(2990),
    )
    assert order.change == AgreedChange(
        subscription_id=a_subscription().subscription_id, revision=3, made_at=NOW
    )
    assert order.discounts[0].saved == roubles(299)


async def test_two_taps_are_one_purchase(stage: Stage, looking: Phone) -> None:
    button = looking.data_of("Год")
    await looking.tap("Год")
    await looking.tap_data(button)
    assert len({order.purchase_id for order in stage.starter.begun}) == 1


async def test_what_has_changed_meanwhile_is_shown_again(stage: Stage, looking: Phone) -> None:
    stage.changes.holdings = THREE_HUNDRED_LEFT.model_copy(
        update={"ends_at": NOW + timedelta(days=15), "revision": 4}
    )
    await looking.tap("Год")
    assert stage.starter.begun == []
    assert "Сейчас так" in looking.screen
    assert "2 840,50 ₽" in looking.screen


async def test_a_cheaper_plan_needs_no_payment(stage: Stage, anna: Phone) -> None:
    stage.subscriptions.current = a_subscription()
    stage.plans.offered = (MONTH, CHEAP)
    await anna.write("/my")
    await anna.tap("🔀 Сменить тариф")
    await anna.tap("без доплаты")
    (order,) = stage.starter.changed
    assert order.plan_id == CHEAP.plan_id
    assert stage.starter.begun == []
    assert "Тариф изменён" in anna.screen


async def test_a_free_change_that_is_refused_shows_what_can_be_had_now(
    stage: Stage, anna: Phone
) -> None:
    stage.subscriptions.current = a_subscription()
    stage.plans.offered = (MONTH, CHEAP)
    await anna.write("/my")
    await anna.tap("🔀 Сменить тариф")
    stage.starter.refusal = OfferChanged("the offer has changed")
    await anna.tap("без доплаты")
    assert "Сейчас так" in anna.screen


async def test_a_pause_is_explained_before_it_begins(stage: Stage, looking: Phone) -> None:
    await looking.write("/my")
    await looking.tap("⏸ Пауза")
    assert "7 дней" in looking.screen
    assert stage.starter.frozen == []
    stage.subscriptions.current = a_subscription(status=SubscriptionStatus.FROZEN).model_copy(
        update={"frozen_at": NOW, "resumes_at": NOW + timedelta(days=7)}
    )
    await looking.tap("⏸ Поставить на паузу")
    assert len(stage.starter.frozen) == 1
    assert "На паузе" in looking.screen


async def test_a_pause_that_is_used_up_has_no_button(stage: Stage, looking: Phone) -> None:
    stage.changes.left = timedelta(0)
    await looking.write("/my")
    await looking.tap("⏸ Пауза")
    assert not any("Поставить" in label for label in looking.labels)


async def test_a_plan_without_pauses_offers_none(stage: Stage, anna: Phone) -> None:
    stage.subscriptions.current = a_subscription()
    await anna.write("/my")
    assert not any("Пауза" in label for label in anna.labels)


async def test_whoever_is_on_pause_goes_on_with_one_tap_from_the_menu(
    stage: Stage, anna: Phone
) -> None:
    stage.subscriptions.current = a_subscription(status=SubscriptionStatus.FROZEN).model_copy(
        update={"frozen_at": NOW, "resumes_at": NOW + timedelta(days=7)}
    )
    await anna.write("/start")
    await anna.tap("▶️ Продолжить")
    assert len(stage.starter.resumed) == 1
    assert "снова идёт" in anna.screen


async def test_a_second_tap_on_go_on_shows_what_there_is(stage: Stage, anna: Phone) -> None:
    stage.subscriptions.current = a_subscription()
    stage.starter.refusal = RefundRefused("it is active, not frozen")
    await anna.write("/my")
    await anna.tap_data("resume")
    assert "Моя подписка" in anna.screen
