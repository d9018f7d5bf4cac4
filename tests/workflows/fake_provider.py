"""A payment provider in memory: it keeps its promises, and can be told to break them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.errors import ProviderRefused, ShopError
from domain.ids import ProviderPaymentId, ProviderRefundId, PurchaseId
from domain.payments import (
    Cancellation,
    Invoice,
    InvoiceRequest,
    PaymentSnapshot,
    PaymentStatus,
    RefundRequest,
    RefundSnapshot,
    RefundStatus,
)
from tests.workflows.journal import Journal


class FakeProvider:
    """Fulfils `domain.ports.PaymentProvider`; the same key gives the same payment or refund."""

    def __init__(self, journal: Journal) -> None:
        self.shop_id = "shop-1"
        self.outage: ShopError | None = None
        self.refund_outcome = RefundStatus.SUCCEEDED
        self.refused_refunds: set[str] = set()
        """The payments of which nothing can be given back."""
        self.charges: dict[str, Any] = {"status": PaymentStatus.SUCCEEDED}
        """How the charge of a kept card ends."""
        self.refused_method: ShopError | None = None
        self._journal = journal
        self._invoices: dict[str, Invoice] = {}
        self._payments: dict[str, PaymentSnapshot] = {}
        self._refunds: dict[str, RefundSnapshot] = {}

    # What the customer and the provider do

    def pay(
        self, purchase_id: PurchaseId, oddity: dict[str, Any] | None = None
    ) -> ProviderPaymentId:
        """The newest page of the purchase is paid; the oddity is what differs."""
        return self._settle(purchase_id, {"status": PaymentStatus.SUCCEEDED, **(oddity or {})})

    def decline(self, purchase_id: PurchaseId, reason: str) -> ProviderPaymentId:
        """The newest page of the purchase ends without money."""
        cancellation = Cancellation(party="payment_network", reason=reason)
        changes = {"status": PaymentStatus.CANCELED, "cancellation": cancellation}
        return self._settle(purchase_id, changes)

    def settle_refunds(self, outcome: RefundStatus) -> None:
        """Every refund ends like this."""
        self._refunds = {
            key: refund.model_copy(update={"status": outcome})
            for key, refund in self._refunds.items()
        }

    @property
    def keys(self) -> tuple[set[str], set[str]]:
        """The idempotence keys of payments and of refunds."""
        return set(self._invoices), set(self._refunds)

    def _settle(self, purchase_id: PurchaseId, changes: dict[str, Any]) -> ProviderPaymentId:
        newest = [p for p in self._payments.values() if p.purchase_id == str(purchase_id)][-1]
        payment = newest.model_copy(update=changes)
        self._payments[newest.provider_payment_id] = payment
        return newest.provider_payment_id

    # The port

    async def create_invoice(self, request: InvoiceRequest, *, key: str) -> Invoice:
        await self._answer("create_invoice", key)
        if key not in self._invoices:
            if request.charged_method is not None and self.refused_method is not None:
                raise self.refused_method.with_traceback(None)
            self._invoices[key] = _invoice(key)
            payment = _pending(self._invoices[key], request, self.shop_id)
            if request.charged_method is not None:
                payment = payment.model_copy(update=self.charges)
            self._payments[payment.provider_payment_id] = payment
        return self._invoices[key]

    async def fetch_payment(self, payment_id: ProviderPaymentId) -> PaymentSnapshot:
        await self._answer("fetch_payment", payment_id)
        return self._payments[payment_id]

    async def refund(self, request: RefundRequest, *, key: str) -> RefundSnapshot:
        await self._answer("refund", key)
        if request.provider_payment_id in self.refused_refunds:
            raise REFUSED.with_traceback(None)
        if key not in self._refunds:
            self._refunds[key] = RefundSnapshot(
                provider_refund_id=ProviderRefundId(f"refund-{key}"),
                provider_payment_id=request.provider_payment_id,
                status=self.refund_outcome,
                amount=request.amount,
                cancellation=Cancellation(party="refund_network", reason="insufficient_funds"),
            )
        return self._refunds[key]

    async def fetch_refund(self, refund_id: ProviderRefundId) -> RefundSnapshot:
        await self._answer("fetch_refund", refund_id)
        return self._refunds[refund_id.removeprefix("refund-")]

    async def _answer(self, question: str, about: str) -> None:
        await self._journal.note(question, about)
        if self.outage is not None:
            raise self.outage.with_traceback(None)


REFUSED = ProviderRefused("invalid_credentials: check YOOKASSA_SECRET_KEY")


def _invoice(key: str) -> Invoice:
    now = datetime.now(UTC)
    return Invoice(
        provider_payment_id=ProviderPaymentId(f"payment-{key}"),
        confirmation_url=f"https://pay.example/{key}",
        created_at=now,
        expires_at=now + timedelta(hours=1),
    )


def _pending(invoice: Invoice, request: InvoiceRequest, shop_id: str) -> PaymentSnapshot:
    return PaymentSnapshot(
        provider_payment_id=invoice.provider_payment_id,
        status=PaymentStatus.PENDING,
        amount=request.price,
        purchase_id=str(request.purchase_id),
        shop_id=shop_id,
        created_at=invoice.created_at,
    )
