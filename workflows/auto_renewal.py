"""One try to renew by itself: each is a purchase of its own, with all that a purchase promises."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import (
    ActivityError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from activities.renewals import RenewalActivities
    from domain.agenda import Appointment
    from domain.purchases import PurchaseOrder, PurchaseStage
    from domain.renewals import ChargeDecision, RenewalNews, RenewalNotice, WantedCharge
    from domain.subscriptions import SubscriptionState
    from workflows.names import purchase_workflow_id
    from workflows.options import DELIVERY, LEDGER
    from workflows.purchase import PurchaseWorkflow

_NEWS_IS_OLD_AFTER = timedelta(hours=12)

_PATIENCE = timedelta(hours=3)
"""How long a try is waited for. A provider that is silent for longer is asked on by the purchase
itself, and no other try begins before it is decided."""


async def announce_charge(state: SubscriptionState, appointment: Appointment) -> None:
    """Tell the customer that the card will be charged, and how to prevent it."""
    await _tell(_notice(state, RenewalNews.AHEAD, charge_at=appointment.charge_at))


async def charge(
    state: SubscriptionState, appointment: Appointment, is_changed: Callable[[], bool]
) -> bool:
    """Try once. True when the ledger has decided that there will be no further try."""
    wanted = WantedCharge(
        subscription_id=state.subscription_id,
        expires_at=state.expires_at,
        attempt=appointment.attempt,
        now=workflow.now(),
    )
    decision = await workflow.execute_activity_method(
        RenewalActivities.decide_charge,
        wanted,
        summary=f"decide about try {appointment.attempt} of the charge",
        **LEDGER,
    )
    if decision.order is not None:
        stage = await _outcome(decision.order, is_changed)
        if stage is None or not stage.is_unpaid_end:
            return False
        decision = await workflow.execute_activity_method(
            RenewalActivities.note_failed_charge, wanted, **LEDGER
        )
        await _tell_failure(state, appointment, decision)
    elif decision.stopped is not None:
        await _tell_failure(state, appointment, decision)
    return decision.stopped is not None


async def _outcome(order: PurchaseOrder, is_changed: Callable[[], bool]) -> PurchaseStage | None:
    """How the purchase came to rest; None when it still goes on, or the end has moved."""
    try:
        purchase = await workflow.start_child_workflow(
            PurchaseWorkflow.run,
            order,
            id=purchase_workflow_id(order.purchase_id),
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            static_summary=f"renewal by itself: {order.plan_name}, {order.price}",
        )
    except WorkflowAlreadyStartedError:
        # A reset run of ours, or an earlier one: the purchase itself tells what it extends.
        return None
    with suppress(TimeoutError):
        await workflow.wait_condition(
            lambda: purchase.done() or is_changed(),
            timeout=_PATIENCE,
            timeout_summary="wait for the charge",
        )
    return purchase.result() if purchase.done() else None


async def _tell_failure(
    state: SubscriptionState, appointment: Appointment, decision: ChargeDecision
) -> None:
    is_over = decision.stopped is not None or appointment.charge_at is None
    news = RenewalNews.STOPPED if is_over else RenewalNews.FAILED
    notice = _notice(state, news, charge_at=appointment.charge_at)
    await _tell(
        notice.model_copy(
            update={
                "attempt": appointment.attempt,
                "cancellation": decision.cancellation,
                "stopped": decision.stopped,
            }
        )
    )


def _notice(state: SubscriptionState, news: RenewalNews, **details: object) -> RenewalNotice:
    return RenewalNotice(
        news=news,
        subscription_id=state.subscription_id,
        user_id=state.user_id,
        expires_at=state.expires_at,
    ).model_copy(update=details)


async def _tell(notice: RenewalNotice) -> None:
    """Tell the customer; a Telegram that is away holds up no charge."""
    try:
        await workflow.execute_activity_method(
            RenewalActivities.tell_renewal,
            notice,
            summary=f"tell: {notice.news}",
            schedule_to_close_timeout=_NEWS_IS_OLD_AFTER,
            **DELIVERY,
        )
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        workflow.logger.warning("the customer was not told %s: %s", notice.news, error.cause)
