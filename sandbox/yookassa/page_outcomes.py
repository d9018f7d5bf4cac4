"""How a payment's page looks once there is nothing to pay any more."""

from dataclasses import dataclass

from sandbox.yookassa.page_texts import TEXTS, reason_in_words
from sandbox.yookassa.payments import (
    CANCELED_BY_MERCHANT,
    EXPIRED_ON_CAPTURE,
    EXPIRED_ON_CONFIRMATION,
    Locale,
    Payment,
    PaymentStatus,
)

_TICK = "m20 33 9 9 16-19"
_CROSS = "m23 23 18 18m0-18-18 18"
_CLOCK = "M32 19v14l9 6"


@dataclass(frozen=True)
class Outcome:
    """A page's look and the keys of its texts."""

    tone: str
    sign: str
    """The path of the drawing in its circle."""
    head: str
    body: str
    back: str = "back"
    reason: str | None = None

    def text(self, locale: Locale) -> str:
        """What is said below the heading."""
        words = reason_in_words(locale, self.reason) if self.reason else ""
        return TEXTS[locale][self.body].format(reason=words)


_PAID = Outcome("good", _TICK, "paid_title", "paid_text")
_PAID_BEFORE = Outcome("good", _TICK, "paid_before_title", "paid_before_text")
_REFUNDED = Outcome("wait", _TICK, "refunded_title", "refunded_text")
_HELD = Outcome("good", _TICK, "held_title", "held_text")
_PROCESSED = Outcome("wait", _CLOCK, "pending_title", "pending_text")
_EXPIRED = Outcome("wait", _CLOCK, "expired_title", "expired_text")
_LET_GO = Outcome("wait", _CROSS, "let_go_title", "let_go_text")

_CANCELED = {
    EXPIRED_ON_CONFIRMATION: _EXPIRED,
    EXPIRED_ON_CAPTURE: _LET_GO,
    CANCELED_BY_MERCHANT: _LET_GO,
}


def outcome_of(payment: Payment, *, just_now: bool) -> Outcome:
    """The page of a payment that cannot be paid, or not any more."""
    if payment.status is PaymentStatus.SUCCEEDED:
        if payment.refunded_amount is not None and not payment.refundable:
            return _REFUNDED
        return _PAID if just_now else _PAID_BEFORE
    if payment.status is PaymentStatus.WAITING_FOR_CAPTURE:
        return _HELD
    why = payment.cancellation_details
    if payment.status is PaymentStatus.PENDING or why is None:
        return _PROCESSED
    declined = Outcome("bad", _CROSS, "canceled_title", "canceled_text", reason=why.reason)
    return _CANCELED.get(why, declined)
