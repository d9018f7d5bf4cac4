"""Renewal by itself in memory: for subscriptions whose state says so."""

from datetime import timedelta

from domain.ids import PlanId, SavedMethodId, SubscriptionId, renewal_purchase_id
from domain.languages import Language
from domain.money import roubles
from domain.purchases import PurchaseOrder, PurchasePolicy
from domain.renewals import (
    ChargeDecision,
    RenewalTerms,
    StopReason,
    WantedCharge,
    stops_for,
)
from tests.workflows.fake_ledger import USER, FakeLedger

CARD = SavedMethodId("card-1")


class FakeRenewals:
    """Fulfils `domain.ports.RenewalLedger`."""

    def __init__(self, ledger: FakeLedger) -> None:
        self.objection: StopReason | None = None
        """What the ledger has against the next charge."""
        self._ledger = ledger

    def agree(self, subscription_id: SubscriptionId) -> None:
        """The customer's card is kept."""
        self._change(subscription_id, RenewalTerms())

    def unlink(self, subscription_id: SubscriptionId) -> None:
        """The customer's card is forgotten."""
        self._change(subscription_id, None)

    async def decide_charge(self, wanted: WantedCharge) -> ChargeDecision:
        state = self._ledger.states[wanted.subscription_id]
        if state.renews_itself is None or state.expires_at != wanted.expires_at:
            return ChargeDecision()
        if self.objection is not None:
            self.unlink(wanted.subscription_id)
            return ChargeDecision(stopped=self.objection)
        order = PurchaseOrder(
            purchase_id=renewal_purchase_id(
                wanted.subscription_id, wanted.expires_at, wanted.attempt
            ),
            user_id=USER,
            plan_id=PlanId(1),
            plan_name="30 days",
            price=roubles(299),
            duration=timedelta(days=30),
            language=Language.ENGLISH,
            charged_method=CARD,
            policy=PurchasePolicy(),
        )
        self._ledger.open(order)
        self._ledger.subscriptions[order.purchase_id] = wanted.subscription_id
        return ChargeDecision(order=order)

    async def note_failure(self, wanted: WantedCharge) -> ChargeDecision:
        purchase_id = renewal_purchase_id(wanted.subscription_id, wanted.expires_at, wanted.attempt)
        cancellation = self._ledger.cancellations[purchase_id]
        stopped = stops_for(cancellation)
        if stopped is not None:
            self.unlink(wanted.subscription_id)
        return ChargeDecision(stopped=stopped, cancellation=cancellation)

    def _change(self, subscription_id: SubscriptionId, terms: RenewalTerms | None) -> None:
        state = self._ledger.states[subscription_id]
        self._ledger.states[subscription_id] = state.model_copy(
            update={"renews_itself": terms, "revision": state.revision + 1}
        )
