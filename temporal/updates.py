"""What customers and staff change about subscriptions and refunds that are under way."""

from contextlib import suppress
from datetime import timedelta

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from domain.devices import ReissueOrder
from domain.errors import RefundRefused
from domain.ids import RefundId, SubscriptionId
from domain.locations import LocationOrder
from domain.plan_changes import Changed, ChangeOrder
from domain.refund_orders import CancelOrder, RefundDecision, RefundVerdict, StaffRefund
from domain.subscriptions import SubscriptionState
from temporal.outages import update_errors
from workflows.names import SHOP_QUEUE, refund_workflow_id, subscription_workflow_id
from workflows.refund_case import RefundWorkflow
from workflows.subscription import SubscriptionWorkflow

UPDATE_TIMEOUT = timedelta(seconds=15)
"""For a decision of the ledger; Telegram waits for a tap's answer no longer."""


class SubscriptionUpdates:
    """Hands wishes to workflows. Raises `TemporalUnavailable`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def cancel(self, order: CancelOrder) -> RefundDecision:
        """End a subscription for the money that its customer was offered.

        Raises:
            OfferChanged: it is not what they would get any more.
            RefundRefused: there is nothing to cancel.
        """
        with update_errors():
            return await self._subscription(order.subscription_id).execute_update(
                SubscriptionWorkflow.cancel,
                order,
                id=f"cancel:{order.refund_id}",
                rpc_timeout=UPDATE_TIMEOUT,
            )

    async def change(self, order: ChangeOrder) -> Changed:
        """Let a subscription go on with another plan, for nothing. Raises as `cancel` does."""
        with update_errors():
            return await self._subscription(order.subscription_id).execute_update(
                SubscriptionWorkflow.change,
                order,
                id=f"change:{order.change_id}",
                rpc_timeout=UPDATE_TIMEOUT,
            )

    async def freeze(self, subscription_id: SubscriptionId) -> SubscriptionState:
        """Let a subscription stand still.

        Raises:
            RefundRefused: it makes no sense now, or the plan allows no more of it.
        """
        with update_errors():
            return await self._subscription(subscription_id).execute_update(
                SubscriptionWorkflow.freeze, rpc_timeout=UPDATE_TIMEOUT
            )

    async def resume(self, subscription_id: SubscriptionId) -> SubscriptionState:
        """Let a frozen subscription go on. Raises as `freeze` does."""
        with update_errors():
            return await self._subscription(subscription_id).execute_update(
                SubscriptionWorkflow.resume, rpc_timeout=UPDATE_TIMEOUT
            )

    async def reissue(self, order: ReissueOrder) -> None:
        """Give a device new keys; a second call for the same screen changes nothing.

        Raises:
            UnknownDevice: it is not this customer's, or not any more.
            AccessEnded: it may not connect now, so it needs no new keys.
            RefundRefused: the subscription is being changed, or does not live.
        """
        with update_errors():
            await self._subscription(order.subscription_id).execute_update(
                SubscriptionWorkflow.reissue,
                order,
                id=f"reissue:{order.device_id}:{order.revision}",
                rpc_timeout=UPDATE_TIMEOUT,
            )

    async def change_location(self, order: LocationOrder) -> None:
        """Take a device to another location; a second call for the same screen changes nothing.

        Each call is an update of its own: what was refused for want of room may work later.

        Raises:
            DeviceRefused: it cannot go there; the type says why.
            NoFreeAddress: the location is full.
            AccessEnded: the device may not connect now.
            RefundRefused: the subscription is being changed, or does not live.
        """
        with update_errors():
            await self._subscription(order.subscription_id).execute_update(
                SubscriptionWorkflow.change_location, order, rpc_timeout=UPDATE_TIMEOUT
            )

    async def refund(self, order: StaffRefund) -> RefundDecision:
        """Give a part of a purchase's price back, as staff decided.

        Raises:
            RefundRefused: it cannot be; the message says why.
        """
        # In one request: a refund that the ledger refuses is over before a second could ask it.
        operation = WithStartWorkflowOperation(
            RefundWorkflow.run,
            order,
            id=refund_workflow_id(order.refund_id),
            task_queue=SHOP_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        with update_errors():
            try:
                return await self._client.execute_update_with_start_workflow(
                    RefundWorkflow.decision,
                    id="decision",
                    start_workflow_operation=operation,
                    rpc_timeout=UPDATE_TIMEOUT,
                )
            except WorkflowAlreadyStartedError as error:
                # The operation holds the same error; asyncio would log it as never retrieved.
                with suppress(WorkflowAlreadyStartedError):
                    await operation.workflow_handle()
                raise RefundRefused("this refund is over") from error

    async def repair_refund(self, refund_id: RefundId, verdict: RefundVerdict) -> None:
        """Hand a person's decision to a refund that was refused.

        Raises:
            RefundRefused: it makes no sense now; the message says why.
        """
        handle: WorkflowHandle[RefundWorkflow, None] = self._client.get_workflow_handle_for(
            RefundWorkflow.run, refund_workflow_id(refund_id)
        )
        with update_errors():
            await handle.execute_update(RefundWorkflow.repair, verdict, rpc_timeout=UPDATE_TIMEOUT)

    def _subscription(
        self, subscription_id: SubscriptionId
    ) -> WorkflowHandle[SubscriptionWorkflow, None]:
        return self._client.get_workflow_handle_for(
            SubscriptionWorkflow.run, subscription_workflow_id(subscription_id)
        )
