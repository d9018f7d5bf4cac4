"""Half an hour of looking at VPN servers, a look a minute.

One run for many looks and not for each, or the Temporal UI would show little else. The schedule
that begins it (`temporal/schedules.py`) looks each minute whether one is under way.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.health import HealthActivities, HealthNewsActivities
    from domain.health import FullAlarm, Health, HealthAlarm, HealthRecord, Round
    from domain.reconciling import ReconcileOrder
    from workflows.options import ALARM, LOOKING
    from workflows.reconcile import start_reconcile

PAUSE = timedelta(minutes=1)
"""From the beginning of one look to that of the next."""
LOOKS = 30
ALARM_BUDGET = timedelta(seconds=20)


@workflow.defn(name="ServerHealth")
class ServerHealthWorkflow:
    """Looks, calls the staff where it must, has drift mended, and looks again."""

    def __init__(self) -> None:
        self._full_told: set[str] = set()

    @workflow.run
    async def run(self) -> None:
        """Look for half an hour."""
        for _ in range(LOOKS - 1):
            began = workflow.now()
            await self._look()
            left = began + PAUSE - workflow.now()
            if left > timedelta(0):
                await workflow.sleep(left, summary="until the next look")
        await self._look()

    async def _look(self) -> None:
        try:
            seen = await workflow.execute_activity_method(
                HealthActivities.look_at_servers,
                summary="look at every server",
                schedule_to_close_timeout=PAUSE,
                **LOOKING,
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.set_current_details(f"**Not looked**: {error.cause}")
            return
        workflow.set_current_details(_details(seen))
        for record in seen.records:
            if record.server_id in seen.drifted:
                await start_reconcile(ReconcileOrder(server_id=record.server_id, slug=record.slug))
            if record.news is not None:
                await self._tell(record)
        await self._tell_if_full(seen.plans_without_room)

    async def _tell(self, record: HealthRecord) -> None:
        """While Telegram is away the looks go on; the news are still there at the next."""
        with self._unless_telegram_is_away():
            await workflow.execute_activity_method(
                HealthNewsActivities.raise_health_alarm,
                HealthAlarm(record=record),
                summary=f"{record.slug} is {record.health}",
                schedule_to_close_timeout=ALARM_BUDGET,
                **ALARM,
            )

    async def _tell_if_full(self, plans: tuple[str, ...]) -> None:
        """Once a day for the same plans."""
        occasion = f"{workflow.now():%Y-%m-%d}:{','.join(plans)}"
        if not plans or occasion in self._full_told:
            return
        with self._unless_telegram_is_away():
            await workflow.execute_activity_method(
                HealthNewsActivities.raise_full_alarm,
                FullAlarm(plans=plans, occasion=occasion),
                summary="no room to sell",
                schedule_to_close_timeout=ALARM_BUDGET,
                **ALARM,
            )
            self._full_told.add(occasion)

    @contextmanager
    def _unless_telegram_is_away(self) -> Iterator[None]:
        try:
            yield
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("the staff could not be called: %s", error.cause)


def _details(seen: Round) -> str:
    """What an operator reads in the Temporal UI."""
    unwell = [
        f"**{record.slug} is {record.health}**: {record.symptom}; {record.detail}"
        for record in seen.records
        if record.health is not Health.HEALTHY
    ]
    if seen.plans_without_room:
        unwell.append(f"**No room** for {', '.join(seen.plans_without_room)}")
    return "\n\n".join(unwell) or f"All {len(seen.records)} servers are healthy"
