"""Staff repair a stuck purchase from its alarm."""

from uuid import UUID

import pytest

from domain.errors import RepairRefused, TemporalUnavailable, UnknownPurchase
from domain.purchases import Repair, RepairAction
from tests.bot.conftest import STAFF, Stage
from tests.bot.fakes import ANNA
from tests.bot.phone import DATE, Phone

PURCHASE = UUID(int=7)
BUTTON = f"repair:other_server:{PURCHASE.hex}"


@pytest.fixture
def staff(stage: Stage) -> Phone:
    stage.telegram.shown[STAFF, 50] = "🚨 <b>Оплачено</b>, но покупка остановилась", None
    return stage.phone(chat_id=STAFF)


def alarm(phone: Phone) -> dict[str, object]:
    return {
        "message_id": 50,
        "date": DATE,
        "chat": phone.chat,
        "text": "🚨 Оплачено, но покупка остановилась",
        "entities": [{"type": "bold", "offset": 3, "length": 8}],
    }


async def test_the_decision_reaches_the_purchase_under_the_persons_name(
    stage: Stage, staff: Phone
) -> None:
    await staff.tap_data(BUTTON, message=alarm(staff))
    decision = Repair(action=RepairAction.OTHER_SERVER, actor=f"telegram:{ANNA}")
    assert stage.starter.repairs == [(PURCHASE, decision)]


async def test_the_alarm_then_says_who_did_what_and_loses_its_buttons(staff: Phone) -> None:
    staff.user["username"] = "anna"
    await staff.tap_data(BUTTON, message=alarm(staff))
    assert staff.screen.startswith("🚨 <b>Оплачено</b>, но покупка остановилась\n\n")
    assert staff.screen.endswith("🔀 Другой сервер — Анна (@anna), 5 марта 2027, 12:30 МСК (UTC+3)")
    assert staff.buttons == []


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (RepairRefused("the purchase is done, not stuck"), "the purchase is done"),
        (RepairRefused("x" * 500), "xxx"),
        (UnknownPurchase("none"), "завершена или её нет"),
        (TemporalUnavailable("away"), "Temporal не отвечает"),
    ],
)
async def test_a_refusal_is_an_alert_and_the_buttons_stay(
    stage: Stage, staff: Phone, refusal: Exception, words: str
) -> None:
    stage.starter.refusal = refusal
    await staff.tap_data(BUTTON, message=alarm(staff))
    assert staff.toast.show_alert
    assert words in (staff.toast.text or "")
    assert len(staff.toast.text or "") <= 200
    assert staff.screen == "🚨 <b>Оплачено</b>, но покупка остановилась"


async def test_outside_the_staff_chat_the_button_does_nothing(stage: Stage, anna: Phone) -> None:
    await anna.write("/start")
    await anna.tap_data(BUTTON)
    assert stage.starter.repairs == []
    assert anna.toast.text == "Эта кнопка работает только в чате сотрудников."


async def test_without_a_staff_chat_nobody_is_staff(stage: Stage) -> None:
    anna = stage.phone(shop={"admin_chat_id": None})
    await anna.write("/start")
    await anna.tap_data(BUTTON)
    assert stage.starter.repairs == []
