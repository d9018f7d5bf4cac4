"""A server is brought to the ledger: what is missing is put back, what has ended is taken off.

What the ledger cannot explain is told to the staff and left alone, unless an operator has said
that it has to go. Each server has a run of its own, so that one that is away holds up no other; a
scheduled round begins them, and so may an operator, or whoever notices that a server holds another
number of peers than it should.
"""

from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from activities.notices import NoticeActivities
    from activities.reconciling import ReconcileActivities
    from domain.reconciling import DriftAlarm, DriftNews, ReconcileOrder, Reconciliation
    from workflows.names import reconcile_workflow_id
    from workflows.options import ALARM, RECONCILING

PATIENCE = timedelta(minutes=5)
"""For a server that is away: the next run of the schedule comes anyway."""


@workflow.defn(name="Reconcile")
class ReconcileWorkflow:
    """One look and one mending."""

    @workflow.run
    async def run(self, order: ReconcileOrder) -> Reconciliation:
        """Bring the server to the ledger; what came of it."""
        try:
            done = await workflow.execute_activity_method(
                ReconcileActivities.reconcile,
                order,
                summary=f"bring {order.slug} to the ledger",
                schedule_to_close_timeout=PATIENCE,
                **RECONCILING,
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.set_current_details(f"**Not reconciled**: {error.cause}")
            return Reconciliation(server=order.slug, problem=str(error.cause))
        workflow.set_current_details(_details(done))
        for alarm in alarms_of(done, order):
            await workflow.execute_activity_method(
                NoticeActivities.raise_drift_alarm, alarm, summary="call the staff", **ALARM
            )
        return done


@workflow.defn(name="ReconcileRound")
class ReconcileRoundWorkflow:
    """Has every server reconciled, and waits for none."""

    @workflow.run
    async def run(self) -> None:
        """Begin a run for each server; one that is still under way is left to it."""
        orders = await workflow.execute_activity_method(
            ReconcileActivities.servers_to_reconcile, summary="which servers", **RECONCILING
        )
        for order in orders:
            await start_reconcile(order)


def alarms_of(done: Reconciliation, order: ReconcileOrder) -> list[DriftAlarm]:
    """What the staff have to know: each mending, and each new set of strangers."""
    drift, server = done.drift, order.slug
    alarms = []
    if drift.mended:
        occasion = str(done.generation)
        alarms.append(
            DriftAlarm(news=DriftNews.MENDED, server=server, drift=drift, occasion=occasion)
        )
    if drift.strangers and not order.removes_strangers:
        occasion = drift.strangers_digest
        alarms.append(
            DriftAlarm(news=DriftNews.STRANGERS, server=server, drift=drift, occasion=occasion)
        )
    return alarms


async def start_reconcile(order: ReconcileOrder) -> None:
    """From another workflow: let the server be reconciled, unless that is under way."""
    with suppress(WorkflowAlreadyStartedError):
        await workflow.start_child_workflow(
            ReconcileWorkflow.run,
            order,
            id=reconcile_workflow_id(order.slug),
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
        )


def _details(done: Reconciliation) -> str:
    drift = done.drift
    return (
        f"{done.peers} peers, generation {done.generation}; put back {drift.missing}, corrected "
        f"{drift.changed}, taken off {drift.returned}; strangers {len(drift.strangers)}"
    )
