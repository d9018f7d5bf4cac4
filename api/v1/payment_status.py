"""A purchase's stage in the words of the API's contract: the one place where they meet."""

from enum import StrEnum

from domain.payments import Cancellation
from domain.purchases import PurchaseRecord, PurchaseStage, StuckReason


class PaymentStatus(StrEnum):
    """What became of the money."""

    PENDING = "pending"
    CANCELED = "canceled"
    EXPIRED = "expired"
    SUCCEEDED = "succeeded"
    REFUNDING = "refunding"
    REFUNDED = "refunded"


_STATUS = {
    PurchaseStage.PREPARING: PaymentStatus.PENDING,
    PurchaseStage.AWAITING_PAYMENT: PaymentStatus.PENDING,
    PurchaseStage.DECLINED: PaymentStatus.CANCELED,
    PurchaseStage.EXPIRED: PaymentStatus.EXPIRED,
    PurchaseStage.PAID: PaymentStatus.SUCCEEDED,
    PurchaseStage.SETTING_UP: PaymentStatus.SUCCEEDED,
    PurchaseStage.DELAYED: PaymentStatus.SUCCEEDED,
    PurchaseStage.STUCK: PaymentStatus.SUCCEEDED,
    PurchaseStage.DONE: PaymentStatus.SUCCEEDED,
    PurchaseStage.REFUNDING: PaymentStatus.REFUNDING,
    PurchaseStage.REFUNDED: PaymentStatus.REFUNDED,
}

_REASONS = {
    "3d_secure_failed": "the bank's confirmation (3-D Secure) was not passed",
    "call_issuer": "the bank refused; the customer has to call it",
    "canceled_by_merchant": "the shop cancelled the payment",
    "card_expired": "the card has expired",
    "country_forbidden": "cards of this country are not accepted",
    "expired_on_confirmation": "nobody paid in time",
    "fraud_suspected": "the payment looked fraudulent",
    "general_decline": "the bank refused without a reason",
    "identification_required": "the wallet has to be identified first",
    "insufficient_funds": "there was not enough money",
    "internal_timeout": "the provider ran out of time",
    "invalid_card_number": "the card number is wrong",
    "invalid_csc": "the card's security code is wrong",
    "invoice_failed": "no payment page could be made; nothing was charged",
    "issuer_unavailable": "the bank does not answer",
    "payment_method_limit_exceeded": "the payment method's limit is used up",
    "payment_method_restricted": "this payment method may not be used for this",
    "permission_revoked": "the customer has withdrawn the permission to charge",
    "unsupported_mobile_operator": "this mobile operator cannot be paid with",
}
"""YooKassa's reasons (https://yookassa.ru/developers/using-api/webhooks, an open set) and ours."""


def payment_status(stage: PurchaseStage) -> PaymentStatus:
    """What became of the money at that stage."""
    return _STATUS[stage]


def failure_reason(record: PurchaseRecord) -> str | None:
    """Why the purchase did not lead to access, in words; None while it did or still may."""
    match record.stage:
        case PurchaseStage.DECLINED:
            return _in_words(record.cancellation)
        case PurchaseStage.EXPIRED:
            return _REASONS["expired_on_confirmation"]
        case PurchaseStage.REFUNDING | PurchaseStage.REFUNDED:
            return "the money is given back"
        case PurchaseStage.STUCK if record.stuck_reason is StuckReason.MISMATCH:
            return "the payment differs from the order; staff are looking into it"
        case _:
            return None


def _in_words(cancellation: Cancellation | None) -> str:
    if cancellation is None:
        return "the provider cancelled the payment"
    return _REASONS.get(cancellation.reason, cancellation.reason.replace("_", " "))
