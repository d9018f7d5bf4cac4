from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from domain.customers import Introduction
from domain.ids import ProviderPaymentId, ProviderRefundId, PurchaseId, UserId
from domain.languages import Language
from domain.payments import Invoice, PaymentSnapshot, PaymentStatus, RefundSnapshot, RefundStatus
from domain.purchases import PurchaseOrder
from infra.keyring import KeyRing
from infra.postgres.customers import Customers
from infra.postgres.ledger import PostgresPurchaseLedger
from infra.postgres.payments import Payments
from infra.postgres.plans import Plans
from infra.postgres.pool import Pool
from infra.postgres.purchases import Purchases
from infra.wireguard_keys import new_device_keys

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def ledger(pool: Pool, key_ring: KeyRing) -> PostgresPurchaseLedger:
    return PostgresPurchaseLedger(pool, key_ring, new_device_keys)


@pytest.fixture
async def order(pool: Pool) -> PurchaseOrder:
    """A purchase that is written down."""
    await Customers(pool).greet(Introduction(user_id=UserId(7)), NOW)
    plan = (await Plans(pool).for_sale())[0]
    order = PurchaseOrder(
        purchase_id=PurchaseId(uuid4()),
        user_id=UserId(7),
        plan_id=plan.plan_id,
        plan_name=plan.name.en,
        price=plan.price,
        duration=plan.duration,
        language=Language.ENGLISH,
    )
    await Purchases(pool).open(order, NOW)
    return order


def invoice(payment_id: str) -> Invoice:
    return Invoice(
        provider_payment_id=ProviderPaymentId(payment_id),
        confirmation_url="https://pay.example",
        created_at=NOW,
        expires_at=NOW + timedelta(hours=1),
    )


def payment(order: PurchaseOrder) -> PaymentSnapshot:
    return PaymentSnapshot(
        provider_payment_id=ProviderPaymentId("first"),
        status=PaymentStatus.SUCCEEDED,
        amount=order.price,
        created_at=NOW,
        captured_at=NOW,
    )


async def test_a_fresh_purchase_has_neither_payment_nor_grant(
    pool: Pool, order: PurchaseOrder
) -> None:
    assert await Payments(pool).payment_of(order.purchase_id) is None
    assert await Payments(pool).grant_of(order.purchase_id) is None


async def test_the_newest_payment_page_counts(
    pool: Pool, ledger: PostgresPurchaseLedger, order: PurchaseOrder
) -> None:
    await ledger.record_invoice(order.purchase_id, 1, invoice("first"))
    await ledger.record_invoice(order.purchase_id, 2, invoice("second"))
    assert await Payments(pool).payment_of(order.purchase_id) == "second"


async def test_the_grant_is_the_one_that_the_ledger_decided(
    pool: Pool, ledger: PostgresPurchaseLedger, order: PurchaseOrder
) -> None:
    await ledger.record_invoice(order.purchase_id, 1, invoice("first"))
    granted = await ledger.record_payment_and_grant(order.purchase_id, payment(order), NOW)
    assert await Payments(pool).grant_of(order.purchase_id) == granted


async def test_a_grant_that_was_taken_back_is_none(
    pool: Pool, ledger: PostgresPurchaseLedger, order: PurchaseOrder
) -> None:
    await ledger.record_invoice(order.purchase_id, 1, invoice("first"))
    await ledger.record_payment_and_grant(order.purchase_id, payment(order), NOW)
    refund = RefundSnapshot(
        provider_refund_id=ProviderRefundId("refund"),
        provider_payment_id=ProviderPaymentId("first"),
        status=RefundStatus.SUCCEEDED,
        amount=order.price,
    )
    await ledger.record_refund_and_revoke(order.purchase_id, refund, NOW)
    assert await Payments(pool).grant_of(order.purchase_id) is None
