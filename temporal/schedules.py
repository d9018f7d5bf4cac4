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

from workflows.health import PAUSE as LOOK_PAUSE
from workflows.health import ServerHealthWorkflow
from workflows.names import HEALTH_ID, RECONCILE_ROUND_ID, SHOP_QUEUE, STATISTICS_ID
from workflows.reconcile import ReconcileRoundWorkflow
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


_HEALTH = Schedule(
    action=ScheduleActionStartWorkflow(
        ServerHealthWorkflow.run, id=HEALTH_ID, task_queue=SHOP_QUEUE
    ),
    spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=LOOK_PAUSE)]),
    policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=LOOK_PAUSE),
)

ROUND_PAUSE = timedelta(minutes=10)
_RECONCILE_ROUND = Schedule(
    action=ScheduleActionStartWorkflow(
        ReconcileRoundWorkflow.run, id=RECONCILE_ROUND_ID, task_queue=SHOP_QUEUE
    ),
    spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=ROUND_PAUSE)]),
    policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=ROUND_PAUSE),
)


async def keep_schedules(client: Client) -> None:
    """Create the schedules, or bring them up to date; one that an operator paused stays paused."""
    await _keep(client, STATISTICS_ID, _STATISTICS, at_once=True)
    await _keep(client, HEALTH_ID, _HEALTH, at_once=True)
    await _keep(client, RECONCILE_ROUND_ID, _RECONCILE_ROUND, at_once=False)


async def _keep(client: Client, schedule_id: str, wanted: Schedule, *, at_once: bool) -> None:
    def as_it_is_now(known: ScheduleUpdateInput) -> ScheduleUpdate:
        return ScheduleUpdate(
            schedule=Schedule(
                action=wanted.action,
                spec=wanted.spec,
                policy=wanted.policy,
                state=known.description.schedule.state,
            )
        )

    try:
        await client.create_schedule(
            schedule_id, wanted, trigger_immediately=at_once, rpc_timeout=RPC_TIMEOUT
        )
    except ScheduleAlreadyRunningError:
        handle = client.get_schedule_handle(schedule_id)
        await handle.update(as_it_is_now, rpc_timeout=RPC_TIMEOUT)
