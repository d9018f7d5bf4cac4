"""What the sandbox remembers: payments, refunds and saved cards, and who is told of a change."""

from collections.abc import Callable, Iterable
from enum import StrEnum

from sandbox.yookassa.bell import Bell
from sandbox.yookassa.methods import SavedMethod
from sandbox.yookassa.objects import ApiObject
from sandbox.yookassa.payments import Payment, PaymentStatus
from sandbox.yookassa.refunds import Refund, RefundStatus
from sandbox.yookassa.refusals import not_found


class Event(StrEnum):
    """What the shop is notified of. There is no `refund.canceled`."""

    WAITING_FOR_CAPTURE = "payment.waiting_for_capture"
    SUCCEEDED = "payment.succeeded"
    CANCELED = "payment.canceled"
    REFUND_SUCCEEDED = "refund.succeeded"


Publish = Callable[[Event, ApiObject], None]
"""Told of every event, with the object as it is at that moment."""

_EVENT_OF = {
    PaymentStatus.WAITING_FOR_CAPTURE: Event.WAITING_FOR_CAPTURE,
    PaymentStatus.SUCCEEDED: Event.SUCCEEDED,
    PaymentStatus.CANCELED: Event.CANCELED,
}


class Books:
    """The books of one shop; a new status is an event."""

    def __init__(self, publish: Publish) -> None:
        self.changes = Bell()
        self._publish = publish
        self._payments: dict[str, Payment] = {}
        self._refunds: dict[str, Refund] = {}
        self._methods: dict[str, SavedMethod] = {}

    def payment(self, payment_id: str) -> Payment:
        """A payment; raises Refusal (404) if there is none."""
        if payment_id not in self._payments:
            raise not_found("Payment", "payment_id")
        return self._payments[payment_id]

    def payments(self) -> Iterable[Payment]:
        """Every payment, newest first."""
        return reversed(self._payments.values())

    def refund(self, refund_id: str) -> Refund:
        """A refund; raises Refusal (404) if there is none."""
        if refund_id not in self._refunds:
            raise not_found("Refund", "refund_id")
        return self._refunds[refund_id]

    def refunds(self) -> Iterable[Refund]:
        """Every refund, newest first."""
        return reversed(self._refunds.values())

    def saved_method(self, method_id: str) -> SavedMethod:
        """A saved card; raises Refusal (404) if there is none."""
        if method_id not in self._methods:
            raise not_found("Payment method", "payment_method_id")
        return self._methods[method_id]

    def saved_methods(self) -> Iterable[SavedMethod]:
        """Every saved card, newest first."""
        return reversed(self._methods.values())

    def chargeable(self, method_id: str) -> SavedMethod | None:
        """A saved card that may be charged, if it is one."""
        saved = self._methods.get(method_id)
        return None if saved is None or saved.revoked else saved

    def save_payment(self, payment: Payment) -> Payment:
        """Write a payment down, and publish its status if that is news."""
        known = self._payments.get(payment.id)
        self._payments[payment.id] = payment
        self.changes.ring()
        if known is not None and known.status is not payment.status:
            self._publish(_EVENT_OF[payment.status], payment)
        return payment

    def save_refund(self, refund: Refund) -> Refund:
        """Write a refund down, and publish it once it has succeeded."""
        known = self._refunds.get(refund.id)
        self._refunds[refund.id] = refund
        self.changes.ring()
        news = known is not None and known.status is not refund.status
        if news and refund.status is RefundStatus.SUCCEEDED:
            self._publish(Event.REFUND_SUCCEEDED, refund)
        return refund

    def save_method(self, saved: SavedMethod) -> None:
        """Write a saved card down."""
        self._methods[saved.method.id] = saved

    def clear(self) -> None:
        """Forget everything."""
        for book in (self._payments, self._refunds, self._methods):
            book.clear()
        self.changes.ring()
