"""Messages to customers and staff."""

from dataclasses import dataclass

from temporalio import activity

from domain.ids import DeviceId, PurchaseId
from domain.model import Value
from domain.notices import ConfigDelivery, Delivery, GiftDelivery, Reminder, ReminderKind
from domain.ports import AccessLedger, Notices
from domain.purchases import Alarm, PurchaseNotice


class DeliverConfig(Value):
    """Whose configuration goes to whom; the file itself is made at delivery."""

    device_id: DeviceId
    delivery: ConfigDelivery


class Remind(Value):
    """Which notice of a subscription's life."""

    kind: ReminderKind
    reminder: Reminder


@dataclass(frozen=True)
class NoticeActivities:
    """Steps that tell somebody something."""

    notices: Notices
    access: AccessLedger

    @activity.defn
    async def show_purchase(self, notice: PurchaseNotice) -> Delivery:
        """Make the payment message tell the truth."""
        return await self.notices.show_purchase(notice)

    @activity.defn
    async def deliver_config(self, wanted: DeliverConfig) -> Delivery:
        """Hand over the file and its QR picture."""
        config = await self.access.client_config(wanted.device_id)
        return await self.notices.deliver_config(wanted.delivery, config)

    @activity.defn
    async def hand_over_gift(self, delivery: GiftDelivery) -> Delivery:
        """Give the giver the link."""
        return await self.notices.hand_over_gift(delivery)

    @activity.defn
    async def tell_giver(self, opening_id: PurchaseId) -> Delivery:
        """Tell the giver that their gift was opened."""
        return await self.notices.tell_giver(opening_id)

    @activity.defn
    async def raise_alarm(self, alarm: Alarm) -> None:
        """Call a person."""
        await self.notices.raise_alarm(alarm)

    @activity.defn
    async def remind(self, wanted: Remind) -> Delivery:
        """Tell the customer of an end to come, or one that came."""
        return await self.notices.remind(wanted.kind, wanted.reminder)
