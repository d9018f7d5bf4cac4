import asyncio
from datetime import timedelta

import pytest

from sandbox.yookassa.notifications import Mode
from tests.sandbox.yookassa.shop_side import order, rubles


async def test_a_key_is_required(shop):
    answer = await shop.http.post("/payments", json=order())
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_request"
    assert answer.json()["parameter"] == "Idempotence-Key"


async def test_a_key_has_at_most_64_characters(shop):
    assert (await shop.post("/payments", order(), "k" * 64)).status_code == 200
    assert (await shop.post("/payments", order(), "k" * 65)).status_code == 400


@pytest.mark.parametrize("key", ["purchase 1", "покупка", "a\tb"])
async def test_a_key_is_made_of_plain_characters(shop, key):
    headers = {"Idempotence-Key": key.encode()}
    answer = await shop.http.post("/payments", json=order(), headers=headers)
    assert answer.status_code == 400
    assert answer.json()["parameter"] == "Idempotence-Key"


async def test_a_key_may_be_more_than_a_uuid(shop):
    key = "018e5f0a-1b2c-7d4e-9f0a-1b2c3d4e5f6a:create.1_A"
    assert (await shop.post("/payments", order(), key)).status_code == 200


async def test_a_repeat_finds_the_same_payment(shop, kassa):
    first = await shop.create(key="once")
    assert await shop.create(key="once") == first
    assert len(await kassa.payments()) == 1


async def test_a_repeat_gets_the_original_answer_though_the_payment_went_on(shop, kassa):
    first = await shop.create(key="once")
    await kassa.pay(first["id"])
    assert (await shop.create(key="once"))["status"] == "pending"
    assert (await shop.payment(first["id"]))["status"] == "succeeded"


async def test_the_order_of_fields_does_not_make_another_body(shop):
    first = await shop.create(key="once")
    turned = dict(reversed(order().items()))
    assert (await shop.post("/payments", turned, "once")).json()["id"] == first["id"]


async def test_another_key_makes_another_payment(shop):
    assert (await shop.create(key="one"))["id"] != (await shop.create(key="two"))["id"]


async def test_a_repeat_with_another_body_is_refused(shop, kassa):
    await shop.create(key="once")
    answer = await shop.post("/payments", order(amount=rubles("1.00")), "once")
    assert answer.status_code == 400
    error = answer.json()
    assert error["description"] == "Idempotence key duplicated"
    assert error["parameter"] == "Idempotence-Key"
    assert len(await kassa.payments()) == 1


async def test_a_key_of_one_operation_is_refused_for_another(shop, kassa):
    payment = await shop.create(key="once", capture=False)
    await kassa.pay(payment["id"])
    answer = await shop.post(f"/payments/{payment['id']}/capture", {}, "once")
    assert answer.json()["description"] == "Idempotence key duplicated"


async def test_requests_at_the_same_moment_make_one_payment(shop, kassa):
    answers = await asyncio.gather(*(shop.create(key="once") for _ in range(20)))
    assert len({answer["id"] for answer in answers}) == 1
    assert len(await kassa.payments()) == 1


async def test_of_two_bodies_at_the_same_moment_one_wins(shop, kassa):
    bodies = [order(description=f"order {number}") for number in range(6)]
    answers = await asyncio.gather(*(shop.post("/payments", body, "once") for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400, 400]
    assert len(await kassa.payments()) == 1


async def test_a_key_is_forgotten_after_24_hours(shop, kassa):
    first = await shop.create(key="once")
    await kassa.advance(timedelta(hours=23, minutes=59))
    assert (await shop.create(key="once"))["id"] == first["id"]
    await kassa.advance(timedelta(minutes=2))
    assert (await shop.create(key="once"))["id"] != first["id"]


async def test_a_refused_request_uses_its_key_up(shop):
    refused = await shop.post("/payments", order(amount=rubles("0.50")), "once")
    assert refused.status_code == 400
    assert (await shop.post("/payments", order(amount=rubles("0.50")), "once")).text == refused.text
    corrected = await shop.post("/payments", order(), "once")
    assert corrected.json()["description"] == "Idempotence key duplicated"


async def test_a_refund_is_made_once_per_key(shop, kassa):
    payment = await shop.create()
    await kassa.pay(payment["id"])
    body = {"payment_id": payment["id"], "amount": rubles("100.00")}
    answers = await asyncio.gather(*(shop.post("/refunds", body, "back") for _ in range(5)))
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (await shop.payment(payment["id"]))["refunded_amount"] == rubles("100.00")


async def test_a_capture_is_repeated_harmlessly(shop, kassa):
    payment = await shop.create(capture=False)
    await kassa.pay(payment["id"])
    path = f"/payments/{payment['id']}/capture"
    first = await shop.post(path, key="take")
    assert first.json()["status"] == "succeeded"
    assert (await shop.post(path, key="take")).json() == first.json()
    assert (await shop.post(path, key="take again")).status_code == 400


async def test_a_caller_who_hangs_up_does_not_stop_the_operation(shop, kassa, receiver):
    await kassa.notification_mode(Mode.EARLY)
    method = await _saved_card(shop, kassa)
    receiver.open.clear()
    charge = order(confirmation=None, payment_method_id=method)
    asking = asyncio.create_task(shop.post("/payments", charge, "charge"))
    await receiver.wait_for(2)
    asking.cancel()
    receiver.open.set()
    repeated = (await shop.post("/payments", charge, "charge")).json()
    assert repeated["status"] == "succeeded"
    assert len(await kassa.payments()) == 2


async def _saved_card(shop, kassa):
    payment = await shop.create(save_payment_method=True)
    await kassa.pay(payment["id"])
    return payment["id"]
