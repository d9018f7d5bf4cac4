import pytest

from sandbox.yookassa.cards import PAID_THEN_DECLINED, Cancellation, Party
from sandbox.yookassa.controls import MethodTreatment
from tests.sandbox.yookassa.shop_side import order


@pytest.fixture
async def saved(shop, kassa):
    """The id of a saved card."""
    first = await shop.create(save_payment_method=True)
    await kassa.pay(first["id"])
    return first["id"]


async def charge(shop, method_id):
    return await shop.post("/payments", order(confirmation=None, payment_method_id=method_id))


async def test_a_card_is_saved_by_a_payment_that_succeeded(shop, saved):
    method = (await shop.payment(saved))["payment_method"]
    assert method["id"] == saved
    assert method["saved"] is True
    assert method["status"] == "active"


async def test_a_card_is_not_saved_unasked(shop, kassa):
    payment = await shop.create()
    await kassa.pay(payment["id"])
    assert (await shop.payment(payment["id"]))["payment_method"]["saved"] is False
    assert (await charge(shop, payment["id"])).status_code == 400


async def test_a_declined_card_is_not_saved(shop, kassa):
    payment = await shop.create(save_payment_method=True)
    await kassa.pay(payment["id"], "insufficient_funds")
    assert (await shop.payment(payment["id"]))["payment_method"]["saved"] is False
    assert (await charge(shop, payment["id"])).status_code == 400


async def test_a_saved_card_can_be_looked_up(shop, saved, official):
    answer = await shop.get(f"/payment_methods/{saved}")
    official.judge("SavePaymentMethodBankCard", answer.json())


async def test_a_saved_card_is_charged_at_once(shop, saved, official):
    payment = (await charge(shop, saved)).json()
    official.judge("Payment", payment)
    assert payment["status"] == "succeeded"
    assert payment["payment_method"]["id"] == saved
    assert "confirmation" not in payment


async def test_a_charge_without_capture_holds_the_money(shop, saved):
    body = order(confirmation=None, payment_method_id=saved, capture=False)
    assert (await shop.post("/payments", body)).json()["status"] == "waiting_for_capture"


async def test_an_unknown_card_can_not_be_charged(shop):
    answer = await charge(shop, "0" * 36)
    assert answer.status_code == 400
    assert answer.json()["parameter"] == "payment_method_id"


async def test_a_charge_can_be_declined(shop, kassa, saved, receiver):
    revoked = Cancellation(party=Party.YOO_MONEY, reason="permission_revoked")
    await kassa.treat_saved_card(saved, MethodTreatment(decline=revoked))
    payment = (await charge(shop, saved)).json()
    assert payment["status"] == "canceled"
    assert payment["cancellation_details"] == {
        "party": "yoo_money",
        "reason": "permission_revoked",
    }
    [body] = await receiver.wait_for(1)
    assert body["event"] == "payment.canceled"


async def test_a_charge_can_be_refused_as_a_request(shop, kassa, saved):
    await kassa.treat_saved_card(saved, MethodTreatment(revoked=True))
    assert (await charge(shop, saved)).status_code == 400


async def test_a_charge_can_stay_pending_for_a_while(shop, kassa, saved):
    await kassa.treat_saved_card(saved, MethodTreatment(stays_pending=True))
    payment = (await charge(shop, saved)).json()
    assert payment["status"] == "pending"
    await kassa.approve(payment["id"])
    assert (await shop.payment(payment["id"]))["status"] == "succeeded"


async def test_one_test_card_pays_once_and_never_again(shop, kassa):
    first = await shop.create(save_payment_method=True)
    await kassa.pay(first["id"], PAID_THEN_DECLINED)
    assert (await shop.payment(first["id"]))["status"] == "succeeded"
    assert (await charge(shop, first["id"])).json()["status"] == "canceled"
