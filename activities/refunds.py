"""Refunds that customers and staff decide for."""

from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from domain.ids import PaymentId, RefundId
from domain.model import Value
from domain.notices import Delivery
from domain.payments import RefundSnapshot
from domain.ports import Notices, RefundLedger
from domain.refund_orders import (
    RefundAlarm,
    RefundDecision,
    RefundNotice,
    RefundOrder,
    RefundVerdict,
)


class DecideRefund(Value):
    """A refund to decide about, at the workflow's time."""

    order: RefundOrder
    now: datetime


class NoteRefund(Value):
    """The provider has given a part back."""

    refund_id: RefundId
    payment_id: PaymentId
    refund: RefundSnapshot


class GiveUpRefund(Value):
    """A part stays, and its access comes back, at the workflow's time."""

    refund_id: RefundId
    payment_id: PaymentId
    now: datetime


class RecordVerdict(Value):
    """A person's decision, for the audit log."""

    refund_id: RefundId
    verdict: RefundVerdict
    at: datetime


@dataclass(frozen=True)
class RefundActivities:
    """Steps of a refund, besides the money itself."""

    refunds: RefundLedger
    notices: Notices

    @activity.defn
    async def decide_refund(self, wanted: DecideRefund) -> RefundDecision:
        """Take the access and owe the money, in one transaction."""
        return await self.refunds.decide(wanted.order, wanted.now)

    @activity.defn
    async def note_refund(self, done: NoteRefund) -> None:
        """Note that a part is back."""
        await self.refunds.note_done(done.refund_id, done.payment_id, done.refund)

    @activity.defn
    async def give_up_refund(self, wanted: GiveUpRefund) -> None:
        """Bring the access back whose money stays."""
        await self.refunds.give_up(wanted.refund_id, wanted.payment_id, wanted.now)

    @activity.defn
    async def record_verdict(self, record: RecordVerdict) -> None:
        """Write a person's decision into the audit log."""
        await self.refunds.record_verdict(record.refund_id, record.verdict, record.at)

    @activity.defn
    async def raise_refund_alarm(self, alarm: RefundAlarm) -> None:
        """Call a person."""
        await self.notices.raise_refund_alarm(alarm)

    @activity.defn
    async def tell_refund(self, notice: RefundNotice) -> Delivery:
        """Tell the customer what became of the money."""
        return await self.notices.tell_refund(notice)
