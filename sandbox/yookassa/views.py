"""Payments, refunds and saved cards as the control API shows them."""

from sandbox.yookassa.controls import MethodView, PaymentView, RefundView
from sandbox.yookassa.methods import SavedMethod
from sandbox.yookassa.payments import Payment
from sandbox.yookassa.refunds import Refund


def payment_view(payment: Payment) -> PaymentView:
    """A payment as it is, whatever the shop is shown."""
    refunded = payment.refunded_amount
    return PaymentView(
        id=payment.id,
        status=payment.status,
        value=f"{payment.amount.value:.2f}",
        currency=payment.amount.currency,
        description=payment.description,
        metadata=payment.metadata,
        cancellation=payment.cancellation_details,
        refunded_value=f"{refunded.value:.2f}" if refunded else "0.00",
        created_at=payment.created_at,
        page_url=payment.confirmation.confirmation_url if payment.confirmation else None,
    )


def refund_view(refund: Refund) -> RefundView:
    """A refund."""
    return RefundView(
        id=refund.id,
        payment_id=refund.payment_id,
        status=refund.status,
        value=f"{refund.amount.value:.2f}",
        cancellation=refund.cancellation_details,
    )


def method_view(saved: SavedMethod) -> MethodView:
    """A saved card."""
    card = saved.method.card
    return MethodView(
        id=saved.method.id,
        title=saved.method.title,
        expires=f"{card.expiry_month}/{card.expiry_year}",
        decline=saved.decline,
        stays_pending=saved.stays_pending,
        revoked=saved.revoked,
    )
