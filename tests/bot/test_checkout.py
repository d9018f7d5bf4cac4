"""From the tap on a price to a purchase under way."""

import pytest
from aiogram.methods import EditMessageText

from domain.ids import ChatId, MessageId
from domain.money import roubles
from domain.purchases import ChatMessage, PurchaseOrder, PurchaseStage
from tests.bot.conftest import Stage
from tests.bot.fakes import ANNA, MONTH, YEAR, a_subscription
from tests.bot.phone import Phone


@pytest.fixture
async def at_the_plans(anna: Phone) -> Phone:
    await anna.write("/start")
    await anna.tap("Выбрать тариф")
    return anna


def only_order(stage: Stage) -> PurchaseOrder:
    (order,) = stage.starter.begun
    return order


async def test_the_third_tap_from_start_is_the_payment_page(stage: Stage, anna: Phone) -> None:
    await anna.write("/start")
    await anna.tap("Выбрать тариф")  # one
    await anna.tap("30 дней · 299 ₽")  # two; the third opens the page
    order = only_order(stage)
    assert (order.user_id, order.plan_id, order.price) == (ANNA, MONTH.plan_id, roubles(299))
    assert order.message == ChatMessage(chat_id=ChatId(ANNA), message_id=MessageId(100))
    assert "Готовим страницу оплаты" in anna.screen


async def test_every_button_shows_its_price(at_the_plans: Phone) -> None:
    assert at_the_plans.labels[:2] == ["30 дней · 299 ₽", "Год · 2 990 ₽"]


async def test_a_renewal_is_said_to_add_to_the_present_end(stage: Stage, anna: Phone) -> None:
    stage.subscriptions.current = a_subscription()
    await anna.write("/plans")
    assert "оплачена до 3 апреля 2027, 12:30 МСК" in anna.screen


async def test_preparing_is_shown_before_the_workflow_takes_the_message(
    stage: Stage, at_the_plans: Phone
) -> None:
    shown_at_the_start: list[str] = []
    begin = stage.starter.begin_purchase

    async def watched(order: PurchaseOrder) -> None:
        shown_at_the_start.append(at_the_plans.screen)
        await begin(order)

    stage.starter.begin_purchase = watched
    await at_the_plans.tap("30 дней")
    assert "Готовим страницу оплаты" in shown_at_the_start[0]


async def test_two_taps_are_one_purchase_and_the_second_overwrites_nothing(
    stage: Stage, at_the_plans: Phone
) -> None:
    button = at_the_plans.data_of("30 дней")
    await at_the_plans.tap_data(button)
    edits = len(stage.telegram.asked(EditMessageText))
    await at_the_plans.tap_data(button)
    first, second = stage.starter.begun
    assert first.purchase_id == second.purchase_id
    assert len(stage.purchases.records) == 1
    assert len(stage.telegram.asked(EditMessageText)) == edits
    assert at_the_plans.toast.text == "Эта покупка уже оформляется"


async def test_each_drawing_of_the_plans_mints_new_purchases(anna: Phone) -> None:
    await anna.write("/plans")
    first = anna.data_of("30 дней")
    await anna.write("/plans")
    assert anna.data_of("30 дней") != first


async def test_a_changed_price_is_shown_and_not_charged(stage: Stage, at_the_plans: Phone) -> None:
    stage.plans.offered = (MONTH.model_copy(update={"price": roubles(349)}), YEAR)
    await at_the_plans.tap("30 дней")
    assert stage.starter.begun == []
    assert "цены изменились" in at_the_plans.screen
    assert at_the_plans.labels[0] == "30 дней · 349 ₽"


async def test_without_temporal_the_same_button_is_offered_again(
    stage: Stage, at_the_plans: Phone
) -> None:
    button = at_the_plans.data_of("30 дней")
    stage.starter.is_away = True
    await at_the_plans.tap_data(button)
    assert "деньги не списаны" in at_the_plans.screen
    assert at_the_plans.data_of("30 дней · 299 ₽") == button

    stage.starter.is_away = False
    await at_the_plans.tap("30 дней")
    assert only_order(stage).purchase_id in stage.purchases.records


async def test_a_start_that_only_seemed_to_fail_does_not_hide_the_payment_page(
    stage: Stage, at_the_plans: Phone
) -> None:
    stage.starter.is_away = True
    await at_the_plans.tap("30 дней")
    (purchase_id,) = stage.purchases.records
    url = "https://pay.example/1"
    stage.purchases.move(purchase_id, PurchaseStage.AWAITING_PAYMENT, confirmation_url=url)
    stage.starter.is_away = False
    await at_the_plans.tap("30 дней")
    assert at_the_plans.buttons[0].url == url


async def a_database_that_is_away(*_: object) -> bool:
    raise ConnectionRefusedError("the database is away")


class TestReceipts:
    """With receipts on, an e-mail address is asked for once."""

    @pytest.fixture
    async def asked(self, stage: Stage) -> Phone:
        anna = stage.phone(shop={"receipts": True})
        await anna.write("/plans")
        await anna.tap("30 дней")
        return anna

    async def test_the_purchase_waits_for_the_address(self, stage: Stage, asked: Phone) -> None:
        assert "Куда прислать чек" in asked.screen
        assert stage.starter.begun == []

    async def test_the_address_goes_with_the_order_and_is_remembered(
        self, stage: Stage, asked: Phone
    ) -> None:
        await asked.write(" anna@mail.ru ")
        assert only_order(stage).receipt_email == "anna@mail.ru"
        assert "Готовим страницу оплаты" in asked.screen

        await asked.write("/plans")
        await asked.tap("Год")
        assert stage.starter.begun[1].receipt_email == "anna@mail.ru"

    @pytest.mark.parametrize(
        "text",
        [
            "привет",
            "a@b",
            "anna@mail.r",
            "a b@mail.ru",
            "@mail.ru",
            "a" * 250 + "@b.ru",
            "anna..b@mail.ru",
            "anna@mail..ru",
            ".anna@mail.ru",
            "anna@mail.ru.",
            "<anna@mail.ru>",
            "anna@mail.ru,boris@mail.ru",
            "anna@mail.ru;",
            "anna@boris@mail.ru",
        ],
    )
    async def test_what_is_no_address_is_asked_for_again(
        self, stage: Stage, asked: Phone, text: str
    ) -> None:
        await asked.write(text)
        assert "не похоже на адрес почты" in asked.screen
        assert stage.starter.begun == []

    @pytest.mark.parametrize("text", ["anna.b+vpn@mail.example.ru", "a_b-c@b.ru"])
    async def test_unusual_addresses_are_taken(self, stage: Stage, asked: Phone, text: str) -> None:
        await asked.write(text)
        assert only_order(stage).receipt_email == text

    async def test_the_payment_message_is_a_new_one_below_the_address(
        self, stage: Stage, asked: Phone
    ) -> None:
        question = asked.newest_id
        await asked.write("anna@mail.ru")
        saved, payment_message = question + 1, question + 2
        assert "anna@mail.ru" in stage.telegram.shown[ANNA, saved][0]
        assert only_order(stage).message == ChatMessage(
            chat_id=ChatId(ANNA), message_id=MessageId(payment_message)
        )
        assert "Куда прислать чек" in stage.telegram.shown[ANNA, question][0]

    async def test_a_repeat_of_a_half_done_answer_sends_no_second_payment_message(
        self, stage: Stage, asked: Phone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as outage:
            outage.setattr(stage.purchases, "open", a_database_that_is_away)
            with pytest.raises(ConnectionRefusedError):
                await asked.write("anna@mail.ru")
        await asked.write("anna@mail.ru")
        shown = [text for text, _ in stage.telegram.shown.values()]
        assert sum("Готовим страницу оплаты" in text for text in shown) == 1
        assert only_order(stage).message is not None

    async def test_the_address_can_be_changed(self, stage: Stage, asked: Phone) -> None:
        await asked.write("anna@mail.ru")
        await asked.write("/email")
        assert "Куда прислать чек" in asked.screen
        await asked.write("boris@mail.ru")
        assert "boris@mail.ru" in asked.screen
        assert stage.customers.known[ANNA].email == "boris@mail.ru"
        assert len(stage.starter.begun) == 1, "an address alone buys nothing"

    async def test_a_purchase_that_waits_for_the_address_outlives_the_command(
        self, stage: Stage, asked: Phone
    ) -> None:
        await asked.write("/email")
        await asked.write("anna@mail.ru")
        assert only_order(stage).plan_id == MONTH.plan_id

    async def test_without_receipts_there_is_no_such_command(self, anna: Phone) -> None:
        await anna.write("/email")
        assert "Свободный текст" in anna.screen

    async def test_a_restart_of_the_bot_loses_no_question(self, stage: Stage, asked: Phone) -> None:
        restarted = stage.phone(shop={"receipts": True})
        await restarted.write("anna@mail.ru")
        assert only_order(stage).plan_id == MONTH.plan_id

    async def test_start_leaves_the_question(self, stage: Stage, asked: Phone) -> None:
        await asked.write("/start")
        await asked.write("anna@mail.ru")
        assert stage.starter.begun == []
        assert "Свободный текст я пока не понимаю" in asked.screen

    async def test_a_price_that_changed_meanwhile_is_shown(
        self, stage: Stage, asked: Phone
    ) -> None:
        stage.plans.offered = (YEAR,)
        await asked.write("anna@mail.ru")
        assert stage.starter.begun == []
        assert "цены изменились" in asked.screen


class TestTryAgain:
    """A declined or expired purchase goes on with a further page."""

    @pytest.fixture
    async def declined(self, stage: Stage, at_the_plans: Phone) -> str:
        await at_the_plans.tap("30 дней")
        purchase_id = only_order(stage).purchase_id
        stage.purchases.move(purchase_id, PurchaseStage.DECLINED)
        return f"again:{purchase_id.hex}:2"

    async def test_it_is_the_next_attempt_of_the_same_purchase(
        self, stage: Stage, anna: Phone, declined: str
    ) -> None:
        await anna.tap_data(declined)
        first, second = stage.starter.begun
        assert second == first.model_copy(update={"attempt": 2})
        assert anna.toast.text == "Готовим новую страницу оплаты…"

    @pytest.mark.parametrize(
        ("stage_now", "attempt"),
        [(PurchaseStage.AWAITING_PAYMENT, 2), (PurchaseStage.DONE, 1), (PurchaseStage.DECLINED, 2)],
    )
    async def test_a_stale_button_starts_nothing(
        self, stage: Stage, anna: Phone, declined: str, stage_now: PurchaseStage, attempt: int
    ) -> None:
        (purchase_id,) = stage.purchases.records
        stage.purchases.move(purchase_id, stage_now, attempt=attempt)
        await anna.tap_data(declined)
        assert len(stage.starter.begun) == 1
        assert anna.toast.text == "Эта покупка уже оформляется"

    async def test_somebody_elses_purchase_is_not_touched(
        self, stage: Stage, declined: str
    ) -> None:
        boris = stage.phone(user_id=1002)
        await boris.write("/start")
        await boris.tap_data(declined)
        assert len(stage.starter.begun) == 1
        assert boris.toast.show_alert

    async def test_an_old_price_is_not_honoured_for_ever(
        self, stage: Stage, anna: Phone, declined: str
    ) -> None:
        stage.plans.offered = (MONTH.model_copy(update={"price": roubles(349)}),)
        await anna.tap_data(declined)
        assert len(stage.starter.begun) == 1
        assert "цены изменились" in anna.screen

    async def test_nothing_is_charged_again_while_the_servers_are_full(
        self, stage: Stage, anna: Phone, declined: str
    ) -> None:
        stage.purchases.is_full = True
        await anna.tap_data(declined)
        assert len(stage.starter.begun) == 1
        assert "Свободных мест сейчас нет" in anna.screen

    async def test_without_temporal_it_says_so(
        self, stage: Stage, anna: Phone, declined: str
    ) -> None:
        stage.starter.is_away = True
        await anna.tap_data(declined)
        assert "деньги не списаны" in (anna.toast.text or "")


async def test_a_full_fleet_takes_no_money_and_says_so(stage: Stage, at_the_plans: Phone) -> None:
    stage.purchases.is_full = True
    await at_the_plans.tap("30 дней")
    assert "Деньги не списаны" in at_the_plans.screen
    assert stage.starter.begun == []
    stage.purchases.is_full = False
    await at_the_plans.tap("Все тарифы")
    assert any("30 дней" in label for label in at_the_plans.labels)
