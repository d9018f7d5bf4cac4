"""Taking a device to another location, in conversation."""

from datetime import timedelta
from uuid import UUID

import pytest

from domain.errors import (
    AccessEnded,
    DeviceBusy,
    DeviceMoved,
    LocationLimitReached,
    LocationNotOffered,
    NoFreeAddress,
    RefundRefused,
    ShopError,
    UnknownDevice,
)
from domain.ids import DeviceId
from domain.locations import ChangesLeft, LocationChoice
from domain.subscriptions import SubscriptionStatus
from tests.bot.conftest import Stage
from tests.bot.fakes import A_CHOICE, NOW, a_device, a_subscription
from tests.bot.phone import Phone

BUTTON = "Сменить локацию"


@pytest.fixture
async def phone(stage: Stage, anna: Phone) -> Phone:
    """Anna looks at her one device, which is in the Netherlands."""
    stage.subscriptions.current = a_subscription()
    stage.devices.known = [a_device(revision=7)]
    await anna.write("/my")
    await anna.tap("Устройства")
    await anna.tap("Моё устройство")
    return anna


def has_button(phone: Phone, label: str) -> bool:
    return any(label in each for each in phone.labels)


async def test_before_the_tap_it_says_what_a_change_means_and_how_many_are_left(
    phone: Phone,
) -> None:
    await phone.tap(BUTTON)
    assert "Сейчас: 🇳🇱 Нидерланды" in phone.screen
    assert "Ключи устройства останутся прежними" in phone.screen
    assert "нужен новый файл" in phone.screen
    assert "Осталось смен: 2 из 3" in phone.screen
    assert phone.labels == ["🇩🇪 Германия", "🇫🇮 Финляндия", "‹ Назад"]


async def test_a_tap_takes_the_device_there_and_announces_its_file(
    stage: Stage, phone: Phone
) -> None:
    await phone.tap(BUTTON)
    await phone.tap("Германия")
    (order,) = stage.starter.moved
    assert (order.location, order.revision) == ("de", 7)
    assert order.device_id == stage.devices.known[0].device_id
    assert phone.toast.text == "Файл сейчас придёт в этот чат"
    assert "Моё устройство" in phone.screen


async def test_a_tap_that_telegram_repeats_asks_for_the_same_change(
    stage: Stage, phone: Phone
) -> None:
    await phone.tap(BUTTON)
    tap = phone.data_of("Германия")
    await phone.tap_data(tap)
    stage.devices.known = [a_device(revision=8, location="de")]
    stage.devices.choice = LocationChoice(
        places=("fi", "nl"), changes=ChangesLeft(limit=3, number=1)
    )
    await phone.tap_data(tap)
    assert stage.starter.moved == [stage.starter.moved[0]] * 2
    assert phone.toast.text == "Файл сейчас придёт в этот чат"


@pytest.mark.parametrize(
    "choice",
    [None, LocationChoice(places=(), changes=ChangesLeft(limit=3, number=3))],
    ids=["the plan offers none", "there is no room elsewhere"],
)
async def test_where_there_is_nowhere_to_go_there_is_no_button(
    stage: Stage, phone: Phone, choice: LocationChoice | None
) -> None:
    assert has_button(phone, BUTTON)
    opening = phone.data_of(BUTTON)
    stage.devices.choice = choice
    await phone.tap_data(f"device:show:{UUID(int=2).hex}")
    assert not has_button(phone, BUTTON)
    await phone.tap_data(opening)
    assert not has_button(phone, "Германия")


async def test_a_resting_device_has_no_button(stage: Stage, phone: Phone) -> None:
    stage.devices.known = [a_device(may_connect=False)]
    await phone.tap_data(f"device:show:{UUID(int=2).hex}")
    assert not has_button(phone, BUTTON)


async def test_when_all_changes_are_used_up_it_says_from_when_it_works_again(
    stage: Stage, phone: Phone
) -> None:
    stage.devices.choice = LocationChoice(
        places=("de",),
        changes=ChangesLeft(limit=3, number=0, again_at=NOW + timedelta(days=12)),
    )
    await phone.tap(BUTTON)
    assert "ваш тариф даёт 3 за любые 30 дней" in phone.screen
    assert "Снова можно с 17 марта 2027" in phone.screen
    assert phone.labels == ["‹ Назад"]


async def test_a_plan_without_a_limit_says_so(stage: Stage, phone: Phone) -> None:
    stage.devices.choice = LocationChoice(
        places=("de",), changes=ChangesLeft(limit=None, number=None)
    )
    await phone.tap(BUTTON)
    assert "сколько угодно раз" in phone.screen


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (AccessEnded(), "Действующей подписки нет"),
        (DeviceBusy(), "настраивается после оплаты"),
        (DeviceMoved(), "уже переехало"),
        (LocationLimitReached(), "Смены локации пока закончились"),
        (LocationNotOffered(), "не предлагает"),
        (NoFreeAddress(), "нет свободных мест"),
        (UnknownDevice(), "уже нет"),
        (RefundRefused(), "задержалось"),
    ],
)
async def test_what_the_ledger_refuses_is_said_in_words(
    stage: Stage, phone: Phone, refusal: ShopError, words: str
) -> None:
    await phone.tap(BUTTON)
    stage.starter.refusal = refusal
    await phone.tap("Германия")
    assert words in (phone.toast.text or "")
    assert phone.toast.show_alert
    assert stage.starter.moved == []


async def test_a_place_that_filled_up_meanwhile_is_not_asked_for(
    stage: Stage, phone: Phone
) -> None:
    await phone.tap(BUTTON)
    tap = phone.data_of("Германия")
    stage.devices.choice = A_CHOICE.model_copy(update={"places": ("fi",)})
    await phone.tap_data(tap)
    assert "нет свободных мест" in (phone.toast.text or "")
    assert stage.starter.moved == []
    assert not has_button(phone, "Германия")
    assert has_button(phone, "Финляндия")


async def test_an_outage_changes_nothing_and_asks_for_patience(stage: Stage, phone: Phone) -> None:
    await phone.tap(BUTTON)
    stage.starter.is_away = True
    await phone.tap("Германия")
    assert "задержалось" in (phone.toast.text or "")


async def test_without_access_or_without_the_device_nothing_moves(
    stage: Stage, phone: Phone
) -> None:
    await phone.tap(BUTTON)
    tap = phone.data_of("Германия")
    stage.devices.known = [a_device(device_id=DeviceId(UUID(int=9)))]
    await phone.tap_data(tap)
    assert "уже нет" in (phone.toast.text or "")
    stage.subscriptions.current = a_subscription(status=SubscriptionStatus.EXPIRED)
    await phone.tap_data(tap)
    assert "Действующей подписки нет" in (phone.toast.text or "")
    assert stage.starter.moved == []


async def test_a_location_with_a_long_name_fits_into_a_button(stage: Stage, phone: Phone) -> None:
    long = "somewhere-far-away-in-the-north-of-the-country"
    stage.devices.known = [a_device(revision=10**12)]
    stage.devices.choice = A_CHOICE.model_copy(update={"places": (long,)})
    await phone.tap(BUTTON)
    assert len(phone.data_of(long).encode()) <= 64
    await phone.tap(long)
    assert stage.starter.moved[0].location == long
