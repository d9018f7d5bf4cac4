import asyncio
from datetime import timedelta

import pytest

from sandbox.yookassa.client import SandboxRefused
from sandbox.yookassa.controls import Conduct
from sandbox.yookassa.notifications import DeliveryState, Mode
from sandbox.yookassa.refunding import RefundFate
from tests.sandbox.yookassa.shop_side import order


@pytest.fixture
async def pending(shop):
    return (await shop.create())["id"]


async def test_a_notification_carries_the_object_as_it_was(shop, kassa, receiver, official):
    held = (await shop.create(capture=False))["id"]
    await kassa.pay(held)
    await receiver.wait_for(1)
    await shop.post(f"/payments/{held}/capture")
    first, second = await receiver.wait_for(2)
    assert first["type"] == "notification"
    assert first["event"] == "payment.waiting_for_capture"
    assert first["object"]["status"] == "waiting_for_capture"
    assert second["event"] == "payment.succeeded"
    assert second["object"] == await shop.payment(held)
    official.judge("Payment", first["object"])
    assert set(first) == {"type", "event", "object"}


async def test_nothing_is_said_of_a_new_payment(shop, kassa, pending, receiver):
    assert await kassa.notifications(pending) == []


async def test_a_decline_is_told(kassa, pending, receiver):
    await kassa.pay(pending, "insufficient_funds")
    [body] = await receiver.wait_for(1)
    assert body["event"] == "payment.canceled"
    assert body["object"]["cancellation_details"]["reason"] == "insufficient_funds"


async def test_the_end_of_the_hour_is_told(kassa, pending, receiver):
    await kassa.advance(timedelta(hours=1))
    [body] = await receiver.wait_for(1)
    assert body["event"] == "payment.canceled"


async def test_a_refund_is_told_when_it_succeeded(shop, kassa, pending, receiver, official):
    await kassa.pay(pending)
    await receiver.wait_for(1)
    refund = (await shop.refund(pending, "99.00")).json()
    _, body = await receiver.wait_for(2)
    assert body["event"] == "refund.succeeded"
    assert body["object"] == refund
    official.judge("Refund", body["object"])


async def test_a_canceled_refund_is_not_told(shop, kassa, pending, receiver):
    await kassa.pay(pending)
    await kassa.conduct(Conduct(refunds=RefundFate.CANCELED))
    refund = (await shop.refund(pending, "99.00")).json()
    assert refund["status"] == "canceled"
    assert await kassa.notifications(refund["id"]) == []


async def test_notifications_come_from_loopback(kassa, pending, receiver):
    await kassa.pay(pending)
    await receiver.wait_for(1)
    assert receiver.senders == ["127.0.0.1"]


@pytest.mark.parametrize("refusal", [500, 404, 302, 201, 204])
async def test_any_answer_but_200_leads_to_redelivery(kassa, pending, receiver, refusal):
    receiver.answer = refusal
    await kassa.pay(pending)
    await receiver.wait_for(1)
    receiver.answer = 200
    [tried] = await _tried(kassa, pending, times=1)
    assert tried.attempts[0].status == refusal
    await kassa.advance(timedelta(seconds=11))
    first, second = await receiver.wait_for(2)
    assert first == second
    delivered = await kassa.wait_for_notification(pending)
    assert [attempt.status for attempt in delivered.attempts] == [refusal, 200]


async def test_an_unreachable_shop_gets_it_later(kassa, pending, receiver):
    await kassa.notify("http://127.0.0.1:9/nobody")
    await kassa.pay(pending)
    [tried] = await _tried(kassa, pending, times=1)
    assert "ConnectError" in tried.attempts[0].error
    await kassa.notify(receiver.url)
    await kassa.advance(timedelta(seconds=11))
    await receiver.wait_for(1)


async def test_redelivery_ends_after_24_hours(kassa, pending, receiver):
    receiver.answer = 500
    await kassa.pay(pending)
    for attempts in range(1, 20):
        [tried] = await _tried(kassa, pending, attempts)
        if tried.state is not DeliveryState.UNDER_WAY:
            break
        await kassa.advance(timedelta(hours=3))
    [given_up] = await kassa.notifications(pending)
    assert given_up.state is DeliveryState.GIVEN_UP
    first, last = given_up.attempts[0].at, given_up.attempts[-1].at
    assert timedelta(hours=20) < last - first < timedelta(hours=28)


async def test_a_lost_notification_never_comes(shop, kassa, pending, receiver):
    await kassa.notification_mode(Mode.LOST)
    await kassa.pay(pending)
    await kassa.advance(timedelta(hours=25))
    [lost] = await kassa.notifications(pending)
    assert lost.state is DeliveryState.LOST
    assert receiver.received == []
    assert (await shop.payment(pending))["status"] == "succeeded"


async def test_a_doubled_notification_comes_twice(kassa, pending, receiver):
    await kassa.notification_mode(Mode.DOUBLED)
    await kassa.pay(pending)
    first, second = await receiver.wait_for(2)
    assert first == second


async def test_an_early_notification_comes_before_the_pay_answer(kassa, pending, receiver):
    await kassa.notification_mode(Mode.EARLY)
    await _unanswered_until_the_shop_answers(kassa, receiver, kassa.pay(pending))


async def test_an_early_notification_comes_before_the_create_answer(shop, kassa, receiver):
    first = await shop.create(save_payment_method=True)
    await kassa.pay(first["id"])
    await kassa.wait_for_notification(first["id"])
    receiver.clear()
    await kassa.notification_mode(Mode.EARLY)
    charge = order(confirmation=None, payment_method_id=first["id"])
    await _unanswered_until_the_shop_answers(kassa, receiver, shop.post("/payments", charge))


async def test_notifications_can_overtake_each_other(shop, kassa, receiver):
    await kassa.notification_mode(Mode.OUT_OF_ORDER)
    held = (await shop.create(capture=False))["id"]
    await kassa.pay(held)
    await shop.post(f"/payments/{held}/capture")
    await receiver.wait_for(2)
    assert receiver.events() == ["payment.succeeded", "payment.waiting_for_capture"]
    assert receiver.received[1]["object"]["status"] == "waiting_for_capture"


async def test_held_notifications_come_when_released(kassa, pending, receiver):
    await kassa.notification_mode(Mode.HELD)
    await kassa.pay(pending)
    assert receiver.received == []
    assert await kassa.release_notifications() == 1
    await receiver.wait_for(1)


async def test_a_notification_can_be_sent_again(kassa, pending, receiver):
    await kassa.pay(pending)
    delivered = await kassa.wait_for_notification(pending)
    again = await kassa.resend(delivered.id)
    assert [attempt.status for attempt in again.attempts] == [200, 200]
    assert receiver.received[0] == receiver.received[1]


async def test_anything_can_be_forged_from_the_same_address(shop, kassa, pending, receiver):
    forged = {"type": "notification", "event": "payment.succeeded", "object": {"id": pending}}
    assert (await kassa.forge(forged)).status == 200
    assert receiver.received == [forged]
    assert (await shop.payment(pending))["status"] == "pending"


async def test_waiting_for_a_notification_has_an_end(kassa, pending):
    with pytest.raises(SandboxRefused):
        await kassa.wait_for_notification(pending, patience=timedelta(0))


async def _unanswered_until_the_shop_answers(kassa, receiver, call):
    receiver.open.clear()
    asking = asyncio.create_task(call)
    await receiver.wait_for(1)
    for _ in range(3):  # an answer that did not wait would be here by now
        await kassa.payments()
    assert not asking.done()
    receiver.open.set()
    await asking


async def _tried(kassa, object_id, times):
    """The object's notifications once the first has been tried so often."""
    while True:
        notifications = await kassa.notifications(object_id)
        if notifications and len(notifications[0].attempts) >= times:
            return notifications
