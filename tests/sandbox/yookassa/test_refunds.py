import asyncio
from datetime import timedelta

import pytest

from sandbox.yookassa.cards import Cancellation, Party
from sandbox.yookassa.controls import Conduct
from sandbox.yookassa.faults import FaultKind, Operation
from sandbox.yookassa.refunding import RefundFate
from tests.sandbox.yookassa.shop_side import rubles


@pytest.fixture
async def paid(shop, kassa):
    payment = await shop.create()
    await kassa.pay(payment["id"])
    return payment["id"]


async def test_a_refund_succeeds(shop, paid, official):
    answer = await shop.refund(paid, "299.00")
    official.judge("Refund", answer.json())
    assert answer.json()["status"] == "succeeded"
    assert answer.json()["payment_id"] == paid
    assert (await shop.get(f"/refunds/{answer.json()['id']}")).json() == answer.json()


async def test_a_full_refund_leaves_nothing_to_refund(shop, paid, official):
    await shop.refund(paid, "299.00")
    payment = await shop.payment(paid)
    official.judge("Payment", payment)
    assert payment["status"] == "succeeded"
    assert payment["refunded_amount"] == rubles("299.00")
    assert payment["refundable"] is False


async def test_partial_refunds_add_up(shop, paid):
    await shop.refund(paid, "100.00")
    await shop.refund(paid, "99.00")
    payment = await shop.payment(paid)
    assert payment["refunded_amount"] == rubles("199.00")
    assert payment["refundable"] is True


async def test_no_more_than_was_paid_is_refunded(shop, paid):
    assert (await shop.refund(paid, "200.00")).status_code == 200
    answer = await shop.refund(paid, "99.01")
    assert answer.status_code == 400
    assert answer.json()["parameter"] == "amount.value"


async def test_a_pending_refund_counts_against_what_is_left(shop, kassa, paid):
    await kassa.conduct(Conduct(refunds=RefundFate.STAYS_PENDING))
    assert (await shop.refund(paid, "299.00")).json()["status"] == "pending"
    assert "refunded_amount" not in await shop.payment(paid)
    assert (await shop.refund(paid, "1.00")).status_code == 400


async def test_a_pending_refund_can_succeed_later(shop, kassa, paid, receiver):
    await kassa.conduct(Conduct(refunds=RefundFate.STAYS_PENDING))
    refund = (await shop.refund(paid, "299.00")).json()
    await kassa.settle_refund(refund["id"])
    assert (await shop.get(f"/refunds/{refund['id']}")).json()["status"] == "succeeded"
    assert (await shop.payment(paid))["refunded_amount"] == rubles("299.00")
    await receiver.wait_for(1)


async def test_a_pending_refund_can_be_canceled_silently(shop, kassa, paid, official):
    await kassa.conduct(Conduct(refunds=RefundFate.STAYS_PENDING))
    refund = (await shop.refund(paid, "299.00")).json()
    why = Cancellation(party=Party.REFUND_NETWORK, reason="rejected_by_payee")
    await kassa.settle_refund(refund["id"], why)
    canceled = (await shop.get(f"/refunds/{refund['id']}")).json()
    official.judge("Refund", canceled)
    assert canceled["cancellation_details"]["reason"] == "rejected_by_payee"
    assert await kassa.notifications(refund["id"]) == []
    await kassa.conduct(Conduct())
    assert (await shop.refund(paid, "299.00")).json()["status"] == "succeeded"


async def test_only_a_succeeded_payment_is_refunded(shop, kassa):
    pending = await shop.create()
    held = await shop.create(capture=False)
    await kassa.pay(held["id"])
    for payment in (pending, held):
        answer = await shop.refund(payment["id"], "1.00")
        assert answer.status_code == 400
        assert answer.json()["parameter"] == "payment_id"


async def test_a_payment_is_refunded_within_three_years(shop, kassa, paid):
    await kassa.advance(timedelta(days=3 * 365 - 1))
    assert (await shop.refund(paid, "1.00")).status_code == 200
    await kassa.advance(timedelta(days=2))
    assert (await shop.refund(paid, "1.00")).status_code == 400


async def test_an_unknown_payment_is_not_refunded(shop):
    assert (await shop.refund("0" * 36, "1.00")).status_code == 404


async def test_a_refund_of_a_partly_captured_payment_stops_at_what_was_taken(shop, kassa):
    payment = await shop.create(capture=False)
    await kassa.pay(payment["id"])
    await shop.post(f"/payments/{payment['id']}/capture", {"amount": rubles("100.00")})
    assert (await shop.refund(payment["id"], "100.01")).status_code == 400
    assert (await shop.refund(payment["id"], "100.00")).json()["status"] == "succeeded"
    assert (await shop.payment(payment["id"]))["refundable"] is False


async def test_of_refunds_at_the_same_moment_no_more_than_fit_are_made(shop, paid):
    answers = await asyncio.gather(*(shop.refund(paid, "100.00") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 400, 400, 400]
    assert (await shop.payment(paid))["refunded_amount"] == rubles("200.00")


async def test_a_refund_can_be_refused_when_it_is_asked_for(shop, kassa, paid):
    for kind, status in ((FaultKind.REFUSED, 400), (FaultKind.FORBIDDEN, 403)):
        await kassa.order_fault(Operation.CREATE_REFUND, kind)
        assert (await shop.refund(paid, "1.00")).status_code == status
    assert await kassa.refunds() == []


async def test_a_refund_that_the_balance_does_not_cover_is_cancelled(shop, kassa, paid, official):
    await kassa.conduct(Conduct(refunds=RefundFate.CANCELED))
    refund = (await shop.refund(paid, "299.00")).json()
    official.judge("Refund", refund)
    assert refund["cancellation_details"] == {
        "party": "yoo_money",
        "reason": "insufficient_funds",
    }
    [seen] = await kassa.refunds()
    assert seen.cancellation.reason == "insufficient_funds"
    assert "refunded_amount" not in await shop.payment(paid)


async def test_a_partial_refund_carries_its_own_receipt(shop, kassa, paid, receiver, official):
    line = {"description": "VPN", "quantity": 1, "amount": rubles("99.00"), "vat_code": 1}
    body = {
        "payment_id": paid,
        "amount": rubles("99.00"),
        "metadata": {"purchase_id": "p-1"},
        "receipt": {"customer": {"email": "a@example.com"}, "items": [line]},
    }
    refund = (await shop.post("/refunds", body)).json()
    assert refund["receipt_registration"] == "pending"
    assert refund["metadata"] == {"purchase_id": "p-1"}
    await receiver.wait_for(1)
    await kassa.advance(timedelta(seconds=6))
    registered = (await shop.get(f"/refunds/{refund['id']}")).json()
    official.judge("Refund", registered)
    assert registered["receipt_registration"] == "succeeded"
    assert len(await kassa.notifications(refund["id"])) == 1
