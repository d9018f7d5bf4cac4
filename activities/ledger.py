"""What was sold, paid and granted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from domain.ids import PurchaseId
from domain.model import Value
from domain.payments import Cancellation, PaymentSnapshot, RefundSnapshot
from domain.ports import PurchaseLedger
from domain.purchases import PurchaseStage, Recollection, Repair, StuckReason
from domain.referrals import Reward
from domain.subscriptions import Grant, PlacedPeer


class RecordPayment(Value):
    """A succeeded payment of a purchase, at the workflow's time."""

    purchase_id: PurchaseId
    payment: PaymentSnapshot
    now: datetime


class RecordRefund(Value):
    """A succeeded refund of a purchase, at the workflow's time."""

    purchase_id: PurchaseId
    refund: RefundSnapshot
    now: datetime


class DecideFree(Value):
    """A purchase at no price to decide about, at the workflow's time."""

    purchase_id: PurchaseId
    now: datetime


class RecordStage(Value):
    """A stage to publish."""

    purchase_id: PurchaseId
    stage: PurchaseStage
    stuck_reason: StuckReason | None = None
    cancellation: Cancellation | None = None


class RecordRepair(Value):
    """A person's decision, for the audit log."""

    purchase_id: PurchaseId
    repair: Repair
    at: datetime
    """When it was taken, by the workflow's clock: it tells a repeat from a second decision."""


class Recall(Value):
    """Which purchase and attempt to remember."""

    purchase_id: PurchaseId
    attempt: int


@dataclass(frozen=True)
class LedgerActivities:
    """Steps that write down what is true."""

    ledger: PurchaseLedger

    @activity.defn
    async def recall_purchase(self, wanted: Recall) -> Recollection:
        """What earlier runs of the purchase left behind."""
        return await self.ledger.recall(wanted.purchase_id, wanted.attempt)

    @activity.defn
    async def publish_stage(self, change: RecordStage) -> None:
        """Publish a stage that no other step implies."""
        await self.ledger.enter_stage(
            change.purchase_id,
            change.stage,
            stuck_reason=change.stuck_reason,
            cancellation=change.cancellation,
        )

    @activity.defn
    async def record_payment(self, record: RecordPayment) -> None:
        """Note a payment that is not what was agreed: it grants nothing."""
        await self.ledger.record_payment(record.purchase_id, record.payment)

    @activity.defn
    async def record_payment_and_grant(self, record: RecordPayment) -> Grant:
        """Note the payment and decide all that it gives, in one transaction."""
        return await self.ledger.record_payment_and_grant(
            record.purchase_id, record.payment, record.now
        )

    @activity.defn
    async def record_payment_and_wrap(self, record: RecordPayment) -> Reward | None:
        """Note the payment of a gift, which can then be opened."""
        return await self.ledger.record_payment_and_wrap(
            record.purchase_id, record.payment, record.now
        )

    @activity.defn
    async def grant_free(self, wanted: DecideFree) -> Grant:
        """Decide all that a trial or a gift's opening gives."""
        return await self.ledger.grant_free(wanted.purchase_id, wanted.now)

    @activity.defn
    async def revoke_free(self, wanted: DecideFree) -> Sequence[PlacedPeer]:
        """Take back what could not be set up."""
        return await self.ledger.revoke_free(wanted.purchase_id, wanted.now)

    @activity.defn
    async def record_refund_and_revoke(self, record: RecordRefund) -> Sequence[PlacedPeer]:
        """Note the refund and take back what the purchase gave."""
        return await self.ledger.record_refund_and_revoke(
            record.purchase_id, record.refund, record.now
        )

    @activity.defn
    async def record_repair(self, record: RecordRepair) -> None:
        """Write a person's decision into the audit log."""
        await self.ledger.record_repair(
            record.purchase_id, record.repair.action, record.repair.actor, record.at
        )
