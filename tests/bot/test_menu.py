"""The menu knows who opens it."""

from datetime import timedelta

import pytest

from domain.ids import UserId
from domain.languages import Language
from domain.purchases import PurchaseStage
from domain.subscriptions import SubscriptionStatus
from tests.bot.conftest import Stage
from tests.bot.fakes import ANNA, NOW, a_subscription
from tests.bot.phone import Phone


async def test_a_new_customer_is_greeted_by_name_and_led_to_the_plans(anna: Phone) -> None:
    await anna.write("/start")
    assert "Здравствуйте, Анна!" in anna.screen
    assert anna.labels[0] == "🛒 Выбрать тариф"


async def test_menu_is_another_word_for_start(anna: Phone) -> None:
    await anna.write("/menu")
    assert "Здравствуйте, Анна!" in anna.screen


@pytest.mark.parametrize("command", ["/help", "/support", "/paysupport", "/terms"])
async def test_what_telegram_asks_of_every_seller_leads_to_help(anna: Phone, command: str) -> None:
    await anna.write(command)
    assert "Помощь" in anna.screen
    assert "@shop_support" in anna.screen


async def test_help_tells_how_to_change_the_address_only_where_receipts_are_sent(
    stage: Stage, anna: Phone
) -> None:
    await anna.write("/help")
    assert "/email" not in anna.screen
    with_receipts = stage.phone(shop={"receipts": True})
    await with_receipts.write("/help")
    assert "/email" in with_receipts.screen


async def test_a_name_is_no_markup(stage: Stage) -> None:
    anna = stage.phone()
    anna.user["first_name"] = "<b>Анна</b> & Co"
    await anna.write("/start")
    assert "&lt;b&gt;Анна&lt;/b&gt; &amp; Co" in anna.screen


async def test_a_connected_customer_sees_the_exact_end_and_gets_the_file(
    stage: Stage, anna: Phone
) -> None:
    stage.subscriptions.current = a_subscription()
    await anna.write("/start")
    assert "3 апреля 2027, 12:30 МСК (UTC+3)" in anna.screen
    assert "29 дней" in anna.screen
    assert anna.labels[:3] == ["📄 Получить настройки", "📱 Моя подписка", "🔄 Продлить"]


async def test_an_expired_customer_is_asked_to_renew(stage: Stage, anna: Phone) -> None:
    stage.subscriptions.current = a_subscription(status=SubscriptionStatus.EXPIRED)
    await anna.write("/start")
    assert "Подписка закончилась" in anna.screen
    assert anna.labels[0] == "🔄 Продлить"


async def test_access_ends_on_time_even_if_its_workflow_is_late(stage: Stage, anna: Phone) -> None:
    stage.subscriptions.current = a_subscription(ends=NOW - timedelta(seconds=1))
    await anna.write("/start")
    assert "Подписка закончилась" in anna.screen


async def test_whoever_comes_back_from_the_payment_page_too_early_hears_the_truth(
    stage: Stage, anna: Phone
) -> None:
    await anna.write("/start")
    await anna.tap("Выбрать тариф")
    await anna.tap("30 дней")
    purchase_id = stage.starter.begun[0].purchase_id

    url = "https://pay.example/1"
    stage.purchases.move(purchase_id, PurchaseStage.AWAITING_PAYMENT, confirmation_url=url)
    await anna.write("/start paid")
    assert "Ждём оплату" in anna.screen
    assert anna.buttons[0].url == url

    stage.purchases.move(purchase_id, PurchaseStage.SETTING_UP)
    await anna.write("/start paid")
    assert "Оплата получена" in anna.screen


async def test_the_language_is_telegrams_until_another_is_chosen(stage: Stage) -> None:
    anna = stage.phone(language_code="en-GB")
    await anna.write("/start")
    assert "Hello" in anna.screen
    await anna.tap("Language")
    await anna.tap("Русский")
    assert "Здравствуйте" in anna.screen
    assert stage.customers.known[UserId(ANNA)].language is Language.RUSSIAN
    await anna.write("/start")
    assert "Здравствуйте" in anna.screen


async def test_every_button_of_every_screen_leads_somewhere_and_back(
    stage: Stage, anna: Phone
) -> None:
    stage.subscriptions.current = a_subscription()
    await anna.write("/start")
    for label in ("Моя подписка", "Продлить", "Как подключить", "Помощь", "Язык"):
        await anna.tap(label)
        await anna.tap("В меню")
        assert "Подписка активна" in anna.screen
    assert len(stage.telegram.shown) == 1, "one message is edited in place"


async def test_every_platform_has_its_steps(stage: Stage, anna: Phone) -> None:
    await anna.write("/setup")
    for platform in ("Android", "iPhone", "Windows", "macOS", "Linux", "Роутер"):
        await anna.tap(platform)
        assert platform in anna.screen
        assert "Проверка" in anna.screen
        await anna.tap("Другое устройство")


async def test_a_menu_tap_costs_at_most_two_queries_besides_greeting(
    stage: Stage, anna: Phone
) -> None:
    await anna.write("/start")
    queries: list[str] = []
    for repository in (stage.plans, stage.purchases, stage.subscriptions):
        for name in ("for_sale", "find", "latest_of", "subscription_of", "client_config"):
            if method := getattr(repository, name, None):
                setattr(repository, name, _counting(method, name, queries))
    for label in ("Выбрать тариф", "В меню", "Помощь"):
        queries.clear()
        await anna.tap(label)
        assert len(queries) <= 2, (label, queries)


def _counting(method, name, queries):
    async def counted(*args):
        queries.append(name)
        return await method(*args)

    return counted
