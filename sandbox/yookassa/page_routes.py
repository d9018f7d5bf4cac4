"""The addresses of the hosted page, and what its forms do."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from pydantic import BaseModel

from sandbox.yookassa import page
from sandbox.yookassa.cards import TEST_CARDS
from sandbox.yookassa.checkout import CardForm, Checkout, NextStep, WrongForm
from sandbox.yookassa.clock import Clock
from sandbox.yookassa.desk import Desk
from sandbox.yookassa.faults import Operation
from sandbox.yookassa.kassa import Kassa
from sandbox.yookassa.notifications import Notifier
from sandbox.yookassa.page import Attempt, Facts
from sandbox.yookassa.page_texts import preferred_locale
from sandbox.yookassa.payments import Locale, Payment, PaymentStatus
from sandbox.yookassa.refusals import Refusal

PAGE_PATH = "/checkout/payments/v2/contract"
THREE_D_SECURE_PATH = "/checkout/payments/v2/3ds"
STATE_PATH = "/checkout/payments/v2/state"

Answer = Callable[[], Awaitable[Response]]
OrderId = Annotated[str, Query(alias="orderId")]


class CardFields(BaseModel):
    """The fields of the card form; a click on a test card sends `test_card` along."""

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

    def __init__(
        self,
        kassa: Kassa,
        checkout: Checkout,
        notifier: Notifier,
        clock: Clock,
        shop_name: Callable[[Locale], str],
    ) -> None:
        """Open the pages.

        Args:
            kassa: The payments.
            checkout: The payers' side of the desk.
            notifier: Asked to hurry before each answer.
            clock: The sandbox's time.
            shop_name: Whom the payer pays, by language.
        """
        self._kassa = kassa
        self._checkout = checkout
        self._notifier = notifier
        self._clock = clock
        self._shop_name = shop_name

    async def show(self, payment_id: str, *, just_now: bool = False) -> Response:
        """The card form while the payment is pending, then how it ended."""
        payment = self._kassa.payment(payment_id)
        if not self._checkout.is_open(payment):
            return _html(page.outcome_page(self._facts(payment), just_now=just_now))
        declined = self._checkout.last_decline(payment_id)
        return _html(page.card_page(self._facts(payment), Attempt(declined=declined)))

    async def submit(self, payment_id: str, form: CardForm) -> Response:
        """Pay, then go on to where the payment stands."""
        was_open = self._checkout.is_open(self._kassa.payment(payment_id))
        try:
            step = self._checkout.submit(payment_id, form)
        except WrongForm as wrong:
            facts = self._facts(self._kassa.payment(payment_id))
            return _html(page.card_page(facts, Attempt(form=form, error=wrong.error)), 422)
        await self._notifier.hurry()
        if step is NextStep.THREE_D_SECURE:
            return _see(f"{THREE_D_SECURE_PATH}?orderId={payment_id}")
        return self._see_outcome(payment_id, just_now=was_open)

    async def show_3ds(self, payment_id: str) -> Response:
        """The bank's question, if there is one."""
        payment = self._kassa.payment(payment_id)
        card = self._checkout.awaiting_3ds(payment_id)
        if card is None:
            return _see(page_path(payment_id))
        return _html(page.three_d_secure_page(self._facts(payment), card.last4))

    async def confirm_3ds(self, payment_id: str, *, passed: bool) -> Response:
        """The payer's answer to the bank."""
        awaited = self._checkout.awaiting_3ds(payment_id) is not None
        self._checkout.confirm_3ds(payment_id, passed=passed)
        await self._notifier.hurry()
        return self._see_outcome(payment_id, just_now=awaited)

    def state(self, payment_id: str) -> dict[str, str]:
        """What an open page compares itself with."""
        payment = self._kassa.payment(payment_id)
        return {
            "seen": page.state_of(payment),
            "left": page.time_left(payment, self._clock.now()),
        }

    def filled(self, fields: CardFields) -> CardForm:
        """The form as typed, or as a click on a test card fills it."""
        if fields.test_card not in TEST_CARDS:
            return CardForm(fields.number, fields.expiry, fields.csc, fields.save)
        expiry = f"12/{(self._clock.now().year + 3) % 100:02}"
        return CardForm(fields.test_card, expiry, "123", fields.save)

    def _facts(self, payment: Payment) -> Facts:
        return Facts(
            payment=payment,
            shop_name=self._shop_name(payment.terms.locale),
            state_url=f"{STATE_PATH}?orderId={payment.id}",
            now=self._clock.now(),
        )

    def _see_outcome(self, payment_id: str, *, just_now: bool) -> Response:
        ended = self._kassa.payment(payment_id).status is not PaymentStatus.PENDING
        return _see(page_path(payment_id) + ("&done=yes" if just_now and ended else ""))


def page_routes(desk: Desk, pages: Pages) -> APIRouter:
    """The hosted page's routes."""
    router = APIRouter()

    async def serve(operation: Operation, request: Request, answer: Answer) -> Response:
        return await desk.faulty(operation, request, lambda: _known(request, answer))

    @router.get(PAGE_PATH)
    async def show(
        order_id: OrderId, request: Request, done: Annotated[bool, Query()] = False
    ) -> Response:
        return await serve(
            Operation.SHOW_PAGE, request, lambda: pages.show(order_id, just_now=done)
        )

    @router.post(PAGE_PATH)
    async def submit(
        order_id: OrderId, request: Request, fields: Annotated[CardFields, Form()]
    ) -> Response:
        form = pages.filled(fields)
        return await serve(Operation.SUBMIT_PAGE, request, lambda: pages.submit(order_id, form))

    @router.get(THREE_D_SECURE_PATH)
    async def show_3ds(order_id: OrderId, request: Request) -> Response:
        return await serve(Operation.SHOW_PAGE, request, lambda: pages.show_3ds(order_id))

    @router.post(THREE_D_SECURE_PATH)
    async def confirm_3ds(
        order_id: OrderId, request: Request, decision: Annotated[str, Form()] = "confirm"
    ) -> Response:
        passed = decision == "confirm"
        return await serve(
            Operation.SUBMIT_PAGE, request, lambda: pages.confirm_3ds(order_id, passed=passed)
        )

    @router.get(STATE_PATH)
    async def state(order_id: OrderId) -> JSONResponse:
        return JSONResponse(pages.state(order_id))

    return router


async def _known(request: Request, answer: Answer) -> Response:
    try:
        return await answer()
    except Refusal:
        locale = preferred_locale(request.headers.get("accept-language", ""))
        return _html(page.unknown_page(locale), 404)


def _html(text: str, status: int = 200) -> Response:
    # The way back through the browser's history must not show a form that was paid already.
    return HTMLResponse(text, status_code=status, headers={"Cache-Control": "no-store"})


def _see(address: str) -> Response:
    return RedirectResponse(address, status_code=303)
