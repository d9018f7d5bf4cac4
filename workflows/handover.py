"""Giving the customer the file, and the subscription its own workflow."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.notices import DeliverConfig, NoticeActivities
    from activities.subscriptions import SubscriptionActivities
    from domain.notices import ConfigDelivery
    from domain.purchases import PurchaseOrder
    from domain.subscriptions import Grant
    from workflows.options import DELIVERY, HANDOVER
    from workflows.progress import Progress


async def hand_over(progress: Progress, grant: Grant) -> None:
    """Open or extend the subscription, then deliver the configuration."""
    # First, so that access ends in time even where Telegram takes no file for weeks.
    await workflow.execute_local_activity_method(
        SubscriptionActivities.open_subscription,
        grant.subscription_id,
        summary="open or extend the subscription",
        **HANDOVER,
    )
    await progress.shown()
    await workflow.execute_activity_method(
        NoticeActivities.deliver_config,
        DeliverConfig(device_id=grant.device_id, delivery=_delivery(progress.order, grant)),
        summary="deliver the configuration",
        **DELIVERY,
    )


def _delivery(order: PurchaseOrder, grant: Grant) -> ConfigDelivery:
    return ConfigDelivery(
        purchase_id=order.purchase_id,
        user_id=order.user_id,
        language=order.language,
        message=order.message,
        plan_name=order.plan_name,
        expires_at=grant.expires_at,
        is_renewal=grant.is_renewal,
        is_automatic=order.charged_method is not None,
    )
