"""A typed client of the control API, for tests, benchmarks and the control room."""

from datetime import datetime, timedelta
from typing import Any

import httpx
from pydantic import TypeAdapter

from sandbox.yookassa.books import Event
from sandbox.yookassa.cards import PAID, Cancellation, Party, card_for
from sandbox.yookassa.control_connection import ControlConnection, SandboxRefused, checked
from sandbox.yookassa.controls import (
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
from sandbox.yookassa.faults import Fault, FaultKind, Operation, OperationCalls
from sandbox.yookassa.notifications import Attempt, DeliveryState, Mode, Notification
from sandbox.yookassa.page_routes import THREE_D_SECURE_PATH, page_path
from sandbox.yookassa.payments import PaymentStatus
from sandbox.yookassa.tampering import Tampering

__all__ = ["SandboxRefused", "YooKassaSandbox"]

_FAR_EXPIRY = "12/99"
_PATIENCE = timedelta(seconds=10)


_CALLS = TypeAdapter(dict[Operation, OperationCalls])
_FAULTS = TypeAdapter(list[Fault])
_METHODS = TypeAdapter(list[MethodView])
_NOTIFICATIONS = TypeAdapter(list[Notification])
_PAYMENTS = TypeAdapter(list[PaymentView])
_REFUNDS = TypeAdapter(list[RefundView])


class YooKassaSandbox(ControlConnection):
    """A running sandbox.

    Example:
        async with YooKassaSandbox("http://127.0.0.1:8081") as kassa:
            await kassa.pay(payment_id)
            await kassa.wait_for_payment(payment_id, PaymentStatus.SUCCEEDED)
    """

    # Payments and refunds

    async def payments(self) -> list[PaymentView]:
        """Every payment, newest first."""
        return _PAYMENTS.validate_json(await self._call("GET", "/payments"))

    async def payment(self, payment_id: str) -> PaymentView:
        """A payment as it really is."""
        return await self._ask(PaymentView, "GET", f"/payments/{payment_id}")

    async def pay(
        self,
        payment_id: str,
        scenario: str = PAID,
        *,
        party: Party | None = None,
        expiry: str = _FAR_EXPIRY,
        save_card: bool = False,
    ) -> PaymentView:
        """Pay on the hosted page with a test card, through the page's own form.

        Args:
            payment_id: A pending payment.
            scenario: What the card leads to: `cards.PAID`, `cards.PAID_AFTER_3DS`, or the
                reason of a decline such as `insufficient_funds`.
            party: Who declines, where two could for one reason.
            expiry: The last month printed on the card, as `12/30`.
            save_card: Whether the payer agrees to save the card, where the page offers it.

        Returns:
            The payment afterwards.
        """
        card = card_for(scenario, party=party)
        form = {"number": card.number, "expiry": expiry, "csc": "123"}
        if save_card:
            form["save"] = "yes"
        answer = checked(await self._http.post(page_path(payment_id), data=form))
        if answer.headers.get("location", "").startswith(THREE_D_SECURE_PATH):
            checked(await self._http.post(answer.headers["location"], data={"code": "1234"}))
        return await self.payment(payment_id)

    async def approve(self, payment_id: str) -> PaymentView:
        """Let a charge of a saved card that stayed pending come through."""
        return await self._ask(PaymentView, "POST", f"/payments/{payment_id}/approve")

    async def cancel(self, payment_id: str, why: Cancellation | None = None) -> PaymentView:
        """Let a pending or held payment fail, from YooKassa's side."""
        return await self._ask(PaymentView, "POST", f"/payments/{payment_id}/cancel", why)

    async def wait_for_payment(
        self, payment_id: str, status: PaymentStatus, patience: timedelta = _PATIENCE
    ) -> PaymentView:
        """The payment once it has this status, or as it is when patience runs out."""
        wait = PaymentWait(status=status, seconds=patience.total_seconds())
        return await self._ask(PaymentView, "POST", f"/payments/{payment_id}/wait", wait)

    async def tamper(self, payment_id: str, tampering: Tampering) -> None:
        """Show the payment to the shop other than it is."""
        await self._call("PUT", f"/payments/{payment_id}/tampering", tampering)

    async def treat_saved_card(self, method_id: str, treatment: MethodTreatment) -> None:
        """Decide what becomes of later charges of a saved card."""
        await self._call("PUT", f"/methods/{method_id}", treatment)

    async def saved_cards(self) -> list[MethodView]:
        """Every saved card, newest first."""
        return _METHODS.validate_json(await self._call("GET", "/methods"))

    async def refunds(self) -> list[RefundView]:
        """Every refund, newest first."""
        return _REFUNDS.validate_json(await self._call("GET", "/refunds"))

    async def settle_refund(
        self, refund_id: str, why_not: Cancellation | None = None
    ) -> RefundView:
        """Let a pending refund come through, or cancel it for a reason."""
        return await self._ask(RefundView, "POST", f"/refunds/{refund_id}/settle", why_not)

    # Trouble

    async def order_fault(
        self,
        operation: Operation,
        kind: FaultKind,
        *,
        times: int = 1,
        seconds: float = 60,
        retry_after_ms: int = 1800,
    ) -> None:
        """Let the next calls of an operation go wrong."""
        fault = Fault(
            operation=operation,
            kind=kind,
            times=times,
            seconds=seconds,
            retry_after_ms=retry_after_ms,
        )
        await self._call("POST", "/faults", fault)

    async def faults(self) -> list[Fault]:
        """The faults that still wait for their call."""
        return _FAULTS.validate_json(await self._call("GET", "/faults"))

    async def situation(self) -> Situation:
        """Everything that was set to go otherwise than well, and the sandbox's time."""
        return await self._ask(Situation, "GET", "/situation")

    async def clear_faults(self) -> None:
        """Behave again; ends an outage too."""
        await self._call("DELETE", "/faults")

    async def go_down(self, kind: FaultKind = FaultKind.DROP_BEFORE) -> None:
        """Let every call of the API and the page go wrong until `come_back`."""
        await self._call("PUT", "/outage", Outage(kind=kind))

    async def come_back(self) -> None:
        """End an outage."""
        await self._call("PUT", "/outage", Outage(kind=None))

    async def conduct(self, conduct: Conduct) -> None:
        """Choose what becomes of declined cards, refunds and receipts; replaces the last choice."""
        await self._call("PUT", "/conduct", conduct)

    async def calls(self) -> dict[Operation, OperationCalls]:
        """How often each operation was called, and with which idempotence keys."""
        return _CALLS.validate_json(await self._call("GET", "/calls"))

    async def wait_for_calls(
        self, operation: Operation, count: int, patience: timedelta = _PATIENCE
    ) -> OperationCalls:
        """Wait until the operation was called that often in all; SandboxRefused if it is not."""
        wait = CallsWait(operation=operation, count=count, seconds=patience.total_seconds())
        return await self._ask(OperationCalls, "POST", "/calls/wait", wait)

    # Notifications

    async def notify(self, url: str) -> None:
        """Send notifications to this address from now on."""
        await self._call("PATCH", "/notifications", NotificationSettings(url=url))

    async def notification_mode(self, mode: Mode) -> None:
        """Choose what becomes of new notifications."""
        await self._call("PATCH", "/notifications", NotificationSettings(mode=mode))

    async def notifications(self, object_id: str | None = None) -> list[Notification]:
        """Every notification, or those about one object; oldest first."""
        query = "" if object_id is None else f"?object_id={object_id}"
        return _NOTIFICATIONS.validate_json(await self._call("GET", f"/notifications{query}"))

    async def wait_for_notification(
        self,
        object_id: str,
        event: Event | None = None,
        state: DeliveryState = DeliveryState.DELIVERED,
        patience: timedelta = _PATIENCE,
    ) -> Notification:
        """The first notification about an object in this state; SandboxRefused if none comes."""
        wait = NotificationWait(
            object_id=object_id, event=event, state=state, seconds=patience.total_seconds()
        )
        return await self._ask(Notification, "POST", "/notifications/wait", wait)

    async def release_notifications(self) -> int:
        """Send what was held; returns how many."""
        return int(await self._call("POST", "/notifications/release"))

    async def resend(self, notification_id: str) -> Notification:
        """Send a notification once more, with the body it had."""
        return await self._ask(Notification, "POST", f"/notifications/{notification_id}/resend")

    async def forge(self, body: dict[str, Any]) -> Attempt:
        """Send any JSON to the notification address, from the sandbox's own."""
        return await self._ask(Attempt, "POST", "/notifications/forge", Forgery(body=body))

    # Time

    async def now(self) -> datetime:
        """The sandbox's present."""
        return (await self._ask(ClockView, "GET", "/clock")).now

    async def advance(self, by: timedelta) -> datetime:
        """Skip a stretch of time; what fell due has happened when this returns."""
        turn = ClockTurn(seconds=by.total_seconds())
        return (await self._ask(ClockView, "POST", "/clock", turn)).now

    async def advance_to(self, moment: datetime) -> datetime:
        """Skip to a moment in the future."""
        return (await self._ask(ClockView, "POST", "/clock", ClockTurn(to=moment))).now

    async def is_healthy(self) -> bool:
        """Whether the sandbox answers."""
        try:
            await self._call("GET", "/health")
        except (httpx.HTTPError, SandboxRefused):
            return False
        return True

    async def reset(self) -> None:
        """Back to the first moment: real time, empty books, settings as at the start."""
        await self._call("POST", "/reset")
