"""Invoices, what a payment provider says of a payment, and when to believe it."""

from datetime import datetime
from enum import StrEnum

from domain.ids import ProviderPaymentId, ProviderRefundId, PurchaseId, SavedMethodId
from domain.languages import Language
from domain.model import Value
from domain.money import Money


class Provider(StrEnum):
    """Who collects the money."""

    YOOKASSA = "yookassa"
    """Cards and the like, in roubles."""
    STARS = "stars"
    """Telegram Stars, inside Telegram."""

    @property
    def refunds_in_part(self) -> bool:
        """Whether less than the whole payment can be given back."""
        return self is not Provider.STARS


class PaymentStatus(StrEnum):
    """YooKassa's payment statuses; the last two are final."""

    PENDING = "pending"
    WAITING_FOR_CAPTURE = "waiting_for_capture"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"


class RefundStatus(StrEnum):
    """YooKassa's refund statuses; the last two are final."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"


class InvoiceRequest(Value):
    """What we ask a provider to collect."""

    purchase_id: PurchaseId
    price: Money
    description: str
    """Shown to the payer; at most 128 characters."""
    language: Language
    attempt: int = 1
    """Which payment page of the purchase this is."""
    receipt_email: str | None = None
    """Where the 54-FZ receipt goes; needed when receipts are on."""
    saves_method: bool = False
    """Whether the card is to be kept for renewals; only with the customer's consent."""
    charged_method: SavedMethodId | None = None
    """The kept card to charge at once, without a page."""


class Invoice(Value):
    """A payment page that waits for the customer, or the charge of a kept card."""

    provider_payment_id: ProviderPaymentId
    confirmation_url: str
    """Where the page is; a charge has none, and this leads back to the shop."""
    created_at: datetime
    expires_at: datetime


class Cancellation(Value):
    """Why a payment or refund did not happen. Both fields are open sets at YooKassa."""

    party: str
    reason: str


class PaymentSnapshot(Value):
    """What the provider answered when asked about a payment: the only truth about money."""

    provider_payment_id: ProviderPaymentId
    status: PaymentStatus
    amount: Money
    purchase_id: str | None = None
    """Our purchase id as the provider returns it in the metadata; unverified."""
    shop_id: str | None = None
    cancellation: Cancellation | None = None
    created_at: datetime
    captured_at: datetime | None = None
    method_title: str | None = None
    """Such as `Bank card *4477`; personal, never logged."""
    is_test: bool = False
    confirmation_url: str | None = None
    """The payment page, while the payment is pending."""
    saved_method: SavedMethodId | None = None
    """The card, where the provider keeps it for us."""


class RefundRequest(Value):
    """Money to give back."""

    provider_payment_id: ProviderPaymentId
    amount: Money
    description: str
    is_partial: bool = False
    """Whether less than the payment goes back: then a receipt is ours to send (54-FZ)."""
    receipt_email: str | None = None


class RefundSnapshot(Value):
    """What the provider answered about a refund."""

    provider_refund_id: ProviderRefundId
    provider_payment_id: ProviderPaymentId
    status: RefundStatus
    amount: Money
    cancellation: Cancellation | None = None


class Mismatch(StrEnum):
    """How a succeeded payment can differ from what was agreed."""

    AMOUNT = "amount"
    CURRENCY = "currency"
    SHOP = "shop"
    PURCHASE = "purchase"
    CUSTOMER = "customer"
    """The customer has had their data erased since: there is nobody to give access to."""


def mismatches(
    payment: PaymentSnapshot, *, purchase_id: PurchaseId, price: Money, shop_id: str
) -> tuple[Mismatch, ...]:
    """Every way in which the payment is not the one that was agreed; empty when it is.

    A notification may be forged and a metadata field mistyped, so all four are compared with
    what we know ourselves (https://yookassa.ru/developers/using-api/webhooks).
    """
    checks = (
        (Mismatch.AMOUNT, payment.amount.amount == price.amount),
        (Mismatch.CURRENCY, payment.amount.currency == price.currency),
        (Mismatch.SHOP, payment.shop_id == shop_id),
        (Mismatch.PURCHASE, payment.purchase_id == str(purchase_id)),
    )
    return tuple(mismatch for mismatch, agrees in checks if not agrees)
