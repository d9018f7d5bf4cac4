"""The customer's devices, in conversation."""

from uuid import UUID

import pytest
from aiogram.methods import SendDocument, SendPhoto

from domain.errors import (
    AccessEnded,
    DeviceBusy,
    DeviceLimitReached,
    LastDevice,
    NoFreeAddress,
    ShopError,
    UnknownDevice,
)
from domain.subscriptions import SubscriptionStatus
from tests.bot.conftest import Stage
from tests.bot.fakes import CONFIG, a_device, a_subscription
from tests.bot.phone import Phone


@pytest.fixture
async def phone(stage: Stage, anna: Phone) -> Phone:
    """Anna has a subscription with one device, and looks at the list."""
    stage.subscriptions.current = a_subscription()
    await anna.write("/my")
    await anna.tap("Устройства")
    return anna


async def test_the_list_tells_who_is_connected_and_how_much_it_was(phone: Phone) -> None:
    assert "Устройства: 1 из 3" in phone.screen
    assert "<b>Моё устройство</b>: 🟢 сейчас на связи, 12,3 ГБ" in phone.screen


async def test_without_access_the_way_leads_to_the_plans(stage: Stage, phone: Phone) -> None:
    stage.subscriptions.current = a_subscription(status=SubscriptionStatus.EXPIRED)
    await phone.write("/my")
    await phone.tap_data("open:devices:0")
    assert "вернутся с теми же файлами" in phone.screen
    assert phone.labels[0] == "🛒 Выбрать тариф"


async def test_a_device_is_added_in_two_taps_and_its_file_is_announced(
    stage: Stage, phone: Phone
) -> None:
    await phone.tap("Добавить")
    await phone.tap("Ноутбук")
    assert [each.name for each in stage.devices.known] == ["", "Ноутбук"]
    (work,) = stage.starter.carried_out
    assert work.setups[0].device_id == stage.devices.known[1].device_id
    assert "⏳ настраивается" in phone.screen
    assert phone.toast.text == "Файл сейчас придёт в этот чат"


async def test_whatever_is_tapped_on_one_screen_is_one_device(stage: Stage, phone: Phone) -> None:
    await phone.tap("Добавить")
    taps = [phone.data_of(kind) for kind in ("Ноутбук", "Телефон")]
    for tap in taps:
        await phone.tap_data(tap)
    assert len(stage.devices.known) == 2


async def test_with_a_full_plan_there_is_no_button_to_add(stage: Stage, phone: Phone) -> None:
    old = phone.data_of("Добавить")
    stage.devices.limit = 1
    await phone.write("/my")
    await phone.tap("Устройства")
    assert not any("Добавить" in label for label in phone.labels)
    await phone.tap_data(old)
    assert "больше устройств не допускает" in (phone.toast.text or "")


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (DeviceLimitReached(), "больше устройств не допускает"),
        (NoFreeAddress(), "нет свободных мест"),
        (AccessEnded(), "Действующей подписки нет"),
        (UnknownDevice(), "уже нет"),
    ],
)
async def test_what_the_ledger_refuses_is_said_in_words(
    stage: Stage, phone: Phone, refusal: ShopError, words: str
) -> None:
    await phone.tap("Добавить")
    stage.devices.refusal = refusal
    await phone.tap("Ноутбук")
    assert words in (phone.toast.text or "")
    assert phone.toast.show_alert
    assert stage.starter.carried_out == []


async def test_an_outage_after_the_decision_brings_the_tap_again(
    stage: Stage, phone: Phone
) -> None:
    await phone.tap("Добавить")
    tap = phone.data_of("Ноутбук")
    stage.starter.is_away = True
    with pytest.raises(Exception, match="does not answer"):
        await phone.tap_data(tap)
    stage.starter.is_away = False
    await phone.tap_data(tap)
    assert len(stage.devices.known) == 2
    assert len(stage.starter.carried_out) == 1


async def test_a_devices_file_comes_again_under_its_name(stage: Stage, phone: Phone) -> None:
    stage.devices.known = [a_device(name="Кухня")]
    await phone.tap("Моё устройство")
    await phone.tap("Файл и QR")
    (document,) = stage.telegram.asked(SendDocument)
    assert document.document.data == CONFIG.render().encode()
    assert "«Кухня»" in (document.caption or "")
    assert len(stage.telegram.asked(SendPhoto)) == 1


async def test_a_file_is_not_handed_out_before_its_time(stage: Stage, phone: Phone) -> None:
    await phone.tap("Моё устройство")
    stage.subscriptions.config = None
    await phone.tap("Файл и QR")
    assert stage.telegram.asked(SendDocument) == []
    assert "настраивается" in (phone.toast.text or "")


async def test_a_resting_device_gets_no_file(stage: Stage, phone: Phone) -> None:
    await phone.tap("Моё устройство")
    file = phone.data_of("Файл и QR")
    stage.devices.known = [a_device(may_connect=False)]
    await phone.tap_data(file)
    assert stage.telegram.asked(SendDocument) == []
    assert "отдыхает" in (phone.toast.text or "")


async def test_a_leaked_file_is_replaced_after_a_question(stage: Stage, phone: Phone) -> None:
    stage.devices.known = [a_device(revision=7)]
    await phone.tap("Моё устройство")
    await phone.tap("Файл попал к чужим")
    assert "Старый перестанет работать у всех" in phone.screen
    assert stage.starter.reissued == []
    await phone.tap("Да, выдать новый файл")
    assert stage.starter.reissued == [(stage.devices.known[0].device_id, 7)]


async def test_a_device_is_removed_after_a_question(stage: Stage, phone: Phone) -> None:
    stage.devices.known.append(a_device(device_id=UUID(int=9), name="Лишнее"))
    await phone.write("/my")
    await phone.tap("Устройства")
    await phone.tap("Лишнее")
    await phone.tap("Удалить")
    await phone.tap("Да, удалить")
    assert [each.name for each in stage.devices.known] == [""]
    assert len(stage.starter.carried_out[0].removals) == 1
    assert "Устройства: 1 из 3" in phone.screen


@pytest.mark.parametrize(
    ("refusal", "words"), [(LastDevice(), "единственное"), (DeviceBusy(), "после оплаты")]
)
async def test_a_removal_that_is_refused_is_explained(
    stage: Stage, phone: Phone, refusal: ShopError, words: str
) -> None:
    stage.devices.known.append(a_device(device_id=UUID(int=9), name="Лишнее"))
    await phone.write("/my")
    await phone.tap("Устройства")
    await phone.tap("Лишнее")
    await phone.tap("Удалить")
    stage.devices.refusal = refusal
    await phone.tap("Да, удалить")
    assert words in (phone.toast.text or "")


async def test_the_only_device_has_no_button_to_remove_it(phone: Phone) -> None:
    await phone.tap("Моё устройство")
    assert not any("Удалить" in label for label in phone.labels)


async def test_a_device_is_called_otherwise_with_one_message(stage: Stage, phone: Phone) -> None:
    await phone.tap("Моё устройство")
    await phone.tap("Переименовать")
    await phone.write("  Мамин\nтелефон ")
    assert stage.devices.known[0].name == "Мамин телефон"
    assert "<b>Мамин телефон</b>" in phone.screen


async def test_a_name_that_is_none_is_asked_for_again(stage: Stage, phone: Phone) -> None:
    await phone.tap("Моё устройство")
    await phone.tap("Переименовать")
    await phone.write("x" * 40)
    assert "от 1 до 32" in phone.screen
    await phone.write("TV")
    assert stage.devices.known[0].name == "TV"


async def test_a_name_cannot_smuggle_markup_in(stage: Stage, phone: Phone) -> None:
    await phone.tap("Моё устройство")
    await phone.tap("Переименовать")
    await phone.write("<a href='x'>hi</a>")
    assert "<a href" not in phone.screen
    assert "&lt;a href" in phone.screen


async def test_a_device_that_went_meanwhile_leads_back_to_the_list(
    stage: Stage, phone: Phone
) -> None:
    show = phone.data_of("Моё устройство")
    stage.devices.known = [a_device(device_id=UUID(int=9), name="Другое")]
    await phone.tap_data(show)
    assert "Другое" in phone.screen
