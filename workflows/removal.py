"""A peer that has to leave its server, however long that server is away."""

from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from activities.vpn import VpnActivities
    from domain.subscriptions import PlacedPeer
    from workflows.names import removal_workflow_id
    from workflows.options import server_slowly

_AFTER_A_REFUSAL = timedelta(hours=1)
"""Such as a host key that changed: a person has to look, and then it goes on by itself."""


PAUSE = timedelta(seconds=15)
"""Between two tries: a server that is away for days is asked some 5,000 times a day."""


@workflow.defn(name="PeerRemoval")
class PeerRemovalWorkflow:
    """Tries until the server confirms. A peer that came back meanwhile has a newer revision."""

    @workflow.run
    async def run(self, placed: PlacedPeer) -> None:
        """Remove the peer and free its address."""
        try:
            await workflow.execute_activity_method(
                VpnActivities.remove_peer, placed, summary="remove the peer", **server_slowly(PAUSE)
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.set_current_details(f"**Refused**, tried again hourly: {error.cause}")
            await workflow.sleep(_AFTER_A_REFUSAL, summary="until the next try")
            workflow.continue_as_new(placed)


async def start_removals(removals: tuple[PlacedPeer, ...]) -> None:
    """Let each peer's removal go its own way; the caller does not wait for a dead server."""
    for placed in removals:
        with suppress(WorkflowAlreadyStartedError):
            await workflow.start_child_workflow(
                PeerRemovalWorkflow.run,
                placed,
                id=removal_workflow_id(placed),
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            )
