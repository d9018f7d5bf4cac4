"""An operator has a server evacuated, and watches."""

from datetime import timedelta

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from domain.errors import FleetRefused
from domain.evacuation import EvacuationOrder, EvacuationProgress
from temporal.outages import RPC_TIMEOUT, temporal_errors
from workflows.evacuation import EvacuationWorkflow
from workflows.names import SHOP_QUEUE, evacuation_workflow_id

QUERY_TIMEOUT = timedelta(seconds=15)
"""A worker answers, and may have to replay first."""

Watched = WorkflowHandle[EvacuationWorkflow, EvacuationProgress]


async def begin_or_join(client: Client, order: EvacuationOrder) -> Watched:
    """Let it run; one that is under way is joined.

    Raises:
        FleetRefused: the server's customers are on their way to another one.
        TemporalUnavailable: the Temporal server, or every worker, is away.
    """
    with temporal_errors():
        handle = await client.start_workflow(
            EvacuationWorkflow.run,
            order,
            id=evacuation_workflow_id(order),
            task_queue=SHOP_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"{order.source} to {order.target}",
            rpc_timeout=RPC_TIMEOUT,
        )
    running = (await progress_of(handle)).order
    if running.target != order.target:
        raise FleetRefused(
            f"{order.source} is being evacuated to {running.target}: let that end first"
        )
    return handle


async def under_way(client: Client, order: EvacuationOrder) -> bool:
    """Whether one for that server is running. Raises `TemporalUnavailable`."""
    handle = client.get_workflow_handle(evacuation_workflow_id(order))
    with temporal_errors():
        try:
            description = await handle.describe(rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
    return description.status is WorkflowExecutionStatus.RUNNING


async def progress_of(handle: Watched) -> EvacuationProgress:
    """How far it is. Raises `TemporalUnavailable`."""
    with temporal_errors():
        return await handle.query(EvacuationWorkflow.progress, rpc_timeout=QUERY_TIMEOUT)
