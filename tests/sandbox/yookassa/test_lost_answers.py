"""The operation happens, but its answer does not arrive: the repeat must find what there is."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from sandbox.yookassa.faults import FaultKind, Operation
from tests.sandbox.yookassa.shop_side import order

CREATE = Operation.CREATE_PAYMENT


async def test_a_payment_that_was_made_before_a_500_is_found_by_the_repeat(shop, kassa):
    await kassa.order_fault(CREATE, FaultKind.ERROR_AFTER)
    lost = await shop.post("/payments", order(), "once")
    assert lost.status_code == 500
    assert lost.json()["code"] == "internal_server_error"
    [made] = await kassa.payments()
    assert (await shop.create(key="once"))["id"] == made.id
    assert len(await kassa.payments()) == 1


async def test_a_500_before_acting_leaves_nothing(shop, kassa):
    await kassa.order_fault(CREATE, FaultKind.ERROR_BEFORE)
    assert (await shop.post("/payments", order(), "once")).status_code == 500
    assert await kassa.payments() == []
    await shop.create(key="once")
    assert len(await kassa.payments()) == 1


async def test_a_payment_whose_connection_broke_is_found_by_the_repeat(shop, kassa):
    await kassa.order_fault(CREATE, FaultKind.DROP_AFTER)
    with pytest.raises(httpx.TransportError):
        await shop.post("/payments", order(), "once")
    [made] = await kassa.payments()
    assert (await shop.create(key="once"))["id"] == made.id


async def test_a_connection_that_breaks_before_acting_leaves_nothing(shop, kassa):
    await kassa.order_fault(CREATE, FaultKind.DROP_BEFORE)
    with pytest.raises(httpx.TransportError):
        await shop.post("/payments", order(), "once")
    assert await kassa.payments() == []


async def test_a_payment_whose_answer_never_came_is_found_by_the_repeat(shop, kassa):
    await kassa.order_fault(CREATE, FaultKind.HANG_AFTER)
    waiting = asyncio.create_task(shop.post("/payments", order(), "once"))
    while not (made := await kassa.payments()):
        assert not waiting.done()
    waiting.cancel()
    assert (await shop.create(key="once"))["id"] == made[0].id


async def test_a_hanging_answer_ends_with_a_broken_connection(shop, kassa):
    await kassa.order_fault(CREATE, FaultKind.HANG_BEFORE, seconds=0.05)
    with pytest.raises(httpx.TransportError):
        await shop.post("/payments", order(), "once")
    assert await kassa.payments() == []


async def test_202_means_repeat_with_the_same_key(shop, kassa):
    await kassa.order_fault(CREATE, FaultKind.PROCESSING, retry_after_ms=700)
    answer = await shop.post("/payments", order(), "once")
    assert answer.status_code == 202
    assert answer.json()["type"] == "processing"
    assert answer.json()["retry_after"] == 700
    [made] = await kassa.payments()
    assert (await shop.create(key="once"))["id"] == made.id


async def test_a_delayed_answer_is_the_right_one(shop, kassa):
    await kassa.order_fault(CREATE, FaultKind.DELAY, seconds=0.05)
    assert (await shop.create())["status"] == "pending"


async def test_a_refund_that_was_made_before_a_500_is_not_made_twice(shop, kassa):
    payment = await shop.create()
    await kassa.pay(payment["id"])
    await kassa.order_fault(Operation.CREATE_REFUND, FaultKind.ERROR_AFTER)
    body = {"payment_id": payment["id"], "amount": payment["amount"]}
    assert (await shop.post("/refunds", body, "back")).status_code == 500
    assert (await shop.post("/refunds", body, "back")).status_code == 200
    assert len(await kassa.refunds()) == 1


async def test_a_fault_lasts_for_as_many_calls_as_ordered(shop, kassa):
    await kassa.order_fault(CREATE, FaultKind.ERROR_BEFORE, times=2)
    statuses = [(await shop.post("/payments", order(), "once")).status_code for _ in range(3)]
    assert statuses == [500, 500, 200]


async def test_a_fault_touches_its_own_operation_only(shop, kassa):
    await kassa.order_fault(Operation.GET_PAYMENT, FaultKind.ERROR_BEFORE)
    payment = await shop.create()
    assert (await shop.get(f"/payments/{payment['id']}")).status_code == 500
    assert (await shop.get(f"/payments/{payment['id']}")).status_code == 200


async def test_while_yookassa_is_down_nothing_answers(shop, kassa):
    payment = await shop.create()
    await kassa.go_down()
    with pytest.raises(httpx.TransportError):
        await shop.get(f"/payments/{payment['id']}")
    with pytest.raises(httpx.TransportError):
        await shop.http.get(payment["confirmation"]["confirmation_url"])
    await kassa.come_back()
    assert (await shop.payment(payment["id"]))["status"] == "pending"


LOST = {
    FaultKind.ERROR_AFTER: 500,
    FaultKind.BAD_GATEWAY_AFTER: 502,
    FaultKind.PROCESSING: 202,
}


@pytest.fixture
async def saved(shop, kassa):
    """The id of a saved card."""
    payment = await shop.create(save_payment_method=True)
    await kassa.pay(payment["id"])
    return payment["id"]


@pytest.mark.parametrize(("fault", "status"), LOST.items(), ids=LOST)
async def test_a_charge_whose_answer_was_lost_took_the_money_once(
    shop, kassa, saved, fault, status
):
    charge = order(confirmation=None, payment_method_id=saved)
    await kassa.order_fault(CREATE, fault)
    assert (await shop.post("/payments", charge, "renewal")).status_code == status
    repeated = (await shop.post("/payments", charge, "renewal")).json()
    assert repeated["status"] == "succeeded"
    assert [payment.id for payment in await kassa.payments()] == [repeated["id"], saved]


async def test_a_charge_whose_connection_broke_took_the_money_once(shop, kassa, saved, receiver):
    charge = order(confirmation=None, payment_method_id=saved)
    await kassa.order_fault(CREATE, FaultKind.DROP_AFTER)
    with pytest.raises(httpx.TransportError):
        await shop.post("/payments", charge, "renewal")
    told = (await receiver.wait_for(1))[0]["object"]
    repeated = (await shop.post("/payments", charge, "renewal")).json()
    assert repeated["id"] == told["id"]
    assert len(await kassa.payments()) == 2


async def test_a_lost_create_is_found_in_the_list_when_its_key_is_forgotten(shop, kassa):
    await kassa.order_fault(CREATE, FaultKind.ERROR_AFTER)
    await shop.post("/payments", order(metadata={"purchase_id": "p-77"}), "once")
    await kassa.advance(timedelta(hours=25))
    listed = (await shop.get("/payments", limit=100)).json()["items"]
    assert [item["metadata"] for item in listed] == [{"purchase_id": "p-77"}]
