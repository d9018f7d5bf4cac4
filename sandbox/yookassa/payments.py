"""A payment and the only ways it can go.

`pending` -> `succeeded` | `waiting_for_capture` | `canceled`; `waiting_for_capture` ->
`succeeded` | `canceled`; the last two are final. Source:
https://yookassa.ru/developers/payment-acceptance/getting-started/payment-process
"""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from pydantic import Field

from sandbox.yookassa.cards import Cancellation, Party
from sandbox.yookassa.methods import PaymentMethod, SavedMethod
from sandbox.yookassa.objects import Amount, ApiObject, Recipient, Timestamp
from sandbox.yookassa.receipts import ReceiptRegistration
from sandbox.yookassa.refusals import invalid_request

PAGE_LIFE = timedelta(hours=1)
"""How long a payer has, for cards."""

HOLD_LIFE = timedelta(days=7)
"""How long held card money waits for its capture."""

COMMISSION = Decimal("0.035")
"""What YooKassa keeps; invented, the real one depends on the contract."""

EXPIRED_ON_CONFIRMATION = Cancellation(party=Party.YOO_MONEY, reason="expired_on_confirmation")
EXPIRED_ON_CAPTURE = Cancellation(party=Party.YOO_MONEY, reason="expired_on_capture")
CANCELED_BY_MERCHANT = Cancellation(party=Party.MERCHANT, reason="canceled_by_merchant")


class PaymentStatus(StrEnum):
    """Where a payment is."""

    PENDING = "pending"
    WAITING_FOR_CAPTURE = "waiting_for_capture"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"


class Saving(StrEnum):
    """Whether the card that pays is saved for later charges."""

    NEVER = "never"
    OFFERED = "offered"
    """The page asks the payer."""
    ALWAYS = "always"
    """The shop asked for it; the page only says so."""


class Locale(StrEnum):
    """The languages of the payment page."""

    RUSSIAN = "ru_RU"
    ENGLISH = "en_US"


class Confirmation(ApiObject):
    """Where the payer confirms; shown while the payment is pending."""

    type: str = "redirect"
    confirmation_url: str
    return_url: str


class ThreeDSecure(ApiObject):
    """Whether the payer was sent through 3-D Secure."""

    applied: bool


class AuthorizationDetails(ApiObject):
    """How a card payment was authorised."""

    rrn: str
    auth_code: str
    three_d_secure: ThreeDSecure


class Terms(ApiObject):
    """What the shop asked for and the API does not show."""

    capture: bool
    saving: Saving
    locale: Locale
    return_url: str | None

    def saves(self, *, agreed: bool) -> bool:
        """Whether the card is to be saved, if it pays."""
        return self.saving is Saving.ALWAYS or (self.saving is Saving.OFFERED and agreed)


class Payment(ApiObject):
    """The API's Payment object; `terms` stay inside."""

    id: str
    status: PaymentStatus = PaymentStatus.PENDING
    amount: Amount
    income_amount: Amount | None = None
    description: str | None = None
    recipient: Recipient
    payment_method: PaymentMethod | None = None
    created_at: Timestamp
    captured_at: Timestamp | None = None
    expires_at: Timestamp | None = None
    confirmation: Confirmation | None = None
    test: bool = True
    paid: bool = False
    refundable: bool = False
    refunded_amount: Amount | None = None
    receipt_registration: ReceiptRegistration | None = None
    metadata: dict[str, str] | None = None
    cancellation_details: Cancellation | None = None
    authorization_details: AuthorizationDetails | None = None
    merchant_customer_id: str | None = None
    terms: Terms = Field(exclude=True)
    to_save: SavedMethod | None = Field(default=None, exclude=True)
    """The card as it is saved once the payment has succeeded."""

    @property
    def is_final(self) -> bool:
        """Whether nothing can change the status any more."""
        return self.status in (PaymentStatus.SUCCEEDED, PaymentStatus.CANCELED)

    def authorised(
        self, method: PaymentMethod, details: AuthorizationDetails, now: datetime
    ) -> "Payment":
        """The payer's bank said yes: captured at once, or held, as the shop asked."""
        self._require(PaymentStatus.PENDING, "confirmed")
        held = self.but(
            status=PaymentStatus.WAITING_FOR_CAPTURE,
            paid=True,
            payment_method=method,
            authorization_details=details,
            confirmation=None,
            expires_at=now + HOLD_LIFE,
        )
        return held.captured(self.amount, now) if self.terms.capture else held

    def captured(self, amount: Amount, now: datetime) -> "Payment":
        """The money is taken; what is not captured goes back to the payer."""
        self._require(PaymentStatus.WAITING_FOR_CAPTURE, "captured")
        if amount.currency != self.amount.currency:
            raise invalid_request("Currency differs from the payment's.", "amount.currency")
        if amount.value > self.amount.value:
            raise invalid_request("Amount exceeds the payment's.", "amount.value")
        return self.but(
            status=PaymentStatus.SUCCEEDED,
            payment_method=self.to_save.method if self.to_save else self.payment_method,
            amount=amount,
            income_amount=_after_commission(amount),
            captured_at=now,
            expires_at=None,
            refundable=True,
        )

    def canceled(self, why: Cancellation) -> "Payment":
        """The payment does not happen; held money goes back to the payer."""
        if self.is_final:
            raise _wrong_status(self, "canceled")
        return self.but(
            status=PaymentStatus.CANCELED,
            paid=False,
            confirmation=None,
            expires_at=None,
            cancellation_details=why,
            receipt_registration=self.receipt_registration and ReceiptRegistration.CANCELED,
        )

    def canceled_by_shop(self) -> "Payment":
        """The shop lets held money go; a pending payment cannot be cancelled through the API."""
        self._require(PaymentStatus.WAITING_FOR_CAPTURE, "canceled")
        return self.canceled(CANCELED_BY_MERCHANT)

    def refunded(self, amount: Amount) -> "Payment":
        """Money went back after the capture."""
        self._require(PaymentStatus.SUCCEEDED, "refunded")
        total = self.refunded_amount.plus(amount) if self.refunded_amount else amount
        return self.but(refunded_amount=total, refundable=total.value < self.amount.value)

    def _require(self, status: PaymentStatus, action: str) -> None:
        if self.status is not status:
            raise _wrong_status(self, action)


def _wrong_status(payment: Payment, action: str) -> Exception:
    return invalid_request(f"Payment in status {payment.status} can't be {action}.", "payment_id")


def _after_commission(amount: Amount) -> Amount:
    income = amount.value * (1 - COMMISSION)
    return amount.but(value=income.quantize(Decimal("0.01"), ROUND_HALF_UP))
