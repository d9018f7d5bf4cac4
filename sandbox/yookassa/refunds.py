"""Money that goes back: `pending` -> `succeeded` | `canceled`, both final."""

from datetime import timedelta
from enum import StrEnum

from sandbox.yookassa.cards import Cancellation
from sandbox.yookassa.objects import Amount, ApiObject, Timestamp
from sandbox.yookassa.receipts import ReceiptRegistration
from sandbox.yookassa.refusals import invalid_request

REFUNDABLE_FOR = timedelta(days=3 * 365)
"""How old a payment may be to be refunded."""


class RefundStatus(StrEnum):
    """Where a refund is."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"


class Refund(ApiObject):
    """The API's Refund object."""

    id: str
    payment_id: str
    status: RefundStatus = RefundStatus.PENDING
    created_at: Timestamp
    amount: Amount
    description: str | None = None
    metadata: dict[str, str] | None = None
    receipt_registration: ReceiptRegistration | None = None
    cancellation_details: Cancellation | None = None

    def succeeded(self) -> "Refund":
        """The money is on its way to the payer."""
        self._require_pending()
        return self.but(status=RefundStatus.SUCCEEDED)

    def canceled(self, why: Cancellation) -> "Refund":
        """The refund does not happen. No notification exists for this: the shop must ask."""
        self._require_pending()
        return self.but(
            status=RefundStatus.CANCELED,
            cancellation_details=why,
            receipt_registration=self.receipt_registration and ReceiptRegistration.CANCELED,
        )

    def _require_pending(self) -> None:
        if self.status is not RefundStatus.PENDING:
            raise invalid_request(f"Refund is already {self.status}.", "refund_id")
