"""Cancelling in the chat: the amount first, and only what was shown is done."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from domain.errors import OfferChanged, RefundRefused
from domain.ids import RefundId
from domain.refund_orders import CancelOrder, RefundRepair, RefundVerdict
from domain.refunds import WhyNot
from tests.bot.conftest import STAFF, Stage
from tests.bot.fakes import ANNA, NOW, a_decision, a_subscription, an_offer
from tests.bot.phone import DATE, Phone

CONFIRM = "Отменить и вернуть"


@pytest.fixture
async def looking(stage: Stage, anna: Phone) -> Phone:
    """Anna, who looks at the offer."""
    stage.subscriptions.current = a_subscription()
    await anna.write("/my")
    await anna.tap("↩️ Отменить")
    return anna


async def test_the_amount_and_what_is_lost_are_shown_before_anything_happens(
    stage: Stage, looking: Phone
) -> None:
    assert "199,33 ₽" in looking.screen
    assert "20 дней" in looking.screen
    assert stage.starter.cancelled == []


async def test_confirming_takes_exactly_the_offer_that_was_shown(
    stage: Stage, looking: Phone
) -> None:
    await looking.tap(CONFIRM)
    (order,) = stage.starter.cancelled
    assert order.made_at == NOW
    shown = an_offer().model_copy(update={"made_at": NOW})
    assert order.fingerprint == shown.fingerprint
    assert "Подписка отменена" in looking.screen


async def test_an_amount_that_has_changed_is_shown_again_instead(
    stage: Stage, looking: Phone
) -> None:
    stage.starter.refusal = OfferChanged("the offer has changed")
    stage.refunds.offered = an_offer(Decimal("150.00"))
    await looking.tap(CONFIRM)
    assert "сумма изменилась" in looking.screen
    assert "150 ₽" in looking.screen


async def test_a_second_tap_is_told_that_it_is_done(stage: Stage, looking: Phone) -> None:
    button = looking.data_of(CONFIRM)
    await looking.tap(CONFIRM)
    (order,) = stage.starter.cancelled
    stage.starter.refusal = RefundRefused("the subscription is revoked")
    stage.refunds.decided = a_decision(order)
    await looking.tap_data(button)
    assert "Подписка отменена" in looking.screen


async def test_another_customers_refund_is_not_shown(stage: Stage, looking: Phone) -> None:
    stage.starter.refusal = RefundRefused("nothing to cancel")
    order = CancelOrder(
        refund_id=RefundId(UUID(int=9)),
        subscription_id=a_subscription().subscription_id,
        made_at=NOW,
        fingerprint="1",
    )
    stage.refunds.decided = a_decision(order).model_copy(update={"user_id": ANNA + 1})
    await looking.tap(CONFIRM)
    assert "Подписка отменена" not in looking.screen


async def test_where_nothing_goes_back_there_is_nothing_to_confirm(
    stage: Stage, anna: Phone
) -> None:
    stage.subscriptions.current = a_subscription()
    stage.refunds.offered = an_offer().model_copy(
        update={"parts": (), "refusals": (WhyNot.TOO_LATE,)}
    )
    await anna.write("/my")
    await anna.tap("↩️ Отменить")
    assert "прошёл срок" in anna.screen
    assert not any(CONFIRM in label for label in anna.labels)


async def test_whoever_has_nothing_to_cancel_sees_what_they_have(stage: Stage, anna: Phone) -> None:
    stage.refunds.offered = None
    stage.subscriptions.current = a_subscription(NOW - timedelta(days=1))
    await anna.write("/my")
    await anna.tap_data("open:cancel:0")
    assert "Закончилась" in anna.screen


async def test_an_outage_is_said_and_nothing_is_lost(stage: Stage, looking: Phone) -> None:
    stage.starter.is_away = True
    await looking.tap(CONFIRM)
    assert looking.toast.show_alert
    assert any(CONFIRM in label for label in looking.labels)


async def test_staff_decides_about_a_refused_refund_from_its_alarm(stage: Stage) -> None:
    stage.telegram.shown[STAFF, 50] = "🚨 В возврате отказано", None
    staff = stage.phone(chat_id=STAFF)
    alarm = {"message_id": 50, "date": DATE, "chat": staff.chat, "text": "🚨 В возврате отказано"}
    await staff.tap_data(f"mend:give_up:{UUID(int=8).hex}", message=alarm)
    verdict = RefundVerdict(action=RefundRepair.GIVE_UP, actor=f"telegram:{ANNA}")
    assert stage.starter.verdicts == [(UUID(int=8), verdict)]
    assert "Оставить деньги" in staff.screen


async def test_a_refund_is_decided_about_in_the_staffs_chat_only(stage: Stage, anna: Phone) -> None:
    await anna.write("/start")
    await anna.tap_data(f"mend:give_up:{UUID(int=8).hex}")
    assert stage.starter.verdicts == []
