"""Starts and signals workflows on behalf of the bot, the API and activities."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from temporalio.client import (
    WithStartWorkflowOperation,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import (
    ApplicationError,
    WorkflowAlreadyStartedError,
)
from temporalio.service import RPCError, RPCStatusCode

from domain.devices import DeviceTurn, DeviceWork
from domain.errors import (
    ProviderUnavailable,
    PurchaseRefused,
    RepairRefused,
    TemporalUnavailable,
    UnknownPurchase,
)
from domain.ids import ProviderPaymentId, PurchaseId, SubscriptionId
from domain.payments import Invoice
from domain.privacy import ErasureOrder, ErasureStage
from domain.purchases import PurchaseOrder, PurchaseStage, Repair
from domain.quotas import QuotaNotice
from domain.stars import Surplus
from domain.subscriptions import PlacedPeer, SubscriptionState
from temporal.outages import RPC_TIMEOUT, temporal_errors, words_of
from temporal.updates import SubscriptionUpdates
from workflows.device_setup import DeviceSetup, DeviceSetupWorkflow
from workflows.erasure import ErasureWorkflow
from workflows.names import (
    PAID_UNTIL,
    PURCHASE_STAGE,
    SHOP_QUEUE,
    device_workflow_id,
    erasure_workflow_id,
    purchase_workflow_id,
    quota_workflow_id,
    removal_workflow_id,
    subscription_workflow_id,
    surplus_workflow_id,
)
from workflows.purchase import PurchaseWorkflow
from workflows.quota_notice import QuotaNoticeWorkflow
from workflows.removal import PeerRemovalWorkflow
from workflows.subscription import SubscriptionWorkflow
from workflows.surplus import SurplusRefundWorkflow

_ERASURE_PATIENCE = timedelta(seconds=10)
"""For one transaction, on a worker that may have to be woken."""


_ONLY_ONCE = WorkflowIDReusePolicy.REJECT_DUPLICATE
_ONCE_AGAIN = WorkflowIDReusePolicy.ALLOW_DUPLICATE
"""A workflow that is closed may run again under the same id."""

_PREPARING = TypedSearchAttributes(
    [SearchAttributePair(PURCHASE_STAGE, PurchaseStage.PREPARING.value)]
)

_NOT_READY = "the payment page is not ready yet: ask again in a few seconds"


class Starter(SubscriptionUpdates):
    """The only way from the outside into a workflow. Raises `TemporalUnavailable`."""

    async def begin_purchase(self, order: PurchaseOrder) -> None:
        """Let the purchase run; a second call for the same attempt changes nothing."""
        if order.attempt > 1:
            await self._start_or_signal(order, "try_again", order.attempt)
            return
        with suppress(WorkflowAlreadyStartedError):
            # Already started: an earlier tap led to a purchase that is over.
            await self._start_or_signal(order)

    async def invoice(self, order: PurchaseOrder, patience: timedelta) -> Invoice:
        """The payment page of the order's attempt; starts the purchase where needed.

        Raises:
            PurchaseRefused: the purchase has no open page and will have none.
            ProviderUnavailable: there is no page yet; ask again with the same order.
        """
        operation = WithStartWorkflowOperation(
            PurchaseWorkflow.run,
            order,
            id=purchase_workflow_id(order.purchase_id),
            task_queue=SHOP_QUEUE,
            id_reuse_policy=_ONLY_ONCE if order.attempt == 1 else _ONCE_AGAIN,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=_PREPARING,
            static_summary=_summary(order),
        )
        with temporal_errors():
            try:
                return await self._started_page(operation, order.attempt, patience)
            except WorkflowUpdateRPCTimeoutOrCancelledError as error:
                raise ProviderUnavailable(_NOT_READY) from error
            except WorkflowUpdateFailedError as error:
                raise _without_page(error) from error
            except WorkflowAlreadyStartedError as error:
                raise PurchaseRefused("this purchase is over") from error

    async def _started_page(
        self,
        operation: WithStartWorkflowOperation[PurchaseWorkflow, PurchaseStage],
        attempt: int,
        patience: timedelta,
    ) -> Invoice:
        try:
            return await self._client.execute_update_with_start_workflow(
                PurchaseWorkflow.invoice,
                attempt,
                id=f"invoice:{attempt}",
                start_workflow_operation=operation,
                rpc_timeout=patience,
            )
        except (RPCError, WorkflowAlreadyStartedError, WorkflowUpdateRPCTimeoutOrCancelledError):
            # The operation holds the same error; asyncio would log it as never retrieved.
            with suppress(RPCError, WorkflowAlreadyStartedError):
                await operation.workflow_handle()
            raise

    async def payment_seen(self, order: PurchaseOrder, payment_id: ProviderPaymentId) -> None:
        """Wake the purchase, closed or not: something happened to its payment."""
        woken = order.model_copy(update={"is_woken": True})
        await self._start_or_signal(woken, "payment_seen", payment_id)

    async def give_back(self, surplus: Surplus) -> None:
        """Let a surplus payment go back; a second call for the same payment changes nothing."""
        with temporal_errors(), suppress(WorkflowAlreadyStartedError):
            await self._client.start_workflow(
                SurplusRefundWorkflow.run,
                surplus,
                id=surplus_workflow_id(surplus.request.provider_payment_id),
                task_queue=SHOP_QUEUE,
                id_reuse_policy=_ONLY_ONCE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                rpc_timeout=RPC_TIMEOUT,
            )

    async def repair(self, purchase_id: PurchaseId, repair: Repair) -> None:
        """Hand a person's decision to a stuck purchase.

        Raises:
            RepairRefused: it makes no sense now; the message says why.
            UnknownPurchase: there is no such purchase under way.
        """
        handle: WorkflowHandle[PurchaseWorkflow, PurchaseStage] = (
            self._client.get_workflow_handle_for(
                PurchaseWorkflow.run, purchase_workflow_id(purchase_id)
            )
        )
        with temporal_errors():
            try:
                await handle.execute_update(
                    PurchaseWorkflow.repair, repair, rpc_timeout=RPC_TIMEOUT
                )
            except WorkflowUpdateRPCTimeoutOrCancelledError as error:
                raise TemporalUnavailable(
                    "no worker took the repair in time: look at the purchase, then decide again"
                ) from error
            except WorkflowUpdateFailedError as error:
                raise RepairRefused(words_of(error)) from error
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    raise UnknownPurchase(
                        f"no purchase {purchase_id} is under way: it is over, or never was"
                    ) from error
                raise

    async def open_or_extend(self, state: SubscriptionState) -> None:
        """Let the subscription's workflow run until that end; fulfils `SubscriptionDesk`."""
        with temporal_errors():
            await self._client.start_workflow(
                SubscriptionWorkflow.run,
                state,
                id=subscription_workflow_id(state.subscription_id),
                task_queue=SHOP_QUEUE,
                id_reuse_policy=_ONCE_AGAIN,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                start_signal="extend",
                start_signal_args=[state],
                search_attributes=TypedSearchAttributes(
                    [SearchAttributePair(PAID_UNTIL, state.expires_at)]
                ),
                rpc_timeout=RPC_TIMEOUT,
            )

    async def carry_out(self, work: DeviceWork) -> None:
        """Have devices set up and peers removed; fulfils `SubscriptionDesk`.

        What is under way already is left to it.
        """
        with temporal_errors():
            await asyncio.gather(
                *(self._set_up(turn) for turn in work.setups),
                *(self._remove(placed) for placed in work.removals),
            )

    async def _set_up(self, turn: DeviceTurn) -> None:
        await self._client.start_workflow(
            DeviceSetupWorkflow.run,
            DeviceSetup(turn=turn),
            id=device_workflow_id(turn),
            task_queue=SHOP_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            rpc_timeout=RPC_TIMEOUT,
        )

    async def _remove(self, placed: PlacedPeer) -> None:
        await self._client.start_workflow(
            PeerRemovalWorkflow.run,
            placed,
            id=removal_workflow_id(placed),
            task_queue=SHOP_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            rpc_timeout=RPC_TIMEOUT,
        )

    async def tell_quota(self, notice: QuotaNotice) -> None:
        """Have the customer told; a second call for the same mark and period changes nothing."""
        with temporal_errors(), suppress(WorkflowAlreadyStartedError):
            await self._client.start_workflow(
                QuotaNoticeWorkflow.run,
                notice,
                id=quota_workflow_id(notice),
                task_queue=SHOP_QUEUE,
                id_reuse_policy=_ONLY_ONCE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                rpc_timeout=RPC_TIMEOUT,
            )

    async def close(self, subscription_id: SubscriptionId) -> None:
        """End the subscription's workflow where it stands: the ledger has taken the access back."""
        handle = self._client.get_workflow_handle(subscription_workflow_id(subscription_id))
        with temporal_errors():
            try:
                await handle.terminate("the customer's data was erased", rpc_timeout=RPC_TIMEOUT)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise

    async def erase(self, order: ErasureOrder) -> None:
        """Let the customer be forgotten; a second call for the same erasure changes nothing."""
        with temporal_errors(), suppress(WorkflowAlreadyStartedError):
            await self._client.start_workflow(
                ErasureWorkflow.run,
                order,
                id=erasure_workflow_id(order.erasure_id),
                task_queue=SHOP_QUEUE,
                id_reuse_policy=_ONLY_ONCE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                rpc_timeout=RPC_TIMEOUT,
            )

    async def erased(self, order: ErasureOrder) -> ErasureStage:
        """Let the customer be forgotten, and wait a moment for what becomes of it."""
        operation = WithStartWorkflowOperation(
            ErasureWorkflow.run,
            order,
            id=erasure_workflow_id(order.erasure_id),
            task_queue=SHOP_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        with temporal_errors():
            try:
                return await self._client.execute_update_with_start_workflow(
                    ErasureWorkflow.outcome,
                    start_workflow_operation=operation,
                    rpc_timeout=_ERASURE_PATIENCE,
                )
            except WorkflowUpdateRPCTimeoutOrCancelledError:
                return ErasureStage.UNDER_WAY

    async def _start_or_signal(
        self, order: PurchaseOrder, signal: str | None = None, *arguments: int | str
    ) -> None:
        """Start the purchase, or signal the run that is open.

        One that is closed runs again only for a signal; else `WorkflowAlreadyStartedError`.
        """
        with temporal_errors():
            await self._client.start_workflow(
                PurchaseWorkflow.run,
                order,
                id=purchase_workflow_id(order.purchase_id),
                task_queue=SHOP_QUEUE,
                id_reuse_policy=_ONLY_ONCE if signal is None else _ONCE_AGAIN,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                start_signal=signal,
                start_signal_args=arguments,
                search_attributes=_PREPARING,
                static_summary=_summary(order),
                rpc_timeout=RPC_TIMEOUT,
            )


def _without_page(error: WorkflowUpdateFailedError) -> ProviderUnavailable | PurchaseRefused:
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type == ProviderUnavailable.__name__:
        return ProviderUnavailable(_NOT_READY)
    return PurchaseRefused(words_of(error))


def _summary(order: PurchaseOrder) -> str:
    return f"{order.plan_name}, {order.price}"
