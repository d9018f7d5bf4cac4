"""The API v3 itself: an address and a method for each operation."""

from fastapi import APIRouter, Request, Response

from sandbox.yookassa.bodies import parse
from sandbox.yookassa.books import Books
from sandbox.yookassa.clock import Clock
from sandbox.yookassa.desk import Desk
from sandbox.yookassa.faults import Operation
from sandbox.yookassa.kassa import Kassa
from sandbox.yookassa.lists import payment_list, refund_list
from sandbox.yookassa.refunding import RefundDesk
from sandbox.yookassa.refusals import forbidden
from sandbox.yookassa.requests import (
    CancelRequest,
    CaptureRequest,
    PaymentRequest,
    RefundRequest,
)
from sandbox.yookassa.tampering import Mirror


def payments_api(desk: Desk, kassa: Kassa, mirror: Mirror, clock: Clock) -> APIRouter:
    """`/v3/payments`."""
    router = APIRouter(prefix="/v3/payments")

    @router.post("")
    async def create(request: Request) -> Response:
        return await desk.post(
            Operation.CREATE_PAYMENT,
            request,
            lambda body: mirror.show(kassa.create(parse(PaymentRequest, body))),
        )

    @router.get("")
    async def many(request: Request) -> Response:
        return await desk.get(
            Operation.LIST_PAYMENTS,
            request,
            lambda: payment_list(kassa.payments(), request.query_params, clock.now(), mirror.show),
        )

    @router.get("/{payment_id}")
    async def one(payment_id: str, request: Request) -> Response:
        return await desk.get(
            Operation.GET_PAYMENT, request, lambda: mirror.show(kassa.payment(payment_id))
        )

    @router.post("/{payment_id}/capture")
    async def capture(payment_id: str, request: Request) -> Response:
        return await desk.post(
            Operation.CAPTURE_PAYMENT,
            request,
            lambda body: mirror.show(kassa.capture(payment_id, parse(CaptureRequest, body))),
        )

    @router.post("/{payment_id}/cancel")
    async def cancel(payment_id: str, request: Request) -> Response:
        def act(body: bytes) -> dict[str, object]:
            parse(CancelRequest, body)
            return mirror.show(kassa.cancel(payment_id))

        return await desk.post(Operation.CANCEL_PAYMENT, request, act)

    return router


def refunds_api(desk: Desk, refund_desk: RefundDesk, clock: Clock) -> APIRouter:
    """`/v3/refunds`."""
    router = APIRouter(prefix="/v3/refunds")

    @router.post("")
    async def create(request: Request) -> Response:
        return await desk.post(
            Operation.CREATE_REFUND,
            request,
            lambda body: refund_desk.create(parse(RefundRequest, body)).to_api(),
        )

    @router.get("")
    async def many(request: Request) -> Response:
        return await desk.get(
            Operation.LIST_REFUNDS,
            request,
            lambda: refund_list(refund_desk.refunds(), request.query_params, clock.now()),
        )

    @router.get("/{refund_id}")
    async def one(refund_id: str, request: Request) -> Response:
        return await desk.get(
            Operation.GET_REFUND, request, lambda: refund_desk.refund(refund_id).to_api()
        )

    return router


def shop_api(desk: Desk, books: Books, shop_id: str) -> APIRouter:
    """Saved cards, the shop itself, and what a plain shop may not use."""
    router = APIRouter(prefix="/v3")

    @router.get("/payment_methods/{method_id}")
    async def method(method_id: str, request: Request) -> Response:
        def show() -> dict[str, object]:
            saved = books.saved_method(method_id).method.to_api()
            return {**saved, "holder": {"account_id": shop_id}}

        return await desk.get(Operation.GET_PAYMENT_METHOD, request, show)

    @router.get("/me")
    async def me(request: Request) -> Response:
        account = {
            "account_id": shop_id,
            "status": "enabled",
            "test": True,
            "payment_methods": ["bank_card"],
        }
        return await desk.get(Operation.GET_ME, request, lambda: account)

    @router.api_route("/webhooks", methods=["GET", "POST"])
    async def webhooks(request: Request) -> Response:
        def refuse() -> dict[str, object]:
            raise forbidden("Webhooks are managed with OAuth only.")

        return await desk.get(Operation.MANAGE_WEBHOOKS, request, refuse)

    return router
