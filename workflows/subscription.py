"""A subscription: it sleeps, reminds, sleeps, and ends or goes on."""

from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.notices import NoticeActivities, Remind
    from activities.subscriptions import EndSubscription, SubscriptionActivities
    from domain.notices import Reminder, ReminderKind
    from domain.subscriptions import SubscriptionState
    from workflows.names import PAID_UNTIL
    from workflows.options import DELIVERY, LEDGER
    from workflows.removal import start_removals

_NEWS_IS_OLD_AFTER = timedelta(days=1)


@workflow.defn(name="Subscription")
class SubscriptionWorkflow:
    """One subscription from its opening to its end; each renewal begins a new run."""

    @workflow.init
    def __init__(self, state: SubscriptionState) -> None:
        self._state = state
        self._newest = state

    @workflow.run
    async def run(self, state: SubscriptionState) -> None:
        """Remind once, a day before the end; at the end ask the ledger, and end or go on."""
        if workflow.info().typed_search_attributes.get(PAID_UNTIL) != state.expires_at:
            workflow.upsert_search_attributes([PAID_UNTIL.value_set(state.expires_at)])
        workflow.set_current_details(f"**Active** until {state.expires_at:%Y-%m-%d %H:%M} UTC")
        if await self._sleeps_until(state.expires_at - state.reminder_lead) and self._may_remind:
            await self._tell(ReminderKind.DAY_BEFORE, within=state.expires_at - workflow.now())
        if await self._sleeps_until(state.expires_at) and await self._ends():
            await workflow.wait_condition(workflow.all_handlers_finished)
            return
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(self._newest)

    @workflow.signal
    def extend(self, state: SubscriptionState) -> None:
        """The ledger holds another end; an older word than the one known changes nothing."""
        if state.revision > self._newest.revision:
            self._newest = state

    async def _sleeps_until(self, moment: datetime) -> bool:
        """Sleep until the moment; False when the end was moved before it came."""
        left = moment - workflow.now()
        if left > timedelta(0):
            with suppress(TimeoutError):
                await workflow.wait_condition(
                    lambda: self._is_moved,
                    timeout=left,
                    timeout_summary=f"until {moment:%Y-%m-%d %H:%M} UTC",
                )
        return not self._is_moved

    async def _ends(self) -> bool:
        ending = await workflow.execute_activity_method(
            SubscriptionActivities.end_subscription,
            EndSubscription(subscription_id=self._state.subscription_id, now=workflow.now()),
            summary="end, unless it was extended",
            **LEDGER,
        )
        if not ending.ended:
            self._newest = self._newest.model_copy(update={"expires_at": ending.expires_at})
            return False
        workflow.set_current_details("**Ended**")
        await start_removals(ending.removals)
        await self._tell(ReminderKind.ENDED, within=_NEWS_IS_OLD_AFTER)
        return not self._is_moved

    async def _tell(self, kind: ReminderKind, *, within: timedelta) -> None:
        """Tell the customer; a Telegram that is away must not hold up the subscription's end."""
        state = self._state
        reminder = Reminder(
            subscription_id=state.subscription_id,
            user_id=state.user_id,
            expires_at=state.expires_at,
        )
        try:
            await workflow.execute_activity_method(
                NoticeActivities.remind,
                Remind(kind=kind, reminder=reminder),
                summary=f"tell: {kind}",
                schedule_to_close_timeout=within,
                **DELIVERY,
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("the customer was not told %s: %s", kind, error.cause)

    @property
    def _is_moved(self) -> bool:
        return self._newest.expires_at != self._state.expires_at

    @property
    def _may_remind(self) -> bool:
        """Not after the end, nor when the whole period is shorter than the lead."""
        period = self._state.expires_at - workflow.info().start_time
        return period > self._state.reminder_lead and workflow.now() < self._state.expires_at
