"""My subscription, and the configuration once more."""

from aiogram.methods import SendDocument, SendPhoto

from domain.subscriptions import SubscriptionStatus
from tests.bot.conftest import Stage
from tests.bot.fakes import CONFIG, a_subscription
from tests.bot.phone import Phone


async def test_it_shows_end_time_left_and_country(stage: Stage, anna: Phone) -> None:
    stage.subscriptions.current = a_subscription()
    await anna.write("/my")
    for fact in ("30 дней", "3 апреля 2027, 12:30 МСК (UTC+3)", "29 дней", "🇳🇱 Нидерланды"):
        assert fact in anna.screen
    assert "🔄 Продлить" in anna.labels


async def test_who_has_none_is_led_to_the_plans(anna: Phone) -> None:
    await anna.write("/my")
    assert "Подписки пока нет" in anna.screen
    assert anna.labels[0] == "🛒 Выбрать тариф"


async def test_the_file_and_its_qr_come_again(stage: Stage, anna: Phone) -> None:
    stage.subscriptions.current = a_subscription()
    await anna.write("/my")
    await anna.tap("Получить настройки")
    (document,) = stage.telegram.asked(SendDocument)
    assert document.document.filename == "wgshop-nl1.conf"
    assert document.document.data == CONFIG.render().encode()
    assert len(stage.telegram.asked(SendPhoto)) == 1
    assert anna.toast.text == "Отправили файл и QR-код"


async def test_without_access_there_is_no_file(stage: Stage, anna: Phone) -> None:
    stage.subscriptions.current = a_subscription()
    await anna.write("/my")
    stage.subscriptions.current = a_subscription(status=SubscriptionStatus.EXPIRED)
    await anna.tap("Получить настройки")
    assert stage.telegram.asked(SendDocument) == []
    assert anna.toast.show_alert


async def test_a_device_that_no_server_took_yet_is_said_to_be_set_up(
    stage: Stage, anna: Phone
) -> None:
    stage.subscriptions.current = a_subscription()
    stage.subscriptions.config = None
    await anna.write("/my")
    await anna.tap("Получить настройки")
    assert "ещё настраивается" in (anna.toast.text or "")
