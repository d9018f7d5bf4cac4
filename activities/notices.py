"""Messages to customers and staff."""

from dataclasses import dataclass

from temporalio import activity

from domain.devices import DeviceTurn
from domain.ids import DeviceId, PurchaseId
from domain.model import Value
from domain.notices import (
    ConfigDelivery,
    Delivery,
    DeviceNotice,
    GiftDelivery,
    Reminder,
    ReminderKind,
)
from domain.ports import AccessLedger, DeviceLedger, Notices
from domain.purchases import Alarm, PurchaseNotice
from domain.quotas import QuotaNotice
from domain.reconciling import DriftAlarm


class DeliverConfig(Value):
    """Whose configuration goes to whom; the file itself is made at delivery."""

    device_id: DeviceId
    delivery: ConfigDelivery


class DelayedDevice(Value):
    """A device whose setup takes longer, and whether that is for want of room."""

    turn: DeviceTurn
    all_full: bool


class Remind(Value):
    """Which notice of a subscription's life."""

    kind: ReminderKind
    reminder: Reminder


@dataclass(frozen=True)
class NoticeActivities:
    """Steps that tell somebody something."""

    notices: Notices
    access: AccessLedger
    devices: DeviceLedger

    @activity.defn
    async def raise_drift_alarm(self, alarm: DriftAlarm) -> None:
        """Tell the staff that a server was not what the ledger says."""
        await self.notices.raise_drift_alarm(alarm)

    @activity.defn
    async def show_purchase(self, notice: PurchaseNotice) -> Delivery:
        """Make the payment message tell the truth."""
        return await self.notices.show_purchase(notice)

    @activity.defn
    async def deliver_config(self, wanted: DeliverConfig) -> Delivery:
        """Hand over the file and its QR picture."""
        config = await self.access.client_config(wanted.device_id)
        delivery = await self.notices.deliver_config(wanted.delivery, config)
        if delivery is Delivery.DELIVERED and not wanted.delivery.is_automatic:
            await self.devices.note_file(wanted.device_id, config.digest)
        return delivery

    @activity.defn
    async def hand_over_gift(self, delivery: GiftDelivery) -> Delivery:
        """Give the giver the link."""
        return await self.notices.hand_over_gift(delivery)

    @activity.defn
    async def tell_giver(self, opening_id: PurchaseId) -> Delivery:
        """Tell the giver that their gift was opened."""
        return await self.notices.tell_giver(opening_id)

    @activity.defn
    async def deliver_device(self, turn: DeviceTurn) -> Delivery | None:
        """Hand over a device's file; None where a later decision made it worthless."""
        if not await self.devices.is_current(turn):
            return None
        config = await self.access.client_config(turn.device_id)
        moved_to = await self.devices.chosen_place(turn)
        notice = (await self._notice_of(turn)).model_copy(update={"moved_to": moved_to})
        # Once more: the file must not be that of keys whose predecessor is still alive.
        if not await self.devices.is_current(turn):
            return None
        delivery = await self.notices.deliver_device(notice, config)
        if delivery is Delivery.DELIVERED:
            await self.devices.note_file(turn.device_id, config.digest)
        return delivery

    @activity.defn
    async def tell_device_delayed(self, delayed: DelayedDevice) -> Delivery | None:
        """Tell the customer that a device's file takes longer, if it is still to come."""
        if not await self.devices.is_current(delayed.turn):
            return None
        notice = await self._notice_of(delayed.turn, all_full=delayed.all_full)
        return await self.notices.tell_device_delayed(notice)

    @activity.defn
    async def raise_alarm(self, alarm: Alarm) -> None:
        """Call a person."""
        await self.notices.raise_alarm(alarm)

    @activity.defn
    async def remind(self, wanted: Remind) -> Delivery:
        """Tell the customer of an end to come, or one that came."""
        return await self.notices.remind(wanted.kind, wanted.reminder)

    @activity.defn
    async def tell_quota(self, notice: QuotaNotice) -> Delivery:
        """Tell the customer how far their traffic is used."""
        return await self.notices.tell_quota(notice)

    async def _notice_of(self, turn: DeviceTurn, *, all_full: bool = False) -> DeviceNotice:
        return DeviceNotice(
            device_id=turn.device_id,
            user_id=turn.user_id,
            revision=turn.revision,
            name=await self.devices.name_of(turn.device_id),
            all_full=all_full,
        )
