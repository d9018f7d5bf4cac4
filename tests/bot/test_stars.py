"""Paying with Telegram Stars: the button, Telegram's question, its word that they were paid."""

from typing import Any

import asyncpg
import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import AnswerPreCheckoutQuery

from domain.errors import TemporalUnavailable
from domain.ids import PurchaseId
from domain.money import stars
from domain.payments import Provider
from domain.purchases import PurchaseStage
from tests.bot.conftest import Stage
from tests.bot.fakes import ANNA, MONTH, YEAR
from tests.bot.phone import Phone

BOTH = (Provider.YOOKASSA, Provider.STARS)
PRICE = 1990


@pytest.fixture
def anna(stage: Stage) -> Phone:
    return stage.phone(shop={"accepted": BOTH})


async def wants_to_pay(anna: Phone, stage: Stage) -> PurchaseId:
    """Anna has an open invoice for a year in Stars."""
    await anna.write("/plans")
    await anna.tap("⭐")
    (order,) = stage.starter.begun
    stage.purchases.move(order.purchase_id, PurchaseStage.AWAITING_PAYMENT)
    return order.purchase_id


async def asks(anna: Phone, payload: object, **changes: Any) -> AnswerPreCheckoutQuery:
    """Telegram asks whether Anna may pay; the answer."""
    await anna.feed(
        pre_checkout_query={
            "id": "q1",
            "from": anna.user,
            "currency": "XTR",
            "total_amount": PRICE,
            "invoice_payload": f"{payload}:1",
            **changes,
        }
    )
    return anna.telegram.asked(AnswerPreCheckoutQuery)[-1]


async def pays(
    anna: Phone, payload: object, charge: str = "charge-1", update_id: int | None = None
) -> None:
    receipt = {
        "currency": "XTR",
        "total_amount": PRICE,
        "invoice_payload": f"{payload}:1",
        "telegram_payment_charge_id": charge,
        "provider_payment_charge_id": "",
    }
    message = {"message_id": 5, "date": 1804239000, "chat": anna.chat, "from": anna.user}
    await anna.feed(update_id, message={**message, "successful_payment": receipt})


async def test_a_plan_with_a_price_in_stars_has_both_buttons(anna: Phone) -> None:
    await anna.write("/plans")
    assert anna.labels[:3] == ["30 дней · 299 ₽", "Год · 2 990 ₽", "1 990 ⭐"]
    assert len(anna.data_of("⭐").encode()) <= 64


async def test_the_button_orders_in_stars_and_asks_for_no_address(stage: Stage) -> None:
    anna = stage.phone(shop={"accepted": BOTH, "receipts": True})
    await anna.write("/plans")
    await anna.tap("⭐")
    (order,) = stage.starter.begun
    assert (order.provider, order.price, order.plan_id) == (
        Provider.STARS, stars(PRICE), YEAR.plan_id
    )  # fmt: skip
    assert order.receipt_email is None
    assert order.message is not None


async def test_a_button_with_yesterdays_price_begins_nothing(anna: Phone, stage: Stage) -> None:
    await anna.write("/plans")
    button = anna.data_of("⭐")
    stage.plans.offered = (MONTH, YEAR.model_copy(update={"price_stars": 2500}))
    await anna.tap_data(button)
    assert stage.starter.begun == []
    assert "2 500 ⭐" in anna.labels


async def test_a_button_in_stars_begins_nothing_once_they_are_turned_off(stage: Stage) -> None:
    before, after = stage.phone(shop={"accepted": BOTH}), stage.phone()
    await before.write("/plans")
    await after.tap_data(before.data_of("⭐"))
    assert stage.starter.begun == []


async def test_with_cards_turned_off_only_stars_are_offered(stage: Stage) -> None:
    anna = stage.phone(shop={"accepted": (Provider.STARS,)})
    await anna.write("/plans")
    assert [label for label in anna.labels if "⭐" in label or "₽" in label] == ["Год · 1 990 ⭐"]
    assert "₽" not in anna.screen


async def test_try_again_compares_the_price_in_stars(anna: Phone, stage: Stage) -> None:
    purchase_id = await wants_to_pay(anna, stage)
    stage.purchases.move(purchase_id, PurchaseStage.EXPIRED)
    await anna.tap_data(f"again:{purchase_id}:2")
    assert [order.attempt for order in stage.starter.begun] == [1, 2]
    assert stage.starter.begun[1].provider is Provider.STARS


async def test_telegram_may_take_the_stars_of_an_open_invoice(anna: Phone, stage: Stage) -> None:
    answer = await asks(anna, await wants_to_pay(anna, stage))
    assert (answer.ok, answer.error_message) == (True, None)


@pytest.mark.parametrize(
    ("oddity", "words"),
    [
        ({"invoice_payload": "not ours"}, "неизвестен"),
        ({"invoice_payload": "00000000-0000-0000-0000-000000000001:1"}, "неизвестен"),
        ({"currency": "RUB"}, "неизвестен"),
        ({"total_amount": 1}, "Цена изменилась"),
        ({"from": {"id": 2, "is_bot": False, "first_name": "B"}}, "made for somebody else"),
    ],
)
async def test_what_was_not_agreed_is_refused_in_words(
    anna: Phone, stage: Stage, oddity: dict[str, Any], words: str
) -> None:
    answer = await asks(anna, await wants_to_pay(anna, stage), **oddity)
    assert answer.ok is False
    assert words in (answer.error_message or "")


@pytest.mark.parametrize(
    ("stage_of_it", "words"),
    [
        (PurchaseStage.EXPIRED, "Время на оплату вышло"),
        (PurchaseStage.DECLINED, "Время на оплату вышло"),
        (PurchaseStage.REFUNDED, "Время на оплату вышло"),
        (PurchaseStage.SETTING_UP, "уже оплачена"),
        (PurchaseStage.DONE, "уже оплачена"),
    ],
)
async def test_a_purchase_that_is_not_open_takes_no_stars(
    anna: Phone, stage: Stage, stage_of_it: PurchaseStage, words: str
) -> None:
    purchase_id = await wants_to_pay(anna, stage)
    stage.purchases.move(purchase_id, stage_of_it)
    answer = await asks(anna, purchase_id)
    assert answer.ok is False
    assert words in (answer.error_message or "")


async def test_a_plan_that_became_dearer_is_refused_before_the_stars_are_taken(
    anna: Phone, stage: Stage
) -> None:
    purchase_id = await wants_to_pay(anna, stage)
    stage.plans.offered = (MONTH, YEAR.model_copy(update={"price_stars": 2500}))
    answer = await asks(anna, purchase_id)
    assert "Цена изменилась" in (answer.error_message or "")


async def test_a_payment_that_is_still_on_its_way_keeps_another_away(
    anna: Phone, stage: Stage
) -> None:
    purchase_id = await wants_to_pay(anna, stage)
    await pays(anna, purchase_id)
    answer = await asks(anna, purchase_id)
    assert "уже оплачена" in (answer.error_message or "")


async def test_in_an_outage_the_customer_is_told_to_come_again(
    anna: Phone, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    purchase_id = await wants_to_pay(anna, stage)

    async def away(_: object) -> None:
        raise asyncpg.CannotConnectNowError("the database system is starting up")

    monkeypatch.setattr(stage.purchases, "find", away)
    answer = await asks(anna, purchase_id)
    assert answer.ok is False
    assert "через минуту" in (answer.error_message or "")


async def test_the_answer_is_in_the_language_that_the_customer_chose(
    stage: Stage, anna: Phone
) -> None:
    english = stage.phone(shop={"accepted": BOTH}, language_code="en")
    await english.write("/start")
    await anna.write("/start")
    answer = await asks(anna, "nothing of ours")
    assert "This invoice is not known here" in (answer.error_message or "")


async def test_an_answer_that_comes_too_late_is_no_failure(anna: Phone, stage: Stage) -> None:
    purchase_id = await wants_to_pay(anna, stage)
    too_late = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    anna.telegram.fail(
        AnswerPreCheckoutQuery,
        TelegramBadRequest(AnswerPreCheckoutQuery(pre_checkout_query_id="q1", ok=True), too_late),
    )
    await asks(anna, purchase_id)
    await anna.write("/start")
    assert "Анна" in anna.screen


async def test_a_payment_is_noted_and_the_purchase_looks(anna: Phone, stage: Stage) -> None:
    purchase_id = await wants_to_pay(anna, stage)
    await pays(anna, purchase_id)
    (charge,) = stage.charges.told.values()
    assert (charge.purchase_id, charge.payer, charge.amount) == (purchase_id, ANNA, stars(PRICE))
    assert stage.starter.seen == [f"{purchase_id}:1"]


async def test_a_repeated_update_changes_nothing(anna: Phone, stage: Stage) -> None:
    purchase_id = await wants_to_pay(anna, stage)
    for _ in range(2):
        await pays(anna, purchase_id, update_id=9_000_001)
    assert len(stage.starter.seen) == 1
    await pays(anna, purchase_id)
    assert stage.starter.surpluses == [], "the same charge told again is no second payment"


async def test_a_second_payment_of_the_same_purchase_goes_back(anna: Phone, stage: Stage) -> None:
    purchase_id = await wants_to_pay(anna, stage)
    await pays(anna, purchase_id)
    await pays(anna, purchase_id, charge="charge-2")
    (surplus,) = stage.starter.surpluses
    assert surplus.request.provider_payment_id == "charge-2"
    assert (surplus.provider, surplus.request.amount) == (Provider.STARS, stars(PRICE))
    assert len(stage.starter.seen) == 1


async def test_while_temporal_is_away_the_payment_comes_again(anna: Phone, stage: Stage) -> None:
    purchase_id = await wants_to_pay(anna, stage)
    stage.starter.is_away = True
    with pytest.raises(TemporalUnavailable):
        await pays(anna, purchase_id, update_id=9_000_002)
    stage.starter.is_away = False
    await pays(anna, purchase_id, update_id=9_000_002)
    assert stage.starter.seen == [f"{purchase_id}:1"]


async def test_telegrams_own_word_of_a_refund_needs_no_answer(anna: Phone) -> None:
    receipt = {
        "currency": "XTR",
        "total_amount": PRICE,
        "invoice_payload": "x:1",
        "telegram_payment_charge_id": "charge-1",
    }
    await anna.send(refunded_payment=receipt)
    assert anna.telegram.shown == {}


def test_telegram_is_asked_for_its_questions_before_payments(anna: Phone) -> None:
    assert "pre_checkout_query" in anna.dispatcher.resolve_used_update_types()
