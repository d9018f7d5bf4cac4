"""An operator has a server reconciled, and waits for what comes of it."""

import asyncio
from datetime import timedelta

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from domain.errors import TemporalUnavailable
from domain.reconciling import ReconcileOrder, Reconciliation
from temporal.outages import RPC_TIMEOUT, temporal_errors
from workflows.names import SHOP_QUEUE, reconcile_workflow_id
from workflows.reconcile import PATIENCE, ReconcileWorkflow

_WAIT = PATIENCE + timedelta(minutes=1)
"""Longer than the workflow tries."""
_TRIES = 3


async def reconcile(client: Client, order: ReconcileOrder) -> Reconciliation:
    """Run it to its end; a run that another began is waited for, and then this one follows.

    Raises `TemporalUnavailable`.
    """
    workflow_id = reconcile_workflow_id(order.slug)
    with temporal_errors():
        try:
            async with asyncio.timeout(_WAIT.total_seconds()):
                for _ in range(_TRIES):
                    try:
                        return await _run(client, order, workflow_id)
                    except WorkflowAlreadyStartedError:
                        await client.get_workflow_handle(workflow_id).result()
        except TimeoutError:
            pass
    raise TemporalUnavailable(
        f"the reconcile of {order.slug} did not end in {_WAIT}: look at {workflow_id} in Temporal, "
        "and whether a worker runs"
    )


async def _run(client: Client, order: ReconcileOrder, workflow_id: str) -> Reconciliation:
    handle = await client.start_workflow(
        ReconcileWorkflow.run,
        order,
        id=workflow_id,
        task_queue=SHOP_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
        rpc_timeout=RPC_TIMEOUT,
    )
    return await handle.result()
