"""Changes of plan, and standing still, in memory."""

from datetime import datetime, timedelta

from domain.errors import ShopError
from domain.ids import SubscriptionId
from domain.plan_changes import Changed, ChangeOrder
from domain.subscriptions import SubscriptionStatus
from tests.workflows.fake_ledger import FakeLedger
from tests.workflows.journal import Journal

ALLOWANCE = timedelta(days=7)
LONGER = timedelta(days=100)
"""What a change of plan makes of a subscription."""


class FakeChanges:
    """Fulfils `domain.ports.ChangeLedger` for the subscriptions of the ledger beside it."""

    def __init__(self, ledger: FakeLedger, journal: Journal) -> None:
        self.refusal: ShopError | None = None
        self._frozen_at: dict[SubscriptionId, datetime] = {}
        self._ledger = ledger
        self._journal = journal

    async def change_plan(self, order: ChangeOrder, now: datetime) -> Changed:
        await self._note("change_plan", order.change_id)
        self._change(order.subscription_id, expires_at=now + LONGER, end_set_at=now)
        return Changed(subscription_id=order.subscription_id, expires_at=now + LONGER)

    async def freeze(self, subscription_id: SubscriptionId, now: datetime) -> None:
        await self._note("freeze", subscription_id)
        self._frozen_at[subscription_id] = now
        self._change(subscription_id, status=SubscriptionStatus.FROZEN, resumes_at=now + ALLOWANCE)

    async def resume(self, subscription_id: SubscriptionId, now: datetime) -> None:
        await self._note("resume", subscription_id)
        end = self._ledger.states[subscription_id].expires_at
        self._change(
            subscription_id,
            status=SubscriptionStatus.ACTIVE,
            resumes_at=None,
            expires_at=end + (now - self._frozen_at[subscription_id]),
        )

    def _change(self, subscription_id: SubscriptionId, **changes: object) -> None:
        state = self._ledger.states[subscription_id]
        newer = {"revision": state.revision + 1, **changes}
        self._ledger.states[subscription_id] = state.model_copy(update=newer)

    async def _note(self, what: str, about: object) -> None:
        await self._journal.note(what, about)
        if self.refusal is not None:
            raise self.refusal.with_traceback(None)
