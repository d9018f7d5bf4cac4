"""Charges of kept cards."""

from dataclasses import dataclass

from temporalio import activity

from domain.notices import Delivery
from domain.ports import Notices, RenewalLedger
from domain.renewals import ChargeDecision, RenewalNotice, WantedCharge


@dataclass(frozen=True)
class RenewalActivities:
    """Steps of a subscription that renews by itself."""

    renewals: RenewalLedger
    notices: Notices

    @activity.defn
    async def decide_charge(self, wanted: WantedCharge) -> ChargeDecision:
        """Decide whether the kept card is charged now."""
        return await self.renewals.decide_charge(wanted)

    @activity.defn
    async def note_failed_charge(self, wanted: WantedCharge) -> ChargeDecision:
        """Why a try was declined, and whether it was the last one."""
        return await self.renewals.note_failure(wanted)

    @activity.defn
    async def tell_renewal(self, notice: RenewalNotice) -> Delivery:
        """Tell the customer about a charge."""
        return await self.notices.tell_renewal(notice)
