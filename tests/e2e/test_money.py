"""Declines, expiry, and everything that notifications and the provider can do wrong."""

from decimal import Decimal
from uuid import UUID

import pytest
from temporalio.client import Client
from temporalio.testing import TimeSkipper

from domain.ids import PurchaseId
from sandbox.shop import ADMIN_CHAT
from sandbox.shopper import Shopper
from sandbox.telegram.client import TelegramSandbox
from sandbox.yookassa.client import YooKassaSandbox
from sandbox.yookassa.faults import FaultKind, Operation
from sandbox.yookassa.notifications import Mode
from sandbox.yookassa.tampering import Tampering
from tests.e2e.conftest import LATE, STAFF
from tests.e2e.ledger import NOTHING, ONE_OF_EACH, Ledger
from workflows.names import purchase_workflow_id

pytestmark = pytest.mark.xdist_group("e2e")


async def test_a_declined_card_is_explained_and_a_second_try_succeeds(
    newcomer: Shopper, ledger: Ledger
) -> None:
    message = await newcomer.reaches_payment_page()
    await newcomer.pays(message, "insufficient_funds")
    await ledger.reaches(newcomer, "declined")
    declined = await newcomer.sees_again(message, "again:")
    assert "enough money" in declined.body or "funds" in declined.body
    assert await ledger.outcome(newcomer) == NOTHING

    await newcomer.taps(declined, "again:")
    await newcomer.pays(await newcomer.sees_payment_page())
    await ledger.reaches(newcomer, "done")
    assert await ledger.outcome(newcomer) == ONE_OF_EACH


async def test_a_page_that_nobody_pays_expires_and_can_be_asked_for_again(
    newcomer: Shopper, ledger: Ledger, kassa: YooKassaSandbox
) -> None:
    message = await newcomer.reaches_payment_page()
    await kassa.advance(LATE)
    await ledger.reaches(newcomer, "expired")
    expired = await newcomer.sees_again(message, "again:")
    assert await ledger.outcome(newcomer) == NOTHING

    await newcomer.taps(expired, "again:")
    await newcomer.pays(await newcomer.sees_payment_page())
    await ledger.reaches(newcomer, "done")
    assert await ledger.outcome(newcomer) == ONE_OF_EACH


async def test_a_payment_after_the_hour_is_honoured(
    newcomer: Shopper, ledger: Ledger, temporal: Client
) -> None:
    message = await newcomer.reaches_payment_page()
    payment = await newcomer.payment_behind(message)
    purchase = PurchaseId(UUID(await ledger.purchase_id(newcomer)))
    handle = temporal.get_workflow_handle(purchase_workflow_id(purchase))
    await TimeSkipper(temporal).fast_forward(handle, LATE)
    await ledger.reaches(newcomer, "expired")
    await newcomer.pays_payment(payment)
    await ledger.reaches(newcomer, "done")
    assert await ledger.outcome(newcomer) == ONE_OF_EACH


@pytest.mark.parametrize("mode", [Mode.LOST, Mode.DOUBLED, Mode.EARLY, Mode.OUT_OF_ORDER])
async def test_notifications_change_nothing_but_what_is_true(
    mode: Mode, newcomer: Shopper, ledger: Ledger, kassa: YooKassaSandbox
) -> None:
    await kassa.notification_mode(mode)
    await newcomer.buys()
    await ledger.reaches(newcomer, "done")
    assert await ledger.outcome(newcomer) == ONE_OF_EACH


async def test_a_forged_notification_grants_nothing(
    newcomer: Shopper, ledger: Ledger, kassa: YooKassaSandbox
) -> None:
    payment = await newcomer.payment_behind(await newcomer.reaches_payment_page())
    looks = (await kassa.calls())[Operation.GET_PAYMENT].count
    attempt = await kassa.forge(
        {
            "type": "notification",
            "event": "payment.succeeded",
            "object": {
                "id": payment.id,
                "status": "succeeded",
                "paid": True,
                "amount": {"value": payment.value, "currency": payment.currency},
                "metadata": payment.metadata,
            },
        }
    )
    assert attempt.status == 200
    await kassa.wait_for_calls(Operation.GET_PAYMENT, looks + 1)
    assert await ledger.outcome(newcomer) == NOTHING
    await newcomer.pays_payment(payment)
    await ledger.reaches(newcomer, "done")
    assert await ledger.outcome(newcomer) == ONE_OF_EACH


async def test_a_notification_that_comes_again_later_changes_nothing(
    newcomer: Shopper, ledger: Ledger, kassa: YooKassaSandbox
) -> None:
    message = await newcomer.reaches_payment_page()
    payment = await newcomer.pays(message)
    await ledger.reaches(newcomer, "done")
    (notification,) = await kassa.notifications(payment.id)
    again = await kassa.resend(notification.id)
    assert again.attempts[-1].status == 200
    assert await ledger.outcome(newcomer) == ONE_OF_EACH


@pytest.mark.parametrize(
    "kind", [FaultKind.ERROR_AFTER, FaultKind.DROP_AFTER, FaultKind.PROCESSING]
)
async def test_a_page_that_was_made_but_not_answered_is_found_by_its_key(
    kind: FaultKind, newcomer: Shopper, ledger: Ledger, kassa: YooKassaSandbox
) -> None:
    before = len(await kassa.payments())
    await kassa.order_fault(Operation.CREATE_PAYMENT, kind, retry_after_ms=100)
    await newcomer.buys()
    await ledger.reaches(newcomer, "done")
    assert await ledger.outcome(newcomer) == ONE_OF_EACH
    assert len(await kassa.payments()) == before + 1


async def test_a_purchase_waits_for_a_provider_that_is_down(
    newcomer: Shopper, ledger: Ledger, kassa: YooKassaSandbox
) -> None:
    plans = await newcomer.opens_plans(await newcomer.arrive())
    await kassa.go_down()
    calls = (await kassa.calls())[Operation.CREATE_PAYMENT].count
    await newcomer.taps(plans, "buy:")
    await kassa.wait_for_calls(Operation.CREATE_PAYMENT, calls + 2)
    await kassa.come_back()
    await newcomer.pays(await newcomer.sees_payment_page())
    await ledger.reaches(newcomer, "done")
    assert await ledger.outcome(newcomer) == ONE_OF_EACH


async def test_a_provider_that_is_down_after_the_payment_delays_but_loses_nothing(
    newcomer: Shopper, ledger: Ledger, kassa: YooKassaSandbox
) -> None:
    message = await newcomer.reaches_payment_page()
    await kassa.order_fault(Operation.GET_PAYMENT, FaultKind.BAD_GATEWAY, times=3)
    await newcomer.pays(message)
    await ledger.reaches(newcomer, "done")
    assert await ledger.outcome(newcomer) == ONE_OF_EACH


@pytest.mark.parametrize(
    "tampering",
    [
        Tampering(value=Decimal("1.00")),
        Tampering(currency="USD"),
        Tampering(account_id="666"),
        Tampering(metadata={"purchase_id": "00000000-0000-4000-8000-000000000000"}),
    ],
    ids=["amount", "currency", "shop", "purchase"],
)
async def test_money_that_was_not_agreed_parks_and_is_given_back_by_staff(
    tampering: Tampering,
    newcomer: Shopper,
    ledger: Ledger,
    kassa: YooKassaSandbox,
    telegram: TelegramSandbox,
) -> None:
    message = await newcomer.reaches_payment_page()
    payment = await newcomer.payment_behind(message)
    await kassa.tamper(payment.id, tampering)
    await kassa.pay(payment.id)
    await ledger.reaches(newcomer, "stuck")
    assert (await ledger.outcome(newcomer)).grants == 0

    purchase = await ledger.purchase_id(newcomer)
    alarm = await telegram.wait_for_message(ADMIN_CHAT, lambda each: purchase in each.body)
    actions = [(button.callback_data or "").split(":")[1] for button in alarm.buttons]
    assert actions == ["retry", "refund"], "another server does not help against wrong money"

    await kassa.tamper(payment.id, Tampering())
    await telegram.press(alarm, data=alarm.buttons[-1].callback_data, user_id=STAFF)
    await ledger.reaches(newcomer, "refunded")
    (refund,) = [each for each in await kassa.refunds() if each.payment_id == payment.id]
    assert refund.status == "succeeded"
    assert await newcomer.sees_text(message, "Refunded")


async def test_a_notification_waits_at_the_provider_while_the_shop_cannot_take_it(
    newcomer: Shopper, ledger: Ledger, kassa: YooKassaSandbox
) -> None:
    message = await newcomer.reaches_payment_page()
    await kassa.notification_mode(Mode.HELD)
    await newcomer.pays(message)
    await kassa.release_notifications()
    await ledger.reaches(newcomer, "done")
    assert await ledger.outcome(newcomer) == ONE_OF_EACH
