"""The cash desk: every payment, refund and saved card, and what can be done with them."""

import secrets
from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from sandbox.yookassa.bell import Bell
from sandbox.yookassa.cards import Cancellation, Party, TestCard
from sandbox.yookassa.clock import Agenda, Clock
from sandbox.yookassa.methods import MethodStatus, PaymentMethod, SavedMethod
from sandbox.yookassa.objects import Amount, ApiObject, Recipient, new_id
from sandbox.yookassa.payments import (
    EXPIRED_ON_CAPTURE,
    EXPIRED_ON_CONFIRMATION,
    PAGE_LIFE,
    AuthorizationDetails,
    Confirmation,
    Locale,
    Payment,
    PaymentStatus,
    ReceiptRegistration,
    Terms,
    ThreeDSecure,
)
from sandbox.yookassa.refunds import Refund, RefundStatus
from sandbox.yookassa.refusals import invalid_request, not_found
from sandbox.yookassa.requests import CaptureRequest, PaymentRequest, Receipt, RefundRequest

RECEIPT_TIME = timedelta(seconds=5)
"""How long a receipt takes to register; invented."""

REFUND_LIFE = timedelta(days=3 * 365)
"""How old a payment may be to be refunded."""


class Event(StrEnum):
    """What the shop is notified of. There is no `refund.canceled`."""

    WAITING_FOR_CAPTURE = "payment.waiting_for_capture"
    SUCCEEDED = "payment.succeeded"
    CANCELED = "payment.canceled"
    REFUND_SUCCEEDED = "refund.succeeded"


class RefundFate(StrEnum):
    """What becomes of new refunds."""

    SUCCEEDS = "succeeds"
    STAYS_PENDING = "stays_pending"
    CANCELED = "canceled"


class Conduct(ApiObject):
    """How the desk behaves where the real one depends on banks and registers."""

    refunds: RefundFate = RefundFate.SUCCEEDS
    receipts: ReceiptRegistration = ReceiptRegistration.SUCCEEDED


Publish = Callable[[Event, ApiObject], None]

_EVENT_OF = {
    PaymentStatus.WAITING_FOR_CAPTURE: Event.WAITING_FOR_CAPTURE,
    PaymentStatus.SUCCEEDED: Event.SUCCEEDED,
    PaymentStatus.CANCELED: Event.CANCELED,
}


class Kassa:
    """The books of one shop.

    Every method that changes something is synchronous: on one event loop that makes it atomic.
    """

    def __init__(
        self,
        shop_id: str,
        clock: Clock,
        agenda: Agenda,
        publish: Publish,
        page_url: Callable[[str], str],
    ) -> None:
        """Open empty books.

        Args:
            shop_id: The shop's account id.
            clock: The sandbox's time.
            agenda: Where expiries are written down.
            publish: Told of every event, with a snapshot of the object.
            page_url: The address of a payment's page, by payment id.
        """
        self.conduct = Conduct()
        self._recipient = Recipient(account_id=shop_id, gateway_id=f"{shop_id}0")
        self._clock = clock
        self._agenda = agenda
        self._publish = publish
        self._page_url = page_url
        self._payments: dict[str, Payment] = {}
        self._refunds: dict[str, Refund] = {}
        self._methods: dict[str, SavedMethod] = {}
        self.changes = Bell()

    # Reading

    def payment(self, payment_id: str) -> Payment:
        """A payment; raises Refusal (404) if there is none."""
        self._agenda.run_due()
        if payment_id not in self._payments:
            raise not_found("Payment", "payment_id")
        return self._payments[payment_id]

    def refund(self, refund_id: str) -> Refund:
        """A refund; raises Refusal (404) if there is none."""
        if refund_id not in self._refunds:
            raise not_found("Refund", "refund_id")
        return self._refunds[refund_id]

    def saved_method(self, method_id: str) -> SavedMethod:
        """A saved card; raises Refusal (404) if there is none."""
        if method_id not in self._methods:
            raise not_found("Payment method", "payment_method_id")
        return self._methods[method_id]

    def payments(self) -> Iterable[Payment]:
        """Every payment, newest first."""
        self._agenda.run_due()
        return reversed(self._payments.values())

    def refunds(self) -> Iterable[Refund]:
        """Every refund, newest first."""
        return reversed(self._refunds.values())

    def saved_methods(self) -> Iterable[SavedMethod]:
        """Every saved card."""
        return self._methods.values()

    # The shop's operations

    def create_payment(self, request: PaymentRequest) -> Payment:
        """Open a payment: with a page for the payer, or charging a saved card at once."""
        amount = request.amount.to_amount()
        _require_total(request.receipt, amount)
        if request.payment_method_id is not None:
            saved = self._chargeable(request.payment_method_id)
            return self._charge(self._open(request, amount, page=False), saved)
        return self._open(request, amount, page=True)

    def capture(self, payment_id: str, request: CaptureRequest) -> Payment:
        """Take held money, all of it or a part."""
        payment = self.payment(payment_id)
        amount = request.amount.to_amount() if request.amount else payment.amount
        _require_total(request.receipt, amount)
        return self._record(payment.captured(amount, self._clock.now()))

    def cancel(self, payment_id: str) -> Payment:
        """Let held money go."""
        return self._record(self.payment(payment_id).canceled_by_shop())

    def create_refund(self, request: RefundRequest) -> Refund:
        """Give money back, up to what was captured and not yet given back."""
        payment = self.payment(request.payment_id)
        amount = request.amount.to_amount()
        _require_total(request.receipt, amount)
        self._require_refundable(payment, amount)
        now = self._clock.now()
        refund = Refund(
            id=new_id(now, "0015"),
            payment_id=payment.id,
            created_at=now,
            amount=amount,
            description=request.description,
            metadata=request.metadata,
        )
        return self._decide(self._record_refund(refund))

    # What happens elsewhere: the payer, the bank, the clock

    def authorise(
        self, payment_id: str, card: TestCard, method: PaymentMethod, *, three_d_secure: bool
    ) -> Payment:
        """The payer's card is good: the payment is captured or held, the card saved if asked."""
        payment = self.payment(payment_id)
        if payment.terms.save_method:
            method = method.but(saved=True, status=MethodStatus.ACTIVE)
        details = _authorization(three_d_secure=three_d_secure)
        paid = payment.authorised(method, details, self._clock.now())
        if method.saved and method.id not in self._methods:
            self._methods[method.id] = SavedMethod(method=method, decline=card.autopay_decline)
        return self._record(paid)

    def decline(
        self, payment_id: str, why: Cancellation, method: PaymentMethod | None = None
    ) -> Payment:
        """The payment fails for good."""
        payment = self.payment(payment_id)
        if method is not None:
            payment = payment.but(payment_method=method)
        return self._record(payment.canceled(why))

    def approve(self, payment_id: str) -> Payment:
        """A charge of a saved card that stayed pending comes through."""
        payment = self.payment(payment_id)
        if payment.payment_method is None:
            raise invalid_request("Nobody has chosen a card for this payment.", "payment_id")
        return self._settle_charge(payment, payment.payment_method)

    def settle_refund(self, refund_id: str, why_not: Cancellation | None = None) -> Refund:
        """A pending refund comes through, or is cancelled for a reason."""
        refund = self.refund(refund_id)
        if why_not is not None:
            return self._record_refund(refund.canceled(why_not))
        settled = self._record_refund(refund.succeeded())
        self._record_quietly(self._payments[refund.payment_id].refunded(refund.amount))
        self._publish(Event.REFUND_SUCCEEDED, settled)
        return settled

    def treat_method(self, saved: SavedMethod) -> SavedMethod:
        """Change what becomes of a saved card's later charges."""
        self._methods[self.saved_method(saved.method.id).method.id] = saved
        return saved

    def clear(self) -> None:
        """Forget everything."""
        self.conduct = Conduct()
        for book in (self._payments, self._refunds, self._methods):
            book.clear()

    # Opening and charging

    def _open(self, request: PaymentRequest, amount: Amount, *, page: bool) -> Payment:
        now = self._clock.now()
        payment_id = new_id(now, "000f")
        payment = Payment(
            id=payment_id,
            amount=amount,
            description=request.description,
            recipient=self._recipient,
            created_at=now,
            confirmation=self._confirmation(payment_id, request) if page else None,
            metadata=request.metadata,
            merchant_customer_id=request.merchant_customer_id,
            receipt_registration=ReceiptRegistration.PENDING if request.receipt else None,
            terms=_terms(request),
        )
        self._agenda.at(now + PAGE_LIFE, lambda: self._expire_page(payment_id))
        return self._record(payment)

    def _confirmation(self, payment_id: str, request: PaymentRequest) -> Confirmation | None:
        if request.confirmation is None:
            return None
        return Confirmation(
            confirmation_url=self._page_url(payment_id),
            return_url=request.confirmation.return_url,
        )

    def _chargeable(self, method_id: str) -> SavedMethod:
        saved = self._methods.get(method_id)
        if saved is None or saved.revoked:
            raise invalid_request("Payment method is not saved or is revoked.", "payment_method_id")
        return saved

    def _charge(self, payment: Payment, saved: SavedMethod) -> Payment:
        payment = self._record(payment.but(payment_method=saved.method))
        if saved.stays_pending:
            return payment
        if saved.decline is not None:
            return self._record(payment.canceled(saved.decline))
        return self._settle_charge(payment, saved.method)

    def _settle_charge(self, payment: Payment, method: PaymentMethod) -> Payment:
        details = _authorization(three_d_secure=False)
        return self._record(payment.authorised(method, details, self._clock.now()))

    # Expiry and receipts

    def _expire_page(self, payment_id: str) -> None:
        payment = self._payments.get(payment_id)
        if payment is not None and payment.status is PaymentStatus.PENDING:
            self._record(payment.canceled(EXPIRED_ON_CONFIRMATION))

    def _expire_hold(self, payment_id: str) -> None:
        payment = self._payments.get(payment_id)
        if payment is not None and payment.status is PaymentStatus.WAITING_FOR_CAPTURE:
            self._record(payment.canceled(EXPIRED_ON_CAPTURE))

    def _register_receipt(self, payment_id: str) -> None:
        payment = self._payments.get(payment_id)
        if payment is not None:
            self._record_quietly(payment.but(receipt_registration=self.conduct.receipts))

    # Refunds

    def _require_refundable(self, payment: Payment, amount: Amount) -> None:
        if payment.status is not PaymentStatus.SUCCEEDED:
            raise invalid_request("Only a succeeded payment can be refunded.", "payment_id")
        if self._clock.now() - payment.created_at > REFUND_LIFE:
            raise invalid_request("Payment is too old to be refunded.", "payment_id")
        if amount.value > payment.amount.value - self._given_back(payment):
            raise invalid_request("Amount exceeds what is left to refund.", "amount.value")

    def _given_back(self, payment: Payment) -> Decimal:
        alive = (
            refund.amount.value
            for refund in self._refunds.values()
            if refund.payment_id == payment.id and refund.status is not RefundStatus.CANCELED
        )
        return sum(alive, Decimal(0))

    def _decide(self, refund: Refund) -> Refund:
        if self.conduct.refunds is RefundFate.STAYS_PENDING:
            return refund
        if self.conduct.refunds is RefundFate.CANCELED:
            return self.settle_refund(refund.id, INSUFFICIENT_FUNDS)
        return self.settle_refund(refund.id)

    # Books

    def _record(self, payment: Payment) -> Payment:
        before = self._payments.get(payment.id)
        self._record_quietly(payment)
        if before is not None and before.status is not payment.status:
            self._follow_up(payment)
            self._publish(_EVENT_OF[payment.status], payment)
        return payment

    def _follow_up(self, payment: Payment) -> None:
        if payment.expires_at is not None:
            self._agenda.at(payment.expires_at, lambda: self._expire_hold(payment.id))
        if payment.status is PaymentStatus.SUCCEEDED and payment.receipt_registration:
            due = self._clock.now() + RECEIPT_TIME
            self._agenda.at(due, lambda: self._register_receipt(payment.id))

    def _record_quietly(self, payment: Payment) -> None:
        self._payments[payment.id] = payment
        self.changes.ring()

    def _record_refund(self, refund: Refund) -> Refund:
        self._refunds[refund.id] = refund
        self.changes.ring()
        return refund


INSUFFICIENT_FUNDS = Cancellation(party=Party.YOO_MONEY, reason="insufficient_funds")
"""Why a refund is cancelled when the shop's balance does not cover it."""


def _terms(request: PaymentRequest) -> Terms:
    page = request.confirmation
    return Terms(
        capture=request.capture,
        save_method=request.save_payment_method,
        locale=page.locale if page else Locale.RUSSIAN,
        return_url=page.return_url if page else None,
    )


def _authorization(*, three_d_secure: bool) -> AuthorizationDetails:
    return AuthorizationDetails(
        rrn=f"{secrets.randbelow(10**12):012}",
        auth_code=f"{secrets.randbelow(10**6):06}",
        three_d_secure=ThreeDSecure(applied=three_d_secure),
    )


def _require_total(receipt: Receipt | None, amount: Amount) -> None:
    if receipt is not None:
        receipt.require_total(amount)
