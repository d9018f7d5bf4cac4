"""Why a payment was declined, in words, with what to do about it.

The reasons are YooKassa's (https://yookassa.ru/developers/payment-acceptance/after-the-payment/
declined-payments) and our own `INVOICE_FAILED`; the set is open, and one that we do not know is
explained in general.
"""

from bot.phrasebook import N_, Phrasebook
from domain.payments import Cancellation

REASONS = {
    "3d_secure_failed": N_("decline.3d_secure_failed"),
    "call_issuer": N_("decline.call_issuer"),
    "canceled_by_merchant": N_("decline.canceled_by_merchant"),
    "card_expired": N_("decline.card_expired"),
    "country_forbidden": N_("decline.country_forbidden"),
    "deal_expired": N_("decline.deal_expired"),
    "expired_on_capture": N_("decline.expired_on_capture"),
    "expired_on_confirmation": N_("decline.expired_on_confirmation"),
    "fraud_suspected": N_("decline.fraud_suspected"),
    "general_decline": N_("decline.general_decline"),
    "identification_required": N_("decline.identification_required"),
    "insufficient_funds": N_("decline.insufficient_funds"),
    "internal_timeout": N_("decline.internal_timeout"),
    "invalid_card_number": N_("decline.invalid_card_number"),
    "invalid_csc": N_("decline.invalid_csc"),
    "invoice_failed": N_("decline.invoice_failed"),
    "issuer_unavailable": N_("decline.issuer_unavailable"),
    "loan_declined": N_("decline.loan_declined"),
    "payment_method_limit_exceeded": N_("decline.payment_method_limit_exceeded"),
    "payment_method_restricted": N_("decline.payment_method_restricted"),
    "permission_revoked": N_("decline.permission_revoked"),
    "unsupported_mobile_operator": N_("decline.unsupported_mobile_operator"),
}

_OTHER = N_("decline.other")


def decline_reason(phrases: Phrasebook, cancellation: Cancellation | None) -> str:
    """The reason as a customer understands it."""
    reason = "" if cancellation is None else cancellation.reason
    return phrases.label(REASONS.get(reason, _OTHER))
