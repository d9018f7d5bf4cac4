"""The control API: play the payer, the bank and bad luck. Nothing here exists at YooKassa."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Body, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from sandbox.yookassa.cards import Cancellation
from sandbox.yookassa.clock import TimeRunsForward
from sandbox.yookassa.controls import (
    DECLINED_BY_BANK,
    CallsWait,
    ClockTurn,
    ClockView,
    Conduct,
    Forgery,
    MethodTreatment,
    MethodView,
    NotificationSettings,
    NotificationWait,
    Outage,
    PaymentView,
    PaymentWait,
    RefundView,
    Situation,
)
from sandbox.yookassa.desk import refusal_response
from sandbox.yookassa.faults import Fault, Operation, OperationCalls
from sandbox.yookassa.notifications import Attempt, Notification
from sandbox.yookassa.payments import Payment
from sandbox.yookassa.refusals import Refusal
from sandbox.yookassa.shop import Shop
from sandbox.yookassa.tampering import Tampering
from sandbox.yookassa.views import method_view, payment_view, refund_view


def control_api(shop: Shop) -> APIRouter:
    """Everything under `/control`."""
    router = APIRouter(prefix="/control", tags=["control"])
    for part in (_payments, _saved_cards, _refunds, _trouble, _notifications, _time):
        router.include_router(part(shop))
    return router


async def refused(_: Request, error: Exception) -> Response:
    """A Refusal outside `/v3` is answered in the API's own shape."""
    if isinstance(error, Refusal):
        return refusal_response(error)
    return JSONResponse({"description": str(error)}, status_code=400)


def _payments(shop: Shop) -> APIRouter:
    router = APIRouter()

    @router.get("/payments")
    async def payments() -> list[PaymentView]:
        return [payment_view(payment) for payment in shop.kassa.payments()]

    @router.get("/payments/{payment_id}")
    async def payment(payment_id: str) -> PaymentView:
        return payment_view(shop.kassa.payment(payment_id))

    @router.post("/payments/{payment_id}/wait")
    async def wait(payment_id: str, awaited: PaymentWait) -> PaymentView:
        def reached() -> Payment | None:
            current = shop.kassa.payment(payment_id)
            return current if current.status is awaited.status else None

        await shop.books.changes.until(reached, timedelta(seconds=awaited.seconds))
        return payment_view(shop.kassa.payment(payment_id))

    @router.post("/payments/{payment_id}/approve")
    async def approve(payment_id: str) -> PaymentView:
        return payment_view(shop.kassa.approve(payment_id))

    @router.post("/payments/{payment_id}/cancel")
    async def cancel(
        payment_id: str, why: Annotated[Cancellation, Body()] = DECLINED_BY_BANK
    ) -> PaymentView:
        return payment_view(shop.kassa.decline(payment_id, why))

    @router.put("/payments/{payment_id}/tampering", status_code=204)
    async def tamper(payment_id: str, tampering: Tampering) -> None:
        shop.mirror.distort(shop.kassa.payment(payment_id).id, tampering)

    return router


def _saved_cards(shop: Shop) -> APIRouter:
    router = APIRouter()

    @router.get("/methods")
    async def methods() -> list[MethodView]:
        return [method_view(saved) for saved in shop.books.saved_methods()]

    @router.put("/methods/{method_id}", status_code=204)
    async def treat(method_id: str, treatment: MethodTreatment) -> None:
        saved = shop.books.saved_method(method_id)
        shop.books.save_method(
            saved.but(
                decline=treatment.decline,
                stays_pending=treatment.stays_pending,
                revoked=treatment.revoked,
            )
        )

    return router


def _refunds(shop: Shop) -> APIRouter:
    router = APIRouter()

    @router.get("/refunds")
    async def refunds() -> list[RefundView]:
        return [refund_view(refund) for refund in shop.books.refunds()]

    @router.post("/refunds/{refund_id}/settle")
    async def settle(
        refund_id: str, why_not: Annotated[Cancellation | None, Body()] = None
    ) -> RefundView:
        return refund_view(shop.refund_desk.settle(refund_id, why_not))

    return router


def _trouble(shop: Shop) -> APIRouter:
    router = APIRouter()

    @router.post("/faults", status_code=204)
    async def order(fault: Fault) -> None:
        shop.faults.order(fault)

    @router.get("/faults")
    async def faults() -> tuple[Fault, ...]:
        return shop.faults.waiting()

    @router.get("/situation")
    async def situation() -> Situation:
        return shop.situation()

    @router.delete("/faults", status_code=204)
    async def behave() -> None:
        shop.faults.clear()

    @router.put("/outage", status_code=204)
    async def outage(outage: Outage) -> None:
        shop.faults.outage = outage.kind

    @router.put("/conduct", status_code=204)
    async def conduct(conduct: Conduct) -> None:
        shop.behave(conduct)

    @router.get("/calls")
    async def calls() -> dict[Operation, OperationCalls]:
        return shop.faults.calls()

    @router.post("/calls/wait")
    async def wait_for_calls(awaited: CallsWait) -> OperationCalls:
        def enough() -> OperationCalls | None:
            calls = shop.faults.calls().get(awaited.operation, OperationCalls())
            return calls if calls.count >= awaited.count else None

        found = await shop.faults.called.until(enough, timedelta(seconds=awaited.seconds))
        if found is None:
            raise HTTPException(408, "There were not so many calls in this time.")
        return found

    return router


def _notifications(shop: Shop) -> APIRouter:
    router = APIRouter(prefix="/notifications")

    @router.get("")
    async def notifications(object_id: str | None = None) -> list[Notification]:
        return [n for n in shop.notifier.all() if object_id in (None, n.object_id)]

    @router.patch("", status_code=204)
    async def settings(settings: NotificationSettings) -> None:
        if settings.url is not None:
            shop.notifier.url = settings.url
        if settings.mode is not None:
            shop.notifier.mode = settings.mode

    @router.post("/wait")
    async def wait(awaited: NotificationWait) -> Notification:
        found = await shop.notifier.changes.until(
            lambda: _awaited(shop.notifier.all(), awaited), timedelta(seconds=awaited.seconds)
        )
        if found is None:
            raise HTTPException(408, "There was no such notification in this time.")
        return found

    @router.post("/release")
    async def release() -> int:
        return shop.notifier.release()

    @router.post("/forge")
    async def forge(forgery: Forgery) -> Attempt:
        return await shop.notifier.forge(forgery.body)

    @router.post("/{notification_id}/resend")
    async def resend(notification_id: str) -> Notification:
        if all(notification_id != known.id for known in shop.notifier.all()):
            raise HTTPException(404, "There is no such notification.")
        return await shop.notifier.resend(notification_id)

    return router


def _time(shop: Shop) -> APIRouter:
    router = APIRouter()

    @router.get("/clock")
    async def now() -> ClockView:
        return ClockView(now=shop.clock.now())

    @router.post("/clock")
    async def turn(turn: ClockTurn) -> ClockView:
        try:
            if turn.to is not None:
                shop.clock.advance_to(turn.to)
            shop.clock.advance(timedelta(seconds=turn.seconds or 0))
        except TimeRunsForward as error:
            raise HTTPException(400, str(error)) from None
        shop.agenda.run_due()
        shop.agenda.wake()
        return ClockView(now=shop.clock.now())

    @router.post("/reset", status_code=204)
    async def reset() -> None:
        shop.reset()

    @router.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    return router


def _awaited(known: tuple[Notification, ...], wait: NotificationWait) -> Notification | None:
    for notification in known:
        if (
            notification.object_id == wait.object_id
            and notification.state is wait.state
            and wait.event in (None, notification.event)
        ):
            return notification
    return None
