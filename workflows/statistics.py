"""An hour of counting what devices transfer, a count a minute.

One run for an hour and not for each count, or the Temporal UI would show little else. The schedule
that begins it (`temporal/schedules.py`) looks each minute whether one is under way.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.traffic import TrafficActivities
    from workflows.options import COUNTING

PAUSE = timedelta(minutes=1)
COUNTS = 60


@workflow.defn(name="ServerStatistics")
class ServerStatisticsWorkflow:
    """Counts, pauses, and counts again; a count that fails is made up for by the next."""

    @workflow.run
    async def run(self) -> None:
        """Count for an hour."""
        for _ in range(COUNTS - 1):
            await self._count()
            await workflow.sleep(PAUSE, summary="until the next count")
        await self._count()

    async def _count(self) -> None:
        try:
            silent = await workflow.execute_activity_method(
                TrafficActivities.collect_statistics,
                workflow.now(),
                summary="count traffic",
                schedule_to_close_timeout=PAUSE,
                **COUNTING,
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.set_current_details(f"**Not counted**: {error.cause}")
        else:
            workflow.set_current_details(
                f"**No answer** from {', '.join(silent)}" if silent else ""
            )
