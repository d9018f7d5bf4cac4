"""Subscriptions' own workflows and their ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from domain.ids import DeviceId, SubscriptionId
from domain.model import Value
from domain.ports import AccessLedger, DeviceLedger, SubscriptionDesk
from domain.subscriptions import Ending, PlacedPeer, SubscriptionState


class EndSubscription(Value):
    """A subscription whose end has come, at the workflow's time."""

    subscription_id: SubscriptionId
    now: datetime


@dataclass(frozen=True)
class SubscriptionActivities:
    """Steps in a subscription's life."""

    access: AccessLedger
    devices: DeviceLedger
    desk: SubscriptionDesk

    @activity.defn
    async def open_subscription(self, subscription_id: SubscriptionId) -> None:
        """Let the subscription's workflow know the end that the ledger holds.

        Devices that come back with a renewal are set up, those beyond the plan's limit removed.
        """
        await self.desk.open_or_extend(await self.access.subscription_state(subscription_id))
        await self.desk.carry_out(await self.devices.work(subscription_id))

    @activity.defn
    async def read_subscription(self, subscription_id: SubscriptionId) -> SubscriptionState:
        """The subscription as the ledger holds it now."""
        return await self.access.subscription_state(subscription_id)

    @activity.defn
    async def end_subscription(self, end: EndSubscription) -> Ending:
        """End it, unless it was extended meanwhile."""
        return await self.access.end_subscription(end.subscription_id, end.now)

    @activity.defn
    async def left_behind(self, device_id: DeviceId) -> Sequence[PlacedPeer]:
        """The device's peers at servers where it was before."""
        return await self.devices.left_behind(device_id)
