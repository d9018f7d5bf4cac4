"""Forgetting a customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from domain.ids import ErasureId, SubscriptionId
from domain.model import Value
from domain.notices import Delivery
from domain.ports import Notices, PersonalData, SubscriptionDesk
from domain.privacy import Departure, ErasureNotice, ErasureOrder
from domain.subscriptions import PlacedPeer


class Erase(Value):
    """Whom to forget, at the workflow's time."""

    order: ErasureOrder
    now: datetime


class ForgetDevices(Value):
    """Whose devices to forget, at the workflow's time."""

    erasure_id: ErasureId
    now: datetime


@dataclass(frozen=True)
class PrivacyActivities:
    """Steps that make the shop forget a person."""

    data: PersonalData
    desk: SubscriptionDesk
    notices: Notices

    @activity.defn
    async def erase_customer(self, wanted: Erase) -> Departure:
        """End all access and unlink the ledger from the person, in one transaction."""
        return await self.data.erase(wanted.order, wanted.now)

    @activity.defn
    async def close_subscription(self, subscription_id: SubscriptionId) -> None:
        """Let the subscription's workflow say nothing any more."""
        await self.desk.close(subscription_id)

    @activity.defn
    async def peers_left(self, erasure_id: ErasureId) -> Sequence[PlacedPeer]:
        """The peers that servers have not yet confirmed to be gone."""
        return await self.data.peers_left(erasure_id)

    @activity.defn
    async def forget_devices(self, wanted: ForgetDevices) -> None:
        """Forget the public keys and addresses, once no server holds them."""
        await self.data.forget_devices(wanted.erasure_id, wanted.now)

    @activity.defn
    async def show_erasure(self, notice: ErasureNotice) -> Delivery:
        """Tell the customer how it ended."""
        return await self.notices.show_erasure(notice)
