"""What customers change about a subscription that goes on."""

from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from domain.devices import ReissueOrder
from domain.ids import SubscriptionId
from domain.locations import LocationOrder
from domain.model import Value
from domain.plan_changes import Changed, ChangeOrder
from domain.ports import ChangeLedger, DeviceKeeper


class ChangePlan(Value):
    """A change of plan for nothing, at the workflow's time."""

    order: ChangeOrder
    now: datetime


class StandStill(Value):
    """Which subscription to freeze, or to let go on, at the workflow's time."""

    subscription_id: SubscriptionId
    now: datetime


class ReissueDevice(Value):
    """New keys for a device, at the workflow's time."""

    order: ReissueOrder
    now: datetime


class ChangeLocation(Value):
    """Another location for a device, at the workflow's time."""

    order: LocationOrder
    now: datetime


@dataclass(frozen=True)
class ChangeActivities:
    """Steps that change a subscription, each one transaction."""

    changes: ChangeLedger
    keeper: DeviceKeeper

    @activity.defn
    async def change_plan(self, wanted: ChangePlan) -> Changed:
        """Carry the unused time over to another plan."""
        return await self.changes.change_plan(wanted.order, wanted.now)

    @activity.defn
    async def freeze_subscription(self, wanted: StandStill) -> None:
        """Let it stand still."""
        await self.changes.freeze(wanted.subscription_id, wanted.now)

    @activity.defn
    async def resume_subscription(self, wanted: StandStill) -> None:
        """Let it go on."""
        await self.changes.resume(wanted.subscription_id, wanted.now)

    @activity.defn
    async def reissue_device(self, wanted: ReissueDevice) -> None:
        """Give a device new keys; its servers hear of them afterwards."""
        order = wanted.order
        await self.keeper.reissue(order.user_id, order.device_id, order.revision, wanted.now)

    @activity.defn
    async def change_location(self, wanted: ChangeLocation) -> None:
        """Decide where a device goes; its servers hear of it afterwards."""
        await self.keeper.change_location(wanted.order, wanted.now)
