from datetime import timedelta

import pytest

from sandbox.yookassa.cards import Cancellation, Party
from sandbox.yookassa.controls import Conduct
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
