"""A reward for inviting a friend: it waits until the friend's payment is safe."""

from datetime import timedelta

import pytest

from domain.errors import TelegramUnavailable
from domain.purchases import PurchaseStage
from domain.referrals import RewardState
from tests.workflows.shop import ANSWER, Shop
from tests.workflows.stories import DAY, MONTH, invited


async def test_nothing_is_decided_before_the_payment_is_safe(shop: Shop) -> None:
    order, reward = await invited(shop, due_in=7 * DAY)
    assert await shop.rests(order) is PurchaseStage.DONE

    await shop.forward(reward, 6 * DAY)
    assert shop.journal.all_of("settle") == []

    await shop.forward(reward, DAY)
    assert await reward.result(rpc_timeout=ANSWER) == RewardState.GRANTED
    assert shop.journal.all_of("referrer_told") == [RewardState.GRANTED]


async def test_the_inviters_subscription_hears_of_its_new_end(shop: Shop) -> None:
    _, reward = await invited(shop, due_in=DAY)
    subscription_id = shop.ledger.inviters_subscription
    assert subscription_id is not None
    shop.ledger.sell(subscription_id, shop.ledger.states[subscription_id].expires_at, MONTH)

    await shop.forward(reward, DAY)
    await reward.result(rpc_timeout=ANSWER)

    assert subscription_id in shop.journal.all_of("subscription_state")


@pytest.mark.parametrize(
    ("state", "told"),
    [(RewardState.CREDIT, [RewardState.CREDIT]), (RewardState.CANCELLED, [])],
)
async def test_a_credit_is_news_and_a_cancelled_reward_is_not(
    shop: Shop, state: RewardState, told: list[RewardState]
) -> None:
    shop.ledger.reward_state = state
    _, reward = await invited(shop, due_in=timedelta(0))

    assert await reward.result(rpc_timeout=ANSWER) == state
    assert shop.journal.all_of("referrer_told") == told


async def test_the_news_comes_when_telegram_is_back(shop: Shop) -> None:
    _, reward = await invited(shop, due_in=DAY)
    shop.notices.outage = TelegramUnavailable("502")
    await shop.forward(reward, DAY)
    await shop.journal.until("settle")
    shop.notices.bring_back()

    assert await reward.result(rpc_timeout=ANSWER) == RewardState.GRANTED
    assert shop.journal.all_of("referrer_told") == [RewardState.GRANTED]
