"""What happens by the clock, without anybody's tap."""

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from workflows.names import SHOP_QUEUE, STATISTICS_ID
from workflows.statistics import PAUSE, ServerStatisticsWorkflow

RPC_TIMEOUT = timedelta(seconds=10)

_STATISTICS = Schedule(
    action=ScheduleActionStartWorkflow(
        ServerStatisticsWorkflow.run, id=STATISTICS_ID, task_queue=SHOP_QUEUE
    ),
    spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=PAUSE)]),
    # What a shop that was away has missed cannot be counted any more.
    policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=PAUSE),
)
"""Looks each minute whether the count is under way, and begins it where it is not."""


async def keep_schedules(client: Client) -> None:
    """Create the schedules, or bring them up to date; one that an operator paused stays paused."""
    try:
        await client.create_schedule(
            STATISTICS_ID, _STATISTICS, trigger_immediately=True, rpc_timeout=RPC_TIMEOUT
        )
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(STATISTICS_ID).update(
            _as_it_is_now, rpc_timeout=RPC_TIMEOUT
        )


def _as_it_is_now(known: ScheduleUpdateInput) -> ScheduleUpdate:
    schedule = Schedule(
        action=_STATISTICS.action,
        spec=_STATISTICS.spec,
        policy=_STATISTICS.policy,
        state=known.description.schedule.state,
    )
    return ScheduleUpdate(schedule=schedule)
