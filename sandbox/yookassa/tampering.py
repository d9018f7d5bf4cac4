"""Showing a payment other than it is, to see whether the shop compares it with its order."""

from decimal import Decimal
from typing import Any

from sandbox.yookassa.objects import ApiObject
from sandbox.yookassa.payments import Payment


class Tampering(ApiObject):
    """What to show in place of the truth; None leaves a field as it is."""

    value: Decimal | None = None
    currency: str | None = None
    account_id: str | None = None
    metadata: dict[str, str] | None = None
    test: bool | None = None


class Mirror:
    """How payments look from outside: in answers, lists and notifications alike."""

    def __init__(self) -> None:
        self._tampered: dict[str, Tampering] = {}

    def distort(self, payment_id: str, tampering: Tampering) -> None:
        """Show this payment differently from now on."""
        self._tampered[payment_id] = tampering

    def show(self, payment: Payment) -> dict[str, Any]:
        """The payment as JSON types, distorted if somebody asked for it."""
        tampering = self._tampered.get(payment.id)
        return (payment if tampering is None else _distorted(payment, tampering)).to_api()

    def clear(self) -> None:
        """Show everything as it is."""
        self._tampered.clear()


def _distorted(payment: Payment, tampering: Tampering) -> Payment:
    amount = payment.amount
    return payment.but(
        amount=amount.but(
            value=amount.value if tampering.value is None else tampering.value,
            currency=tampering.currency or amount.currency,
        ),
        recipient=payment.recipient.but(
            account_id=tampering.account_id or payment.recipient.account_id
        ),
        metadata=payment.metadata if tampering.metadata is None else tampering.metadata,
        test=payment.test if tampering.test is None else tampering.test,
    )
