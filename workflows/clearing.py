"""A server that was left has to let go of its peers, however long it is away.

One run for a server and not one for each peer: a dead server is asked by one step at a time.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from activities.evacuation import RelocationActivities
    from domain.evacuation import ServerToClear
    from workflows.names import clearing_workflow_id
    from workflows.options import CLEARING

PAUSE = timedelta(seconds=30)


@workflow.defn(name="ServerClearing")
class ServerClearingWorkflow:
    """Goes on until the server holds nothing that the ledger has taken off it."""

    @workflow.run
    async def run(self, server: ServerToClear) -> None:
        """Ask in small steps; a server that does not answer is asked again, without end."""
        while True:
            try:
                cleared = await workflow.execute_activity_method(
                    RelocationActivities.clear_server,
                    server.server_id,
                    summary=f"{server.slug} lets go of those who have left",
                    **CLEARING,
                )
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                workflow.set_current_details(f"**Tried again soon**: {error.cause}")
                await workflow.sleep(PAUSE, summary="until the next try")
            else:
                if not cleared:
                    return
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(server)


async def start_clearing(server: ServerToClear) -> workflow.ChildWorkflowHandle[Any, None] | None:
    """From another workflow: let the server be cleared; None where that is under way already."""
    with suppress(WorkflowAlreadyStartedError):
        return await workflow.start_child_workflow(
            ServerClearingWorkflow.run,
            server,
            id=clearing_workflow_id(server.slug),
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
        )
    return None
