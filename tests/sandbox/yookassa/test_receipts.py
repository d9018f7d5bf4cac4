from datetime import timedelta

import pytest

from sandbox.yookassa.controls import Conduct
from sandbox.yookassa.receipts import ReceiptRegistration
from tests.sandbox.yookassa.shop_side import order, rubles


def line(**changes):
    return {
        "description": "VPN, 30 days",
        "quantity": 1,
        "amount": rubles("299.00"),
        "vat_code": 1,
        "payment_subject": "service",
        "payment_mode": "full_payment",
        **changes,
    }


def receipt(customer=None, items=None):
    return {"customer": customer or {"email": "a@example.com"}, "items": items or [line()]}


async def test_a_receipt_is_registered_after_the_payment(shop, kassa, official):
    payment = await shop.create(receipt=receipt())
    assert payment["receipt_registration"] == "pending"
    await kassa.pay(payment["id"])
    assert (await shop.payment(payment["id"]))["receipt_registration"] == "pending"
    await kassa.advance(timedelta(seconds=6))
    registered = await shop.payment(payment["id"])
    official.judge("Payment", registered)
    assert registered["receipt_registration"] == "succeeded"


async def test_a_receipt_can_fail_though_the_payment_succeeded(shop, kassa):
    await kassa.conduct(Conduct(receipts=ReceiptRegistration.CANCELED))
    payment = await shop.create(receipt=receipt())
    await kassa.pay(payment["id"])
    await kassa.advance(timedelta(seconds=6))
    paid = await shop.payment(payment["id"])
    assert paid["status"] == "succeeded"
    assert paid["receipt_registration"] == "canceled"


async def test_without_a_receipt_nothing_is_registered(shop, kassa):
    payment = await shop.create()
    await kassa.pay(payment["id"])
    assert "receipt_registration" not in await shop.payment(payment["id"])


@pytest.mark.parametrize(
    "good",
    [
        receipt({"phone": "79000000000"}),
        receipt(items=[line(quantity=2, amount=rubles("100.00")), line(amount=rubles("99.00"))]),
        receipt(items=[line(quantity=0.5, amount=rubles("598.00"))]),
        receipt(items=[line(quantity="1.00")]),
        receipt(items=[line(vat_code=12)]),
    ],
)
async def test_a_proper_receipt_is_taken(shop, good):
    answer = await shop.post("/payments", order(receipt=good))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "bad",
    [
        receipt({"full_name": "Nobody"}),
        receipt({"phone": "+79000000000"}),
        receipt({"phone": "123"}),
        receipt({"email": "no-address"}),
        receipt({"email": f"{'a' * 250}@b.ru"}),
        receipt(items=[line(vat_code=13)]),
        receipt(items=[line(description="")]),
        receipt(items=[line(description="d" * 129)]),
        receipt(items=[line(amount=rubles("298.00"))]),
        receipt(items=[line(amount=rubles("1.00"))] * 81),
        {"customer": {"email": "a@example.com"}, "items": []},
        {"customer": {"email": "a@example.com"}, "items": [{"description": "no price"}]},
    ],
)
async def test_an_improper_receipt_is_refused(shop, bad):
    answer = await shop.post("/payments", order(receipt=bad))
    assert answer.status_code == 400
    assert answer.json()["parameter"].startswith("receipt")


@pytest.mark.parametrize(
    "bad", ["no-address", "a@b", "a..b@example.com", "a@example..com", "<a@example.com>"]
)
async def test_a_malformed_address_is_refused_by_its_name(shop, bad):
    answer = await shop.post("/payments", order(receipt=receipt({"email": bad})))
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_request"
    assert answer.json()["parameter"] == "receipt.customer.email"
