"""The control API, which exists for tests and the control room, and its Python client."""

from datetime import timedelta

import httpx

from sandbox.yookassa.cards import Cancellation, Party
from sandbox.yookassa.client import YooKassaSandbox
from sandbox.yookassa.controls import Conduct, MethodTreatment
from sandbox.yookassa.faults import FaultKind, Operation
from sandbox.yookassa.notifications import Mode
from sandbox.yookassa.tampering import Tampering


async def test_the_client_can_do_whatever_the_control_api_can(shop, kassa, receiver):
    called = set()

    async def note(request: httpx.Request) -> None:
        called.add((request.method, request.url.path))

    kassa._http.event_hooks = {"request": [note]}
    await _use_everything(shop, kassa)
    kassa._http.event_hooks = {}
    api = (await shop.http.get(f"{shop.base_url}/openapi.json")).json()
    for path, methods in api["paths"].items():
        if path.startswith("/control"):
            for method in methods:
                assert any(_fits(path, method, call) for call in called), (method, path)


def _fits(template: str, method: str, call: tuple[str, str]) -> bool:
    wanted, given = template.split("/"), call[1].split("/")
    same = len(wanted) == len(given) and all(
        part == other or part.startswith("{") for part, other in zip(wanted, given, strict=True)
    )
    return same and call[0].lower() == method


async def _use_everything(shop, kassa: YooKassaSandbox) -> None:
    assert await kassa.is_healthy()
    paid, open_payment = [await shop.create(save_payment_method=True) for _ in range(2)]
    await kassa.pay(paid["id"])
    await kassa.wait_for_payment(paid["id"], "succeeded")
    await kassa.tamper(paid["id"], Tampering())
    [card] = await kassa.saved_cards()
    await kassa.treat_saved_card(card.id, MethodTreatment(stays_pending=True))
    charged = await shop.create(confirmation=None, payment_method_id=card.id)
    await kassa.approve(charged["id"])
    await kassa.cancel(open_payment["id"])
    assert len(await kassa.payments()) == 3
    await kassa.conduct(Conduct(refunds="stays_pending"))
    await shop.refund(paid["id"], "1.00")
    [refund] = await kassa.refunds()
    why = Cancellation(party=Party.REFUND_NETWORK, reason="rejected_by_payee")
    await kassa.settle_refund(refund.id, why)
    await _make_trouble(kassa)
    await kassa.wait_for_calls(Operation.CREATE_PAYMENT, 1)
    assert (await kassa.calls())[Operation.CREATE_PAYMENT].count == 3
    notification = await kassa.wait_for_notification(paid["id"])
    await kassa.resend(notification.id)
    await kassa.release_notifications()
    await kassa.forge({})
    assert await kassa.notifications(paid["id"])
    await kassa.advance_to(await kassa.advance(timedelta(hours=1)) + timedelta(hours=1))
    await kassa.now()
    await kassa.reset()


async def _make_trouble(kassa: YooKassaSandbox) -> None:
    await kassa.order_fault(Operation.GET_ME, FaultKind.DELAY)
    await kassa.go_down()
    await kassa.notification_mode(Mode.HELD)
    [fault] = await kassa.faults()
    situation = await kassa.situation()
    assert situation.faults == (fault,)
    assert situation.outage is FaultKind.DROP_BEFORE
    assert situation.conduct.refunds == "stays_pending"
    assert situation.notifications.mode is Mode.HELD
    await kassa.come_back()
    await kassa.clear_faults()
    await kassa.notification_mode(Mode.NORMAL)
    assert (await kassa.situation()).faults == ()


async def test_a_reset_forgets_everything_but_the_start(shop, kassa, receiver):
    before = await kassa.situation()
    payment = await shop.create(save_payment_method=True)
    await kassa.pay(payment["id"])
    await kassa.conduct(Conduct(autopayments=False))
    await kassa.order_fault(Operation.GET_ME, FaultKind.DELAY)
    await kassa.go_down()
    await kassa.advance(timedelta(days=400))
    await kassa.reset()
    after = await kassa.situation()
    assert after.conduct == before.conduct == Conduct()
    assert (after.outage, after.faults, after.notifications.url) == (None, (), None)
    assert after.now - before.now < timedelta(days=1)
    for nothing in (kassa.payments, kassa.refunds, kassa.saved_cards, kassa.notifications):
        assert await nothing() == []
    assert await kassa.calls() == {}


async def test_a_sandbox_that_is_not_there_is_not_healthy():
    async with YooKassaSandbox("http://127.0.0.1:9") as nobody:
        assert not await nobody.is_healthy()
