"""The cash desk: opening payments, charging cards, capturing, and letting them expire."""

import secrets
from collections.abc import Callable, Iterable

from sandbox.yookassa.books import Books
from sandbox.yookassa.cards import Cancellation, TestCard
from sandbox.yookassa.clock import Agenda, Clock
from sandbox.yookassa.methods import PaymentMethod, SavedMethod, saved_method_of
from sandbox.yookassa.objects import Amount, Recipient, new_id
from sandbox.yookassa.payments import (
    EXPIRED_ON_CAPTURE,
    EXPIRED_ON_CONFIRMATION,
    PAGE_LIFE,
    AuthorizationDetails,
    Confirmation,
    Locale,
    Payment,
    PaymentStatus,
    Saving,
    Terms,
    ThreeDSecure,
)
from sandbox.yookassa.receipts import RECEIPT_TIME, Receipt, ReceiptRegistration
from sandbox.yookassa.refusals import forbidden, invalid_request
from sandbox.yookassa.requests import CaptureRequest, PaymentRequest

_NO_AUTOPAYMENTS = (
    "This store can't make recurring payments. Contact the YooMoney manager to learn more"
)


class Kassa:
    """The payments of one shop.

    Every method that changes something is synchronous: on one event loop that makes it atomic.
    """

    def __init__(
        self,
        shop_id: str,
        books: Books,
        clock: Clock,
        agenda: Agenda,
        page_url: Callable[[str], str],
    ) -> None:
        """Open the desk.

        Args:
            shop_id: The shop's account id.
            books: Where everything is written down.
            clock: The sandbox's time.
            agenda: Where expiries are written down.
            page_url: The address of a payment's page, by payment id.
        """
        self.receipts = ReceiptRegistration.SUCCEEDED
        """What becomes of receipts after their payment."""
        self.autopayments = True
        """Whether the shop may save cards and charge them, as every test shop may."""
        self._recipient = Recipient(account_id=shop_id, gateway_id=f"{shop_id}0")
        self._books = books
        self._clock = clock
        self._agenda = agenda
        self._page_url = page_url

    def payment(self, payment_id: str) -> Payment:
        """A payment as it is now; raises Refusal (404) if there is none."""
        self._agenda.run_due()
        return self._books.payment(payment_id)

    def payments(self) -> Iterable[Payment]:
        """Every payment as it is now, newest first."""
        self._agenda.run_due()
        return self._books.payments()

    # What the shop asks for

    def create(self, request: PaymentRequest) -> Payment:
        """Open a payment: with a page for the payer, or charging a saved card at once."""
        amount = request.amount.to_amount()
        _require_total(request.receipt, amount)
        if not self.autopayments and (request.save_payment_method or request.payment_method_id):
            raise forbidden(_NO_AUTOPAYMENTS)
        if request.payment_method_id is None:
            return self._open(request, amount, page=True)
        saved = self._books.chargeable(request.payment_method_id)
        if saved is None:
            raise invalid_request("Payment method is not saved or is revoked.", "payment_method_id")
        return self._charge(self._open(request, amount, page=False), saved)

    def capture(self, payment_id: str, request: CaptureRequest) -> Payment:
        """Take held money, all of it or a part."""
        payment = self.payment(payment_id)
        amount = request.amount.to_amount() if request.amount else payment.amount
        _require_total(request.receipt, amount)
        return self._save_taken(payment.captured(amount, self._clock.now()))

    def cancel(self, payment_id: str) -> Payment:
        """Let held money go."""
        return self._save(self.payment(payment_id).canceled_by_shop())

    # What the payer and the bank do

    def authorise(
        self,
        payment_id: str,
        card: TestCard,
        method: PaymentMethod,
        *,
        agreed_to_save: bool,
        three_d_secure: bool,
    ) -> Payment:
        """The payer's card is good: the payment is captured or held."""
        payment = self.payment(payment_id)
        if payment.terms.saves(agreed=agreed_to_save):
            payment = payment.but(to_save=saved_method_of(method, card))
        return self._take(payment, method, three_d_secure=three_d_secure)

    def decline(
        self, payment_id: str, why: Cancellation, method: PaymentMethod | None = None
    ) -> Payment:
        """The payment fails for good."""
        payment = self.payment(payment_id)
        if method is not None:
            payment = payment.but(payment_method=method)
        return self._save(payment.canceled(why))

    def approve(self, payment_id: str) -> Payment:
        """A charge of a saved card that stayed pending comes through."""
        payment = self.payment(payment_id)
        if payment.payment_method is None:
            raise invalid_request("Nobody has chosen a card for this payment.", "payment_id")
        return self._take(payment, payment.payment_method, three_d_secure=False)

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
            terms=self._terms(request),
        )
        self._agenda.at(now + PAGE_LIFE, lambda: self._expire_page(payment_id))
        return self._save(payment)

    def _confirmation(self, payment_id: str, request: PaymentRequest) -> Confirmation | None:
        if request.confirmation is None:
            return None
        return Confirmation(
            confirmation_url=self._page_url(payment_id),
            return_url=request.confirmation.return_url,
        )

    def _charge(self, payment: Payment, saved: SavedMethod) -> Payment:
        payment = self._save(payment.but(payment_method=saved.method))
        if saved.stays_pending:
            return payment
        refusal = saved.refusal(self._clock.now())
        if refusal is not None:
            return self._save(payment.canceled(refusal))
        return self._take(payment, saved.method, three_d_secure=False)

    def _take(self, payment: Payment, method: PaymentMethod, *, three_d_secure: bool) -> Payment:
        details = _authorization(three_d_secure=three_d_secure)
        return self._save_taken(payment.authorised(method, details, self._clock.now()))

    def _terms(self, request: PaymentRequest) -> Terms:
        page = request.confirmation
        return Terms(
            capture=request.capture,
            saving=_saving(request) if self.autopayments else Saving.NEVER,
            locale=page.locale if page else Locale.RUSSIAN,
            return_url=page.return_url if page else None,
        )

    # What time does

    def _save_taken(self, payment: Payment) -> Payment:
        # Only money that was really taken saves a card: a hold can still be let go.
        if payment.status is PaymentStatus.SUCCEEDED and payment.to_save is not None:
            self._books.save_method(payment.to_save)
        return self._save(payment)

    def _save(self, payment: Payment) -> Payment:
        if payment.expires_at is not None:
            self._agenda.at(payment.expires_at, lambda: self._expire_hold(payment.id))
        if payment.status is PaymentStatus.SUCCEEDED and payment.receipt_registration:
            due = self._clock.now() + RECEIPT_TIME
            self._agenda.at(due, lambda: self._register_receipt(payment.id))
        return self._books.save_payment(payment)

    def _expire_page(self, payment_id: str) -> None:
        payment = self._books.payment(payment_id)
        if payment.status is PaymentStatus.PENDING:
            self._save(payment.canceled(EXPIRED_ON_CONFIRMATION))

    def _expire_hold(self, payment_id: str) -> None:
        payment = self._books.payment(payment_id)
        if payment.status is PaymentStatus.WAITING_FOR_CAPTURE:
            self._save(payment.canceled(EXPIRED_ON_CAPTURE))

    def _register_receipt(self, payment_id: str) -> None:
        payment = self._books.payment(payment_id)
        self._books.save_payment(payment.but(receipt_registration=self.receipts))


def _saving(request: PaymentRequest) -> Saving:
    if request.save_payment_method is None:
        return Saving.OFFERED
    return Saving.ALWAYS if request.save_payment_method else Saving.NEVER


def _authorization(*, three_d_secure: bool) -> AuthorizationDetails:
    return AuthorizationDetails(
        rrn=f"{secrets.randbelow(10**12):012}",
        auth_code=f"{secrets.randbelow(10**6):06}",
        three_d_secure=ThreeDSecure(applied=three_d_secure),
    )


def _require_total(receipt: Receipt | None, amount: Amount) -> None:
    if receipt is not None:
        receipt.require_total(amount)
