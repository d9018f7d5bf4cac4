"""Giving money back, up to what was captured and not given back yet."""

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from sandbox.yookassa.books import Books
from sandbox.yookassa.cards import Cancellation, Party
from sandbox.yookassa.clock import Agenda, Clock
from sandbox.yookassa.objects import Amount, new_id
from sandbox.yookassa.payments import Payment, PaymentStatus
from sandbox.yookassa.receipts import RECEIPT_TIME, ReceiptRegistration
from sandbox.yookassa.refunds import REFUNDABLE_FOR, Refund, RefundStatus
from sandbox.yookassa.refusals import invalid_request
from sandbox.yookassa.requests import RefundRequest

EMPTY_BALANCE = Cancellation(party=Party.YOO_MONEY, reason="insufficient_funds")
"""Why a refund is cancelled when the shop's balance does not cover it."""


class RefundFate(StrEnum):
    """What becomes of new refunds."""

    SUCCEEDS = "succeeds"
    STAYS_PENDING = "stays_pending"
    CANCELED = "canceled"


class RefundDesk:
    """Makes refunds and settles them."""

    def __init__(self, books: Books, clock: Clock, agenda: Agenda) -> None:
        self.fate = RefundFate.SUCCEEDS
        self.receipts = ReceiptRegistration.SUCCEEDED
        """What becomes of receipts after their refund."""
        self._books = books
        self._clock = clock
        self._agenda = agenda

    def refund(self, refund_id: str) -> Refund:
        """A refund as it is now; raises Refusal (404) if there is none."""
        self._agenda.run_due()
        return self._books.refund(refund_id)

    def refunds(self) -> Iterable[Refund]:
        """Every refund as it is now, newest first."""
        self._agenda.run_due()
        return self._books.refunds()

    def create(self, request: RefundRequest) -> Refund:
        """Begin a refund; it is settled at once unless `fate` says otherwise."""
        self._agenda.run_due()
        payment = self._books.payment(request.payment_id)
        amount = request.amount.to_amount()
        if request.receipt is not None:
            request.receipt.require_total(amount)
        self._require_refundable(payment, amount)
        return self._decide(self._books.save_refund(self._begin(request, amount)))

    def settle(self, refund_id: str, why_not: Cancellation | None = None) -> Refund:
        """A pending refund comes through, or is cancelled for a reason."""
        refund = self._books.refund(refund_id)
        if why_not is not None:
            return self._books.save_refund(refund.canceled(why_not))
        done = refund.succeeded()
        payment = self._books.payment(refund.payment_id)
        self._books.save_payment(payment.refunded(refund.amount))
        if done.receipt_registration is not None:
            due = self._clock.now() + RECEIPT_TIME
            self._agenda.at(due, lambda: self._register_receipt(refund_id))
        return self._books.save_refund(done)

    def _register_receipt(self, refund_id: str) -> None:
        refund = self._books.refund(refund_id)
        self._books.save_refund(refund.but(receipt_registration=self.receipts))

    def _begin(self, request: RefundRequest, amount: Amount) -> Refund:
        now = self._clock.now()
        return Refund(
            id=new_id(now, "0015"),
            payment_id=request.payment_id,
            created_at=now,
            amount=amount,
            description=request.description,
            metadata=request.metadata,
            receipt_registration=ReceiptRegistration.PENDING if request.receipt else None,
        )

    def _decide(self, refund: Refund) -> Refund:
        if self.fate is RefundFate.STAYS_PENDING:
            return refund
        return self.settle(refund.id, EMPTY_BALANCE if self.fate is RefundFate.CANCELED else None)

    def _require_refundable(self, payment: Payment, amount: Amount) -> None:
        if payment.status is not PaymentStatus.SUCCEEDED:
            raise invalid_request("Only a succeeded payment can be refunded.", "payment_id")
        if self._clock.now() - payment.created_at > REFUNDABLE_FOR:
            raise invalid_request("Payment is too old to be refunded.", "payment_id")
        if amount.value > payment.amount.value - self._given_back(payment):
            raise invalid_request("Amount exceeds what is left to refund.", "amount.value")

    def _given_back(self, payment: Payment) -> Decimal:
        alive = (
            refund.amount.value
            for refund in self._books.refunds()
            if refund.payment_id == payment.id and refund.status is not RefundStatus.CANCELED
        )
        return sum(alive, Decimal(0))
