"""What customers get for inviting others."""

from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from domain.model import Value
from domain.notices import Delivery
from domain.ports import Notices, RewardLedger
from domain.referrals import Reward, SettledReward


class SettleReward(Value):
    """A reward that is due, at the workflow's time."""

    reward: Reward
    now: datetime


@dataclass(frozen=True)
class RewardActivities:
    """Steps of a reward."""

    ledger: RewardLedger
    notices: Notices

    @activity.defn
    async def settle_reward(self, wanted: SettleReward) -> SettledReward | None:
        """Grant it or keep it as credit; None where the friend's money went back."""
        return await self.ledger.settle(wanted.reward.purchase_id, wanted.now)

    @activity.defn
    async def tell_referrer(self, reward: SettledReward) -> Delivery:
        """Tell who invited the friend."""
        return await self.notices.tell_referrer(reward)
