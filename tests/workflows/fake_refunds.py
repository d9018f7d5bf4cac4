"""Refunds in memory: of one payment of 299 roubles, of which 199.33 are owed."""

from datetime import datetime

from domain.errors import ShopError
from domain.ids import PaymentId, ProviderPaymentId, PurchaseId, RefundId, SubscriptionId
from domain.languages import Language
from domain.money import roubles
from domain.payments import Provider, RefundSnapshot
from domain.refund_orders import OwedRefund, RefundDecision, RefundOrder, RefundVerdict, StaffRefund
from domain.subscriptions import SubscriptionStatus
from tests.workflows.fake_ledger import USER, FakeLedger
from tests.workflows.journal import Journal

OWED = roubles("199.33")


class FakeRefunds:
    """Fulfils `domain.ports.RefundLedger` for the subscriptions of the ledger beside it."""

    def __init__(self, ledger: FakeLedger, journal: Journal) -> None:
        self.refusal: ShopError | None = None
        """Of whatever is decided next."""
        self.payments = 1
        """How many payments each refund is about."""
        self.subscription_of_staff_refunds: SubscriptionId | None = None
        self._ledger = ledger
        self._journal = journal
        self._decisions: dict[RefundId, RefundDecision] = {}

    async def decide(self, order: RefundOrder, now: datetime) -> RefundDecision:
        await self._journal.note("decide_refund", order.refund_id)
        if self.refusal is not None:
            raise self.refusal.with_traceback(None)
        if order.refund_id not in self._decisions:
            is_staff = isinstance(order, StaffRefund)
            subscription_id = (
                self.subscription_of_staff_refunds if is_staff else order.subscription_id
            )
            self._decisions[order.refund_id] = self._decided(order.refund_id, subscription_id)
            if subscription_id is not None:
                self._change(subscription_id, SubscriptionStatus.REVOKED, now)
        return self._decisions[order.refund_id]

    async def note_done(
        self, refund_id: RefundId, payment_id: PaymentId, refund: RefundSnapshot
    ) -> None:
        await self._journal.note("refund_done", payment_id)

    async def give_up(self, refund_id: RefundId, payment_id: PaymentId, now: datetime) -> None:
        subscription_id = self._decisions[refund_id].subscription_id
        if subscription_id is not None:
            self._change(subscription_id, SubscriptionStatus.ACTIVE, None)
        await self._journal.note("given_up", payment_id)

    async def record_verdict(
        self, refund_id: RefundId, verdict: RefundVerdict, at: datetime
    ) -> None:
        await self._journal.note("verdict", (verdict.action, verdict.actor))

    def _decided(
        self, refund_id: RefundId, subscription_id: SubscriptionId | None
    ) -> RefundDecision:
        return RefundDecision(
            refund_id=refund_id,
            user_id=USER,
            language=Language.ENGLISH,
            subscription_id=subscription_id,
            owed=tuple(
                OwedRefund(
                    payment_id=PaymentId(number),
                    purchase_id=PurchaseId(refund_id),
                    provider=Provider.YOOKASSA,
                    provider_payment_id=ProviderPaymentId(f"payment-{number}"),
                    amount=OWED,
                    is_partial=True,
                    description="30 days",
                )
                for number in range(1, self.payments + 1)
            ),
        )

    def _change(
        self, subscription_id: SubscriptionId, status: SubscriptionStatus, end: datetime | None
    ) -> None:
        state = self._ledger.states[subscription_id]
        changes: dict[str, object] = {"status": status, "revision": state.revision + 1}
        if end is not None:
            changes["expires_at"] = end
        self._ledger.states[subscription_id] = state.model_copy(update=changes)
