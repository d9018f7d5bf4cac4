"""What customers change about a subscription that goes on, as steps of its workflow."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.changes import (
        ChangeActivities,
        ChangeLocation,
        ChangePlan,
        ReissueDevice,
        StandStill,
    )
    from activities.subscriptions import SubscriptionActivities
    from domain.devices import ReissueOrder
    from domain.ids import SubscriptionId
    from domain.locations import LocationOrder
    from domain.plan_changes import Changed, ChangeOrder
    from workflows.options import LEDGER


async def change_plan(order: ChangeOrder) -> Changed:
    """Carry the unused time over to another plan."""
    changed = await workflow.execute_activity_method(
        ChangeActivities.change_plan,
        ChangePlan(order=order, now=workflow.now()),
        summary="change the plan",
        **LEDGER,
    )
    await _tell_servers(order.subscription_id)
    return changed


async def freeze(subscription_id: SubscriptionId) -> None:
    """Let the subscription stand still; its peers leave."""
    await workflow.execute_activity_method(
        ChangeActivities.freeze_subscription,
        StandStill(subscription_id=subscription_id, now=workflow.now()),
        summary="stand still",
        **LEDGER,
    )
    await _tell_servers(subscription_id)


async def resume(subscription_id: SubscriptionId) -> None:
    """Let the subscription go on; its peers come back."""
    await workflow.execute_activity_method(
        ChangeActivities.resume_subscription,
        StandStill(subscription_id=subscription_id, now=workflow.now()),
        summary="go on",
        **LEDGER,
    )
    await _tell_servers(subscription_id)


async def reissue(order: ReissueOrder) -> None:
    """Replace a device's keys; the old ones leave its server before the new ones come."""
    await workflow.execute_activity_method(
        ChangeActivities.reissue_device,
        ReissueDevice(order=order, now=workflow.now()),
        summary="new keys for a device",
        **LEDGER,
    )
    await _tell_servers(order.subscription_id)


async def change_location(order: LocationOrder) -> None:
    """Take a device to another location; its former server lets go once the new one holds it."""
    await workflow.execute_activity_method(
        ChangeActivities.change_location,
        ChangeLocation(order=order, now=workflow.now()),
        summary=f"a device goes to {order.location}",
        **LEDGER,
    )
    await _tell_servers(order.subscription_id)


async def _tell_servers(subscription_id: SubscriptionId) -> None:
    await workflow.execute_activity_method(
        SubscriptionActivities.open_subscription,
        subscription_id,
        summary="have peers removed and set up",
        **LEDGER,
    )
