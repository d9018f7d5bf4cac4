"""A subscription: it sleeps until its next appointment, keeps it, and ends or goes on."""

from collections.abc import Awaitable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.notices import NoticeActivities, Remind
    from activities.subscriptions import EndSubscription, SubscriptionActivities
    from domain.agenda import Appointment, Occasion, agenda, is_overtaken
    from domain.devices import ReissueOrder
    from domain.locations import LocationOrder
    from domain.notices import Reminder, ReminderKind
    from domain.plan_changes import Changed, ChangeOrder
    from domain.refund_orders import CancelOrder, RefundDecision
    from domain.subscriptions import SubscriptionState, SubscriptionStatus
    from workflows.auto_renewal import announce_charge, charge
    from workflows.changes import change_location, change_plan, freeze, reissue, resume
    from workflows.names import PAID_UNTIL, SUBSCRIPTION_STATUS
    from workflows.options import DELIVERY, LEDGER
    from workflows.refund_case import begin_refund
    from workflows.refusals import refusal_of, refused
    from workflows.removal import start_removals

Result = TypeVar("Result")

_NEWS_IS_OLD_AFTER = timedelta(days=1)


@workflow.defn(name="Subscription")
class SubscriptionWorkflow:
    """One subscription from its opening to its last word; each change begins a new run.

    The state is the ledger's, and it is all that a run hands on: what was applied is told by its
    revision, and what was said by the ledger's claims, so nothing is done twice across runs.
    """

    @workflow.init
    def __init__(self, state: SubscriptionState) -> None:
        self._state = state
        self._newest = state
        self._is_being_changed = False

    @workflow.run
    async def run(self, state: SubscriptionState) -> None:
        """Keep every appointment; a changed state begins a new run with a new agenda."""
        self._show_status(state.status)
        if workflow.info().typed_search_attributes.get(PAID_UNTIL) != state.expires_at:
            workflow.upsert_search_attributes([PAID_UNTIL.value_set(state.expires_at)])
        await self._live(agenda(state, workflow.info().start_time))
        await workflow.wait_condition(workflow.all_handlers_finished)
        if self._is_changed:
            workflow.continue_as_new(self._newest)

    @workflow.signal
    def extend(self, state: SubscriptionState) -> None:
        """The ledger holds something else; an older word than the one known changes nothing."""
        if state.revision > self._newest.revision:
            self._newest = state

    @workflow.update
    async def cancel(self, order: CancelOrder) -> RefundDecision:
        """End it now, for the money that the customer was offered."""
        return await self._changed_by(begin_refund(order))

    @cancel.validator
    def _may_be_cancelled(self, order: CancelOrder) -> None:
        is_frozen = self._newest.status is SubscriptionStatus.FROZEN
        wanted = SubscriptionStatus.FROZEN if is_frozen else SubscriptionStatus.ACTIVE
        self._require(wanted, f"refund {order.refund_id}")

    def _require(self, status: SubscriptionStatus, what: str) -> None:
        """Refuse what makes no sense now, before anything is written into the history."""
        if self._is_being_changed:
            raise refused(f"{what}: another change of the subscription is under way")
        if self._newest.status is not status:
            raise refused(f"{what}: the subscription is {self._newest.status}, not {status}")

    @workflow.update
    async def change(self, order: ChangeOrder) -> Changed:
        """Go on with another plan, for what was left of this one."""
        return await self._changed_by(change_plan(order))

    @change.validator
    def _may_change(self, order: ChangeOrder) -> None:
        self._require(SubscriptionStatus.ACTIVE, f"change {order.change_id}")

    @workflow.update
    async def freeze(self) -> SubscriptionState:
        """Stand still, without access; the days are kept."""
        await self._changed_by(freeze(self._state.subscription_id))
        return self._newest

    @freeze.validator
    def _may_freeze(self) -> None:
        self._require(SubscriptionStatus.ACTIVE, "hold")

    @workflow.update
    async def resume(self) -> SubscriptionState:
        """Go on, with the days that were kept."""
        await self._changed_by(resume(self._state.subscription_id))
        return self._newest

    @resume.validator
    def _may_resume(self) -> None:
        self._require(SubscriptionStatus.FROZEN, "resumption")

    @workflow.update
    async def reissue(self, order: ReissueOrder) -> None:
        """Make a device's file worthless; the new one comes by itself."""
        await self._changed_by(reissue(order))

    @reissue.validator
    def _may_reissue(self, order: ReissueOrder) -> None:
        self._require(SubscriptionStatus.ACTIVE, f"new keys for device {order.device_id}")

    @workflow.update
    async def change_location(self, order: LocationOrder) -> None:
        """Take a device to another location; the subscription itself stays as it is."""
        try:
            await change_location(order)
        except ActivityError as error:
            raise refusal_of(error) from error

    @change_location.validator
    def _may_change_location(self, order: LocationOrder) -> None:
        self._require(SubscriptionStatus.ACTIVE, f"another location for device {order.device_id}")

    async def _live(self, appointments: tuple[Appointment, ...]) -> None:
        for appointment in appointments:
            self._show_what_is_next(appointment)
            if not await self._sleeps_until(appointment.at):
                return
            if not is_overtaken(appointment, appointments, workflow.now()):
                await self._keep(appointment)
            if self._is_changed:
                return

    async def _keep(self, appointment: Appointment) -> None:
        match appointment.occasion:
            case Occasion.END:
                await self._end()
            case Occasion.RESUME:
                await self._resume_by_itself()
            case Occasion.ANNOUNCE_CHARGE:
                await announce_charge(self._state, appointment)
            case Occasion.CHARGE:
                await self._charge(appointment)
            case Occasion.REMIND:
                left = self._state.expires_at - workflow.now()
                await self._tell(appointment.kind, appointment.distance, within=left)
            case Occasion.WIN_BACK:
                await self._tell(appointment.kind, appointment.distance, within=_NEWS_IS_OLD_AFTER)

    async def _changed_by(self, change: Awaitable[Result]) -> Result:
        """Carry out a customer's wish; what the ledger refuses fails the update alone."""
        self._is_being_changed = True
        try:
            result = await change
            self.extend(await self._read())
        except ActivityError as error:
            raise refusal_of(error) from error
        finally:
            self._is_being_changed = False
        return result

    async def _resume_by_itself(self) -> None:
        """The allowance is used up. A customer who resumes at this very moment is first."""
        await workflow.wait_condition(lambda: not self._is_being_changed)
        if not self._is_changed:
            await resume(self._state.subscription_id)
            self.extend(await self._read())
            await self._tell(ReminderKind.RESUMED, within=_NEWS_IS_OLD_AFTER)

    async def _charge(self, appointment: Appointment) -> None:
        stopped = await charge(self._state, appointment, lambda: self._is_changed)
        if stopped and not self._is_changed:
            self._newest = await self._read()

    async def _read(self) -> SubscriptionState:
        return await workflow.execute_activity_method(
            SubscriptionActivities.read_subscription, self._state.subscription_id, **LEDGER
        )

    async def _sleeps_until(self, moment: datetime) -> bool:
        """Sleep until the moment; False when the state changed before it came."""
        left = moment - workflow.now()
        if left > timedelta(0):
            with suppress(TimeoutError):
                await workflow.wait_condition(
                    lambda: self._is_changed,
                    timeout=left,
                    timeout_summary=f"until {moment:%Y-%m-%d %H:%M} UTC",
                )
        return not self._is_changed

    async def _end(self) -> None:
        ending = await workflow.execute_activity_method(
            SubscriptionActivities.end_subscription,
            EndSubscription(subscription_id=self._state.subscription_id, now=workflow.now()),
            summary="end, unless it was extended",
            **LEDGER,
        )
        if not ending.ended:
            self._newest = self._newest.model_copy(update={"expires_at": ending.expires_at})
            return
        is_revoked = self._state.status is SubscriptionStatus.REVOKED
        self._show_status(SubscriptionStatus.REVOKED if is_revoked else SubscriptionStatus.EXPIRED)
        await start_removals(ending.removals)
        if is_revoked:
            return  # whoever took the money back knows
        await self._tell(ReminderKind.ENDED, within=_NEWS_IS_OLD_AFTER)

    async def _tell(
        self,
        kind: ReminderKind | None,
        distance: timedelta = timedelta(0),
        *,
        within: timedelta,
    ) -> None:
        """Tell the customer; a Telegram that is away must not hold up the subscription's end."""
        if kind is None:
            return
        state = self._state
        reminder = Reminder(
            subscription_id=state.subscription_id,
            user_id=state.user_id,
            expires_at=state.expires_at,
            distance=distance,
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

    def _show_status(self, status: SubscriptionStatus) -> None:
        """Let operators find it by its status.

        Runs of the first release had no such command, and they sleep for up to a year: the patch
        keeps their histories true (docs/development.md, "Changing a workflow").
        """
        if workflow.patched("show-subscription-status"):
            workflow.upsert_search_attributes([SUBSCRIPTION_STATUS.value_set(status)])

    def _show_what_is_next(self, appointment: Appointment) -> None:
        what = appointment.kind or appointment.occasion
        workflow.set_current_details(
            f"**{self._state.status}**, paid until {self._state.expires_at:%Y-%m-%d %H:%M} UTC\n\n"
            f"Waits until {appointment.at:%Y-%m-%d %H:%M:%S} UTC for: {what}"
        )

    @property
    def _is_changed(self) -> bool:
        is_newer = self._newest.revision > self._state.revision
        return is_newer or self._newest.expires_at != self._state.expires_at
