"""YooKassa's own SDK is the judge: it must work against the sandbox as against the real API."""

import asyncio

import pytest
import yookassa
from yookassa.domain.exceptions import BadRequestError, UnauthorizedError
from yookassa.domain.notification import WebhookNotificationFactory

from tests.sandbox.yookassa.shop_side import SECRET_KEY, SHOP_ID, order, rubles


@pytest.fixture
def sdk(sandbox_url):
    """The SDK, configured for the sandbox."""
    yookassa.Configuration.configure(SHOP_ID, SECRET_KEY, api_url=f"{sandbox_url}/v3")
    yield yookassa
    yookassa.Configuration.configure("0", "none")


async def test_the_sdk_buys_and_refunds(sdk, kassa, receiver):
    created = await asyncio.to_thread(sdk.Payment.create, order(), "sdk-1")
    assert created.status == "pending"
    await kassa.pay(created.id)
    paid = await asyncio.to_thread(sdk.Payment.find_one, created.id)
    assert (paid.status, paid.paid, paid.amount.value) == ("succeeded", True, 299)
    assert paid.payment_method.card.last4 == "4444"
    refund_order = {"payment_id": paid.id, "amount": rubles("99.00")}
    refund = await asyncio.to_thread(sdk.Refund.create, refund_order, "sdk-2")
    assert refund.status == "succeeded"
    listed = await asyncio.to_thread(sdk.Payment.list, {"limit": 1})
    assert listed.items[0].refunded_amount.value == 99


async def test_the_sdk_reads_the_notifications(sdk, shop, kassa, receiver):
    payment = await shop.create()
    await kassa.pay(payment["id"])
    [body] = await receiver.wait_for(1)
    notification = WebhookNotificationFactory().create(body)
    assert notification.event == "payment.succeeded"
    assert notification.object.id == payment["id"]


async def test_the_sdk_holds_captures_and_cancels(sdk, kassa):
    held = []
    for key in ("sdk-hold-1", "sdk-hold-2"):
        payment = await asyncio.to_thread(sdk.Payment.create, order(capture=False), key)
        held.append(payment.id)
        await kassa.pay(payment.id)
    captured = await asyncio.to_thread(sdk.Payment.capture, held[0], {}, "sdk-capture")
    canceled = await asyncio.to_thread(sdk.Payment.cancel, held[1], "sdk-cancel")
    assert (captured.status, canceled.status) == ("succeeded", "canceled")


async def test_the_sdk_understands_the_errors(sdk, kassa):
    await asyncio.to_thread(sdk.Payment.create, order(), "sdk-once")
    with pytest.raises(BadRequestError, match="Idempotence key duplicated"):
        await asyncio.to_thread(sdk.Payment.create, order(amount=rubles("5.00")), "sdk-once")
    sdk.Configuration.secret_key = "wrong"
    with pytest.raises(UnauthorizedError):
        await asyncio.to_thread(sdk.Payment.find_one, "any")
