"""The limits of the official OpenAPI file, and those of cards."""

import pytest

from tests.sandbox.yookassa.shop_side import RETURN_URL, order, rubles

CONFIRMATION = {"type": "redirect", "return_url": RETURN_URL}

ALLOWED = {
    "the smallest card payment": {"amount": rubles("1.00")},
    "the largest card payment": {"amount": rubles("350000.00")},
    "a description of 128": {"description": "д" * 128},
    "16 metadata keys": {"metadata": {f"k{number}": "v" for number in range(16)}},
    "a metadata key of 32": {"metadata": {"k" * 32: "v"}},
    "a metadata value of 512": {"metadata": {"k": "v" * 512}},
    "a customer id of 200": {"merchant_customer_id": "c" * 200},
    "a return address of 2048": {
        "confirmation": {"type": "redirect", "return_url": "https://t.me/".ljust(2048, "x")}
    },
    "a card asked for": {"payment_method_data": {"type": "bank_card"}},
    "fields that the sandbox does not know": {"client_ip": "127.0.0.1"},
}

REFUSED = {
    "no amount": ({"amount": None}, "amount"),
    "an amount without kopecks": ({"amount": rubles("299")}, "amount.value"),
    "an amount with a comma": ({"amount": rubles("299,00")}, "amount.value"),
    "an amount that is a number": ({"amount": rubles(299.0)}, "amount.value"),
    "a negative amount": ({"amount": rubles("-1.00")}, "amount.value"),
    "less than cards take": ({"amount": rubles("0.99")}, "amount"),
    "more than cards take": ({"amount": rubles("350000.01")}, "amount"),
    "a foreign currency": ({"amount": {"value": "5.00", "currency": "USD"}}, "amount.currency"),
    "a long description": ({"description": "d" * 129}, "description"),
    "17 metadata keys": ({"metadata": {f"k{n}": "v" for n in range(17)}}, "metadata"),
    "a long metadata key": ({"metadata": {"k" * 33: "v"}}, f"metadata.{'k' * 33}"),
    "a long metadata value": ({"metadata": {"k": "v" * 513}}, "metadata.k"),
    "a metadata value that is no string": ({"metadata": {"k": 1}}, "metadata.k"),
    "a long customer id": ({"merchant_customer_id": "c" * 201}, "merchant_customer_id"),
    "no return address": ({"confirmation": {"type": "redirect"}}, "confirmation.return_url"),
    "a long return address": (
        {"confirmation": {"type": "redirect", "return_url": "x" * 2049}},
        "confirmation.return_url",
    ),
    "an unknown locale": (
        {"confirmation": {**CONFIRMATION, "locale": "fr_FR"}},
        "confirmation.locale",
    ),
    "SBP, which a test shop lacks": (
        {"payment_method_data": {"type": "sbp"}},
        "payment_method_data.type",
    ),
    "a capture that is no boolean": ({"capture": "true"}, "capture"),
}


@pytest.mark.parametrize("changes", ALLOWED.values(), ids=ALLOWED)
async def test_up_to_the_limit_is_allowed(shop, changes):
    answer = await shop.post("/payments", order(**changes))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(("changes", "parameter"), REFUSED.values(), ids=REFUSED)
async def test_beyond_the_limit_is_refused_by_name(shop, kassa, official, changes, parameter):
    answer = await shop.post("/payments", order(**changes))
    assert answer.status_code == 400
    official.judge("BadRequest", answer.json())
    assert answer.json()["parameter"] == parameter
    assert await kassa.payments() == []


async def test_a_refund_describes_itself_in_250_characters(shop, kassa):
    payment = await shop.create()
    await kassa.pay(payment["id"])
    body = {"payment_id": payment["id"], "amount": rubles("1.00")}
    assert (await shop.post("/refunds", {**body, "description": "d" * 250})).status_code == 200
    assert (await shop.post("/refunds", {**body, "description": "d" * 251})).status_code == 400
