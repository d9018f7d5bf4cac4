"""A reward for inviting a friend: it waits until the friend's payment is safe."""

from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from activities.rewards import RewardActivities, SettleReward
    from activities.subscriptions import SubscriptionActivities
    from domain.referrals import Reward, RewardState, SettledReward
    from workflows.names import reward_workflow_id
    from workflows.options import DELIVERY, HANDOVER, LEDGER, NEWS_BUDGET


@workflow.defn(name="ReferralReward")
class ReferralRewardWorkflow:
    """Sleeps until the reward is due, lets the ledger decide, and tells the inviter."""

    @workflow.run
    async def run(self, reward: Reward) -> RewardState:
        """Returns what became of it."""
        workflow.set_current_details(f"**Waiting** until {reward.due_at:%Y-%m-%d %H:%M} UTC")
        left = reward.due_at - workflow.now()
        if left > timedelta(0):
            await workflow.sleep(left, summary="until the friend's payment is safe")
        settled = await workflow.execute_activity_method(
            RewardActivities.settle_reward,
            SettleReward(reward=reward, now=workflow.now()),
            summary="grant it, unless the payment went back",
            **LEDGER,
        )
        state = RewardState.CANCELLED if settled is None else settled.state
        workflow.set_current_details(f"**{state}**")
        if settled is not None:
            await self._hand_over(settled)
        return state

    async def _hand_over(self, settled: SettledReward) -> None:
        if settled.subscription_id is not None:
            await workflow.execute_local_activity_method(
                SubscriptionActivities.open_subscription,
                settled.subscription_id,
                summary="extend the inviter's subscription",
                **HANDOVER,
            )
        try:
            await workflow.execute_activity_method(
                RewardActivities.tell_referrer,
                settled,
                summary="tell the inviter",
                schedule_to_close_timeout=NEWS_BUDGET,
                **DELIVERY,
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("the inviter was not told: %s", error.cause)


async def start_reward(reward: Reward | None) -> None:
    """Let a reward go its own way, if the purchase has earned one."""
    if reward is None:
        return
    with suppress(WorkflowAlreadyStartedError):
        await workflow.start_child_workflow(
            ReferralRewardWorkflow.run,
            reward,
            id=reward_workflow_id(reward.purchase_id),
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
        )
