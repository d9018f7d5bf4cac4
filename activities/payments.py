"""Money: the payment provider."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid5

from temporalio import activity

from domain.ids import ProviderPaymentId, ProviderRefundId, PurchaseId, RefundId
from domain.model import Value
from domain.payments import (
    Invoice,
    InvoiceRequest,
    Mismatch,
    PaymentSnapshot,
    PaymentStatus,
    Provider,
    RefundRequest,
    RefundSnapshot,
    mismatches,
)
from domain.ports import PaymentProvider, PurchaseLedger
from domain.purchases import PurchaseOrder


class FetchedPayment(Value):
    """A payment as the provider knows it, held against what was agreed."""

    payment: PaymentSnapshot
    mismatches: tuple[Mismatch, ...] = ()


class FetchPayment(Value):
    """Which payment to look at, and for which order it should be."""

    payment_id: ProviderPaymentId
    order: PurchaseOrder


class RefundPayment(Value):
    """Which payment to give back, whole or in part."""

    purchase_id: PurchaseId
    request: RefundRequest
    provider: Provider = Provider.YOOKASSA
    attempt: int = 1
    """Grows when the provider has definitely cancelled a refund: its key is spent."""
    refund_id: RefundId | None = None
    """Set where it is not the purchase itself that gives its money back."""


def invoice_key(purchase_id: PurchaseId, attempt: int) -> str:
    """The `Idempotence-Key` of a payment page: stable across retries, crashes and resets."""
    return _key(purchase_id, "create", attempt)


def refund_key(purchase_id: PurchaseId, attempt: int) -> str:
    """The `Idempotence-Key` of a refund, as stable."""
    return _key(purchase_id, "refund", attempt)


def part_key(refund_id: RefundId, purchase_id: PurchaseId, attempt: int) -> str:
    """The same for one payment of a refund: derived, because the two ids would be too long."""
    return _key(PurchaseId(uuid5(refund_id, f"{purchase_id}")), "part", attempt)


def _key(purchase_id: PurchaseId, what: str, attempt: int) -> str:
    return f"{purchase_id}:{what}" if attempt == 1 else f"{purchase_id}:{what}:{attempt}"


@dataclass(frozen=True)
class PaymentActivities:
    """Steps that move or look at money."""

    providers: Mapping[Provider, PaymentProvider]
    ledger: PurchaseLedger

    @activity.defn
    async def create_invoice(self, order: PurchaseOrder) -> Invoice:
        """Make the payment page and note it; a repeat finds the same page by its key."""
        request = InvoiceRequest(
            purchase_id=order.purchase_id,
            price=order.price,
            description=order.plan_name,
            language=order.language,
            attempt=order.attempt,
            receipt_email=order.receipt_email,
            saves_method=order.saves_method,
            charged_method=order.charged_method,
        )
        key = invoice_key(order.purchase_id, order.attempt)
        invoice = await self.providers[order.provider].create_invoice(request, key=key)
        await self.ledger.record_invoice(order.purchase_id, order.attempt, invoice)
        return invoice

    @activity.defn
    async def fetch_payment(self, wanted: FetchPayment) -> FetchedPayment:
        """Ask the provider for the truth and compare it with what was agreed."""
        order = wanted.order
        provider = self.providers[order.provider]
        payment = await provider.fetch_payment(wanted.payment_id)
        found = mismatches(
            payment,
            purchase_id=order.purchase_id,
            price=order.price,
            shop_id=provider.shop_id,
        )
        if await self._has_no_customer(payment, order):
            found = (*found, Mismatch.CUSTOMER)
        return FetchedPayment(payment=payment, mismatches=found)

    async def _has_no_customer(self, payment: PaymentSnapshot, order: PurchaseOrder) -> bool:
        """Money may arrive for somebody whose data was erased while the page was open."""
        is_paid = payment.status is PaymentStatus.SUCCEEDED
        return is_paid and await self.ledger.is_erased(order.purchase_id)

    @activity.defn
    async def refund_payment(self, wanted: RefundPayment) -> RefundSnapshot:
        """Give the money back; a repeat finds the same refund by its key."""
        key = refund_key(wanted.purchase_id, wanted.attempt)
        if wanted.refund_id is not None:
            key = part_key(wanted.refund_id, wanted.purchase_id, wanted.attempt)
        return await self.providers[wanted.provider].refund(wanted.request, key=key)

    @activity.defn
    async def fetch_refund(
        self, refund_id: ProviderRefundId, provider: Provider = Provider.YOOKASSA
    ) -> RefundSnapshot:
        """Ask what became of a refund: the provider sends no notice of a cancelled one."""
        return await self.providers[provider].fetch_refund(refund_id)
