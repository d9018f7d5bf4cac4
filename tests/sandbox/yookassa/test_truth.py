"""GET is the truth, unless a test bends it to see whether the shop compares."""

from decimal import Decimal

from sandbox.yookassa.notifications import Mode
from sandbox.yookassa.tampering import Tampering


async def test_the_truth_does_not_wait_for_a_notification(shop, kassa, receiver):
    await kassa.notification_mode(Mode.LOST)
    payment = await shop.create()
    await kassa.pay(payment["id"])
    assert (await shop.payment(payment["id"]))["status"] == "succeeded"


async def test_a_payment_can_be_shown_other_than_it_is(shop, kassa):
    payment = await shop.create()
    await kassa.pay(payment["id"])
    lie = Tampering(
        value=Decimal("1.00"), currency="USD", account_id="999", metadata={"purchase_id": "p-2"}
    )
    await kassa.tamper(payment["id"], lie)
    shown = await shop.payment(payment["id"])
    assert shown["amount"] == {"value": "1.00", "currency": "USD"}
    assert shown["recipient"]["account_id"] == "999"
    assert shown["metadata"] == {"purchase_id": "p-2"}
    assert (await kassa.payment(payment["id"])).value == "299.00"


async def test_lists_and_notifications_show_the_same_lie(shop, kassa, receiver):
    payment = await shop.create()
    await kassa.tamper(payment["id"], Tampering(value=Decimal("1.00")))
    await kassa.pay(payment["id"])
    [notified] = await receiver.wait_for(1)
    [listed] = (await shop.get("/payments")).json()["items"]
    assert notified["object"]["amount"]["value"] == listed["amount"]["value"] == "1.00"


async def test_every_call_and_its_keys_are_counted(shop, kassa):
    payment = await shop.create(key="one")
    await shop.create(key="one")
    await shop.payment(payment["id"])
    calls = await kassa.calls()
    assert calls["create_payment"].count == 2
    assert calls["create_payment"].keys == {"one": 2}
    assert calls["get_payment"].count == 1
