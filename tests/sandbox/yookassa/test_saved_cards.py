from datetime import UTC, datetime, timedelta

import pytest

from sandbox.yookassa.cards import PAID_AFTER_3DS, PAID_THEN_DECLINED, Cancellation, Party
from sandbox.yookassa.controls import Conduct, MethodTreatment
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


async def test_a_card_is_not_saved_while_its_money_is_only_held(shop, kassa):
    held = await shop.create(save_payment_method=True, capture=False)
    await kassa.pay(held["id"])
    assert (await shop.payment(held["id"]))["payment_method"]["saved"] is False
    assert (await charge(shop, held["id"])).status_code == 400
    await shop.post(f"/payments/{held['id']}/capture")
    assert (await shop.payment(held["id"]))["payment_method"]["saved"] is True
    assert (await charge(shop, held["id"])).json()["status"] == "succeeded"


async def test_a_card_whose_hold_was_let_go_is_not_saved(shop, kassa):
    held = await shop.create(save_payment_method=True, capture=False)
    await kassa.pay(held["id"])
    await shop.post(f"/payments/{held['id']}/cancel")
    assert (await charge(shop, held["id"])).status_code == 400


async def test_the_payer_may_save_the_card_when_the_shop_did_not_say(shop, kassa):
    payment = await shop.create()
    await kassa.pay(payment["id"], save_card=True)
    assert (await shop.payment(payment["id"]))["payment_method"]["saved"] is True
    assert (await charge(shop, payment["id"])).json()["status"] == "succeeded"


async def test_a_card_is_never_saved_when_the_shop_said_no(shop, kassa):
    payment = await shop.create(save_payment_method=False)
    await kassa.pay(payment["id"], save_card=True)
    assert (await shop.payment(payment["id"]))["payment_method"]["saved"] is False


async def test_a_card_saved_after_3d_secure_is_charged_without_it(shop, kassa):
    payment = await shop.create(save_payment_method=True)
    await kassa.pay(payment["id"], PAID_AFTER_3DS)
    charged = (await charge(shop, payment["id"])).json()
    assert charged["status"] == "succeeded"
    assert charged["authorization_details"]["three_d_secure"] == {"applied": False}


async def test_a_shop_without_autopayments_may_neither_save_nor_charge(
    shop, kassa, saved, official
):
    await kassa.conduct(Conduct(autopayments=False))
    for answer in (
        await charge(shop, saved),
        await shop.post("/payments", order(save_payment_method=True)),
    ):
        assert answer.status_code == 403
        official.judge("Forbidden", answer.json())
        assert "recurring" in answer.json()["description"]
    assert len(await kassa.payments()) == 1
    once = await shop.create(save_payment_method=False)
    assert (await kassa.pay(once["id"])).status == "succeeded"


async def test_an_expired_card_is_not_charged(shop, kassa):
    first = await shop.create(save_payment_method=True)
    year = (await kassa.now()).year + 1
    await kassa.pay(first["id"], expiry=f"12/{year % 100:02}")
    await kassa.advance_to(datetime(year, 12, 31, 12, tzinfo=UTC))
    assert (await charge(shop, first["id"])).json()["status"] == "succeeded"
    await kassa.advance(timedelta(days=1))
    expired = (await charge(shop, first["id"])).json()
    assert expired["status"] == "canceled"
    assert expired["cancellation_details"]["reason"] == "card_expired"


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


async def test_a_charge_that_stays_pending_ends_with_its_hour(shop, kassa, saved):
    await kassa.treat_saved_card(saved, MethodTreatment(stays_pending=True))
    payment = (await charge(shop, saved)).json()
    await kassa.advance(timedelta(hours=1))
    assert (await shop.payment(payment["id"]))["status"] == "canceled"


async def test_a_pending_charge_can_be_declined_later(shop, kassa, saved, receiver):
    await kassa.treat_saved_card(saved, MethodTreatment(stays_pending=True))
    payment = (await charge(shop, saved)).json()
    await kassa.cancel(payment["id"], Cancellation(party=Party.YOO_MONEY, reason="fraud_suspected"))
    [body] = await receiver.wait_for(1)
    assert body["object"]["cancellation_details"]["reason"] == "fraud_suspected"


async def test_what_becomes_of_saved_cards_can_be_seen(kassa, saved):
    [card] = await kassa.saved_cards()
    assert (card.id, card.title, card.revoked) == (saved, "Bank card *4444", False)
    await kassa.treat_saved_card(saved, MethodTreatment(revoked=True))
    [card] = await kassa.saved_cards()
    assert card.revoked


async def test_one_test_card_pays_once_and_never_again(shop, kassa):
    first = await shop.create(save_payment_method=True)
    await kassa.pay(first["id"], PAID_THEN_DECLINED)
    assert (await shop.payment(first["id"]))["status"] == "succeeded"
    assert (await charge(shop, first["id"])).json()["status"] == "canceled"
