"""Purchases that end otherwise than with a payment turned into the buyer's own access."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.ledger import DecideFree, LedgerActivities, RecordPayment
    from activities.notices import NoticeActivities
    from domain.notices import GiftDelivery
    from domain.purchases import PurchaseOrder, PurchaseStage
    from domain.subscriptions import Grant
    from workflows.options import DELIVERY, LEDGER, NEWS_BUDGET
    from workflows.progress import Progress
    from workflows.removal import start_removals
    from workflows.reward import start_reward


async def grant_free(order: PurchaseOrder) -> Grant:
    """What a trial or the opening of a gift gives: the same as a payment, without one."""
    return await workflow.execute_activity_method(
        LedgerActivities.grant_free,
        DecideFree(purchase_id=order.purchase_id, now=workflow.now()),
        summary="grant access, nothing to pay",
        **LEDGER,
    )


async def take_back(progress: Progress) -> None:
    """Nothing was paid, and nothing could be set up: a gift can be opened once more."""
    removals = await workflow.execute_activity_method(
        LedgerActivities.revoke_free,
        DecideFree(purchase_id=progress.order.purchase_id, now=workflow.now()),
        summary="take back what could not be set up",
        **LEDGER,
    )
    await start_removals(tuple(removals))
    progress.enter(PurchaseStage.REFUNDED)


async def wrap_gift(progress: Progress, paid: RecordPayment) -> None:
    """Turn a payment into a gift, and give the giver its link."""
    progress.enter(PurchaseStage.PAID)
    reward = await workflow.execute_activity_method(
        LedgerActivities.record_payment_and_wrap,
        paid,
        summary="record the payment, wrap the gift",
        **LEDGER,
    )
    await start_reward(reward)
    await progress.shown()
    order = progress.order
    await workflow.execute_activity_method(
        NoticeActivities.hand_over_gift,
        GiftDelivery(
            purchase_id=order.purchase_id,
            user_id=order.user_id,
            language=order.language,
            message=order.message,
        ),
        summary="hand over the link",
        **DELIVERY,
    )


async def tell_giver(order: PurchaseOrder) -> None:
    """Let the giver know that their gift was opened; it is no reason to hold anything up."""
    if order.gift is None:
        return
    try:
        await workflow.execute_activity_method(
            NoticeActivities.tell_giver,
            order.purchase_id,
            summary="tell the giver",
            schedule_to_close_timeout=NEWS_BUDGET,
            **DELIVERY,
        )
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        workflow.logger.warning("the giver was not told: %s", error.cause)
