"""The addresses of the hosted page, and what its forms do."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel

from sandbox.yookassa import page
from sandbox.yookassa.cards import TEST_CARDS
from sandbox.yookassa.checkout import CardForm, Checkout, FormError, NextStep, WrongForm
from sandbox.yookassa.clock import Clock
from sandbox.yookassa.desk import Desk
from sandbox.yookassa.faults import Operation
from sandbox.yookassa.kassa import Kassa
from sandbox.yookassa.notifications import Notifier
from sandbox.yookassa.payments import PaymentStatus
from sandbox.yookassa.refusals import Refusal

PAGE_PATH = "/checkout/payments/v2/contract"
THREE_D_SECURE_PATH = "/checkout/payments/v2/3ds"

OrderId = Annotated[str, Query(alias="orderId")]


class CardFields(BaseModel):
    """The fields of the card form; a click on a test card sends `test_card` alone."""

    number: str = ""
    expiry: str = ""
    csc: str = ""
    test_card: str = ""
    save: bool = False


def page_path(payment_id: str) -> str:
    """The path and query of a payment's page, shaped like the real ones."""
    return f"{PAGE_PATH}?orderId={payment_id}"


class Pages:
    """What the addresses show and do."""

    def __init__(self, kassa: Kassa, checkout: Checkout, notifier: Notifier, clock: Clock) -> None:
        self._kassa = kassa
        self._checkout = checkout
        self._notifier = notifier
        self._clock = clock

    async def show(self, payment_id: str, error: FormError | None = None) -> Response:
        """The card form while the payment is pending, then how it ended."""
        try:
            payment = self._kassa.payment(payment_id)
        except Refusal:
            return HTMLResponse(page.unknown_page(), status_code=404)
        if payment.status is not PaymentStatus.PENDING or payment.confirmation is None:
            return HTMLResponse(page.outcome_page(payment))
        decline = self._checkout.last_decline(payment_id)
        html = page.card_page(
            payment, form_error=error, declined=decline.reason if decline else None
        )
        return HTMLResponse(html, status_code=422 if error else 200)

    async def submit(self, payment_id: str, form: CardForm) -> Response:
        """Pay, then go on to where the payment stands."""
        try:
            step = self._checkout.submit(payment_id, form)
        except WrongForm as wrong:
            return await self.show(payment_id, wrong.error)
        except Refusal:
            return HTMLResponse(page.unknown_page(), status_code=404)
        await self._notifier.hurry()
        path = THREE_D_SECURE_PATH if step is NextStep.THREE_D_SECURE else PAGE_PATH
        return _see(path, payment_id)

    async def show_3ds(self, payment_id: str) -> Response:
        """The bank's question, if there is one."""
        try:
            awaited = self._checkout.awaits_3ds(payment_id)
        except Refusal:
            return HTMLResponse(page.unknown_page(), status_code=404)
        if not awaited:
            return _see(PAGE_PATH, payment_id)
        return HTMLResponse(page.three_d_secure_page(self._kassa.payment(payment_id)))

    async def confirm_3ds(self, payment_id: str, *, passed: bool) -> Response:
        """The payer's answer to the bank."""
        try:
            self._checkout.confirm_3ds(payment_id, passed=passed)
        except Refusal:
            return HTMLResponse(page.unknown_page(), status_code=404)
        await self._notifier.hurry()
        return _see(PAGE_PATH, payment_id)

    def filled(self, fields: CardFields) -> CardForm:
        """The form as typed, or as a click on a test card fills it."""
        if fields.test_card not in TEST_CARDS:
            return CardForm(fields.number, fields.expiry, fields.csc, fields.save)
        expiry = f"12/{(self._clock.now().year + 3) % 100:02}"
        return CardForm(fields.test_card, expiry, "123", fields.save)


def page_routes(desk: Desk, pages: Pages) -> APIRouter:
    """The hosted page's routes."""
    router = APIRouter()

    @router.get(PAGE_PATH)
    async def show(order_id: OrderId, request: Request) -> Response:
        return await desk.faulty(Operation.SHOW_PAGE, request, lambda: pages.show(order_id))

    @router.post(PAGE_PATH)
    async def submit(
        order_id: OrderId,
        request: Request,
        fields: Annotated[CardFields, Form()],
    ) -> Response:
        form = pages.filled(fields)
        return await desk.faulty(
            Operation.SUBMIT_PAGE, request, lambda: pages.submit(order_id, form)
        )

    @router.get(THREE_D_SECURE_PATH)
    async def show_3ds(order_id: OrderId, request: Request) -> Response:
        return await desk.faulty(Operation.SHOW_PAGE, request, lambda: pages.show_3ds(order_id))

    @router.post(THREE_D_SECURE_PATH)
    async def confirm_3ds(
        order_id: OrderId, request: Request, decision: Annotated[str, Form()] = "confirm"
    ) -> Response:
        return await desk.faulty(
            Operation.SUBMIT_PAGE,
            request,
            lambda: pages.confirm_3ds(order_id, passed=decision == "confirm"),
        )

    return router


def _see(path: str, payment_id: str) -> Response:
    return RedirectResponse(f"{path}?orderId={payment_id}", status_code=303)
