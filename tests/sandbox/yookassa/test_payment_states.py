from datetime import timedelta

import pytest

from tests.sandbox.yookassa.shop_side import RETURN_URL, order, rubles


@pytest.fixture
async def held(shop, kassa):
    """A payment whose money is held."""
    payment = await shop.create(capture=None)
    await kassa.pay(payment["id"])
    return payment["id"]


@pytest.fixture
async def paid(shop, kassa):
    """A succeeded payment."""
    payment = await shop.create()
    await kassa.pay(payment["id"])
    return payment["id"]


async def test_a_new_payment_waits_for_its_payer(shop, official):
    payment = await shop.create()
    official.judge("Payment", payment)
    assert len(payment["id"]) == 36
    assert payment["status"] == "pending"
    assert payment["paid"] is False
    assert payment["test"] is True
    assert payment["recipient"]["account_id"] == "100500"
    assert payment["metadata"] == {"purchase_id": "p-1"}
    assert payment["confirmation"]["return_url"] == RETURN_URL


async def test_a_paid_payment_has_succeeded(shop, paid, official):
    payment = await shop.payment(paid)
    official.judge("Payment", payment)
    assert payment["status"] == "succeeded"
    assert payment["paid"] is True
    assert payment["refundable"] is True
    assert payment["captured_at"] >= payment["created_at"]
    assert payment["payment_method"]["title"] == "Bank card *4444"
    assert payment["income_amount"] == rubles("288.54")
    assert "confirmation" not in payment
    assert "expires_at" not in payment


async def test_money_is_only_held_unless_capture_was_asked_for(shop, held, official):
    payment = await shop.payment(held)
    official.judge("Payment", payment)
    assert payment["status"] == "waiting_for_capture"
    assert payment["paid"] is True
    assert "captured_at" not in payment
    assert "expires_at" in payment


async def test_a_full_capture_needs_no_body(shop, held, official):
    answer = await shop.post(f"/payments/{held}/capture")
    official.judge("Payment", answer.json())
    assert answer.json()["status"] == "succeeded"
    assert answer.json()["amount"] == rubles("299.00")


async def test_a_partial_capture_gives_the_rest_back(shop, held):
    answer = await shop.post(f"/payments/{held}/capture", {"amount": rubles("100.00")})
    assert answer.json()["amount"] == rubles("100.00")
    assert (await shop.refund(held, "100.01")).status_code == 400


async def test_no_more_than_was_held_can_be_captured(shop, held):
    answer = await shop.post(f"/payments/{held}/capture", {"amount": rubles("299.01")})
    assert answer.status_code == 400
    assert answer.json()["parameter"] == "amount.value"


async def test_held_money_can_be_let_go(shop, held, official):
    answer = await shop.post(f"/payments/{held}/cancel")
    official.judge("Payment", answer.json())
    payment = await shop.payment(held)
    assert payment["status"] == "canceled"
    assert payment["paid"] is False
    assert payment["cancellation_details"] == {
        "party": "merchant",
        "reason": "canceled_by_merchant",
    }


async def test_a_pending_payment_can_not_be_cancelled(shop):
    payment = await shop.create()
    answer = await shop.post(f"/payments/{payment['id']}/cancel")
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_request"
    assert (await shop.payment(payment["id"]))["status"] == "pending"


async def test_a_pending_payment_can_not_be_captured(shop):
    payment = await shop.create()
    assert (await shop.post(f"/payments/{payment['id']}/capture")).status_code == 400


async def test_a_succeeded_payment_never_changes_its_status(shop, kassa, paid):
    assert (await shop.post(f"/payments/{paid}/cancel")).status_code == 400
    assert (await shop.post(f"/payments/{paid}/capture")).status_code == 400
    await kassa.pay(paid, "insufficient_funds")
    await kassa.advance(timedelta(days=30))
    assert (await shop.payment(paid))["status"] == "succeeded"


async def test_a_canceled_payment_never_changes_its_status(shop, kassa):
    payment = await shop.create()
    await kassa.pay(payment["id"], "insufficient_funds")
    await kassa.pay(payment["id"])
    assert (await shop.post(f"/payments/{payment['id']}/capture")).status_code == 400
    assert (await shop.payment(payment["id"]))["status"] == "canceled"


async def test_a_payer_has_one_hour(shop, kassa):
    payment = await shop.create()
    await kassa.advance(timedelta(minutes=59))
    assert (await shop.payment(payment["id"]))["status"] == "pending"
    await kassa.advance(timedelta(minutes=2))
    expired = await shop.payment(payment["id"])
    assert expired["status"] == "canceled"
    assert expired["cancellation_details"]["reason"] == "expired_on_confirmation"


async def test_an_expired_payment_can_not_be_paid(shop, kassa):
    payment = await shop.create()
    await kassa.advance(timedelta(hours=1))
    assert (await kassa.pay(payment["id"])).status == "canceled"


async def test_held_money_is_let_go_after_seven_days(shop, kassa, held):
    await kassa.advance(timedelta(days=6, hours=23))
    assert (await shop.payment(held))["status"] == "waiting_for_capture"
    await kassa.advance(timedelta(hours=2))
    expired = await shop.payment(held)
    assert expired["status"] == "canceled"
    assert expired["cancellation_details"]["reason"] == "expired_on_capture"


async def test_moments_are_utc_with_milliseconds(shop, kassa):
    payment = await shop.create()
    now = await kassa.now()
    assert payment["created_at"][:16] in {
        f"{now - back:%Y-%m-%dT%H:%M}" for back in (timedelta(0), timedelta(minutes=1))
    }
    assert len(payment["created_at"]) == len("2017-11-03T11:52:31.827Z")


async def test_a_waiting_test_is_told_when_the_payment_changes(shop, kassa):
    payment = await shop.create()
    unpaid = await kassa.wait_for_payment(payment["id"], "succeeded", timedelta(0))
    assert unpaid.status == "pending"
    await kassa.pay(payment["id"])
    assert (await kassa.wait_for_payment(payment["id"], "succeeded")).status == "succeeded"


async def test_a_payment_needs_a_way_to_be_paid(shop):
    answer = await shop.post("/payments", order(confirmation=None))
    assert answer.status_code == 400


ENDED = {
    "succeeded": "paid",
    "canceled": "insufficient_funds",
}


@pytest.mark.parametrize("action", ["capture", "cancel"])
@pytest.mark.parametrize(("status", "scenario"), ENDED.items())
async def test_what_has_ended_can_be_neither_captured_nor_cancelled(
    shop, kassa, official, status, scenario, action
):
    payment = await shop.create()
    await kassa.pay(payment["id"], scenario)
    before = await shop.payment(payment["id"])
    answer = await shop.post(f"/payments/{payment['id']}/{action}")
    assert answer.status_code == 400
    official.judge("BadRequest", answer.json())
    assert await shop.payment(payment["id"]) == before
    assert before["status"] == status


async def test_a_hold_that_was_let_go_can_not_be_captured(shop, held):
    await shop.post(f"/payments/{held}/cancel")
    assert (await shop.post(f"/payments/{held}/capture")).status_code == 400


async def test_a_page_may_not_send_the_payer_to_a_script(shop):
    confirmation = {"type": "redirect", "return_url": "javascript:alert(1)"}
    answer = await shop.post("/payments", order(confirmation=confirmation))
    assert answer.status_code == 400
    assert answer.json()["parameter"] == "confirmation.return_url"
