"""Invitations on a real database: who may invite whom, and what comes of it when."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from domain.customers import Introduction
from domain.ids import ErasureId, UserId
from domain.languages import Language
from domain.privacy import ErasureOrder
from domain.purchases import PurchaseOrder, PurchaseStage
from domain.referrals import Reward, RewardState, SettledReward
from infra.keyring import KeyRing
from infra.postgres.erasure import PostgresPersonalData
from infra.postgres.former_customers import FormerCustomers
from infra.postgres.offers import CustomerOffers
from infra.postgres.referrals import Referrals
from infra.postgres.rewards import Rewards
from infra.postgres.terms import InvitationTerms, PromotionTerms
from tests.infra.postgres.shop import DAY, MONTH, NOW, Shop, all_at_once

WEEK = timedelta(days=7)


class Circle:
    """Customers who invite each other."""

    def __init__(self, shop: Shop, key_ring: KeyRing) -> None:
        self.shop = shop
        self.referrals = Referrals(shop.pool, FormerCustomers(shop.pool, key_ring))
        self.rewards = Rewards(shop.pool)
        self.terms = PromotionTerms(shop.pool)

    async def invites(self, referrer: UserId, friend: UserId) -> bool:
        code = (await self.referrals.invitation_of(referrer)).code
        return await self.referrals.bind(friend, code, NOW)

    async def pair(self) -> tuple[UserId, UserId]:
        """Somebody, and the friend whom they have invited."""
        referrer, friend = await self.shop.customer(), await self.shop.customer()
        assert await self.invites(referrer, friend)
        return referrer, friend

    async def pays(self, friend: UserId) -> tuple[PurchaseOrder, Reward | None]:
        order = await self.shop.order(friend)
        return order, (await self.shop.pay(order)).reward

    async def earned(self, friend: UserId) -> Reward:
        _, reward = await self.pays(friend)
        assert reward is not None
        return reward

    async def settles(self, reward: Reward) -> SettledReward | None:
        return await self.rewards.settle(reward.purchase_id, reward.due_at)

    async def state(self, reward: Reward) -> RewardState | None:
        settled = await self.settles(reward)
        return None if settled is None else settled.state

    async def end_of(self, user_id: UserId) -> timedelta:
        """How long from now the customer's subscription lasts."""
        subscription = await self.shop.access.subscription_of(user_id)
        assert subscription is not None
        return subscription.expires_at - NOW


@pytest.fixture
def circle(shop: Shop, key_ring: KeyRing) -> Circle:
    return Circle(shop, key_ring)


async def test_a_customer_has_one_link(circle: Circle) -> None:
    anna = await circle.shop.customer()
    first, second = [await circle.referrals.invitation_of(anna) for _ in range(2)]
    assert first == second
    assert (first.reward_days, first.welcome_percent, first.friends) == (7, 0, 0)


async def test_a_newcomer_is_bound_once_to_the_first_who_invited_them(circle: Circle) -> None:
    anna, boris = await circle.pair()
    clara = await circle.shop.customer()
    assert not await circle.invites(clara, boris)
    assert not await circle.invites(anna, boris)
    assert (await circle.referrals.invitation_of(anna)).friends == 1


async def test_nobody_invites_themselves_or_by_a_link_of_nobody(circle: Circle) -> None:
    anna = await circle.shop.customer()
    assert not await circle.invites(anna, anna)
    assert not await circle.referrals.bind(anna, "nobodys", NOW)


async def test_nobody_is_invited_who_has_bought_before(circle: Circle) -> None:
    anna, boris = await circle.shop.customer(), await circle.shop.customer()
    await circle.shop.buy(boris)
    assert not await circle.invites(anna, boris)


async def test_invitations_make_no_loop(circle: Circle) -> None:
    anna, boris = await circle.pair()
    clara = await circle.shop.customer()
    assert await circle.invites(boris, clara)
    assert not await circle.invites(boris, anna)
    assert not await circle.invites(clara, anna)


async def test_three_who_invite_each_other_at_once_make_no_loop(circle: Circle) -> None:
    people = [await circle.shop.customer() for _ in range(3)]
    codes = [(await circle.referrals.invitation_of(person)).code for person in people]
    friends = [*people[1:], people[0]]
    ring = [circle.referrals.bind(*pair, NOW) for pair in zip(friends, codes, strict=True)]
    bound = await all_at_once(circle.shop.pool, "referrals", ring)
    assert sorted(bound) == [False, True, True]


async def test_a_friends_first_payment_earns_days_that_are_due_after_the_hold(
    circle: Circle,
) -> None:
    anna, boris = await circle.pair()
    await circle.shop.buy(anna)
    order, reward = await circle.pays(boris)
    assert reward == Reward(friend_id=boris, purchase_id=order.purchase_id, due_at=NOW + WEEK)
    assert await circle.end_of(anna) == MONTH, "not before it is due"
    settled = await circle.settles(reward)
    assert settled is not None
    assert (settled.state, settled.days) == (RewardState.GRANTED, 7)
    assert settled.expires_at == NOW + MONTH + WEEK
    assert await circle.end_of(anna) == MONTH + WEEK
    assert await circle.end_of(boris) == MONTH


async def test_only_the_first_payment_earns_anything(circle: Circle) -> None:
    _, boris = await circle.pair()
    await circle.earned(boris)
    _, second = await circle.pays(boris)
    assert second is None


async def test_without_an_invitation_or_a_reward_nothing_is_earned(circle: Circle) -> None:
    _, alone = await circle.pays(await circle.shop.customer())
    await circle.terms.change(InvitationTerms(reward_days=0))
    _, boris = await circle.pair()
    _, nothing = await circle.pays(boris)
    assert (alone, nothing) == (None, None)


async def test_ten_settlements_at_once_give_the_days_once(circle: Circle) -> None:
    anna, boris = await circle.pair()
    await circle.shop.buy(anna)
    reward = await circle.earned(boris)
    settled = await asyncio.gather(*(circle.settles(reward) for _ in range(10)))
    assert len(set(settled)) == 1
    assert await circle.end_of(anna) == MONTH + WEEK


async def test_many_friends_and_purchases_at_once_all_add_up(circle: Circle) -> None:
    anna = await circle.shop.customer()
    await circle.shop.buy(anna)
    rewards = []
    for _ in range(4):
        friend = await circle.shop.customer()
        await circle.invites(anna, friend)
        rewards.append(await circle.earned(friend))
    orders = [await circle.shop.order(anna) for _ in range(3)]
    steps = (*map(circle.settles, rewards), *map(circle.shop.pay, orders))
    await asyncio.gather(*steps)
    assert await circle.end_of(anna) == 4 * MONTH + 4 * WEEK


async def test_a_refund_in_time_cancels_the_reward(circle: Circle) -> None:
    anna, boris = await circle.pair()
    await circle.shop.buy(anna)
    order, reward = await circle.pays(boris)
    assert reward is not None
    await circle.shop.refund(order, NOW + DAY)
    assert await circle.state(reward) is None
    assert await circle.end_of(anna) == MONTH


async def test_a_refund_after_the_hold_leaves_the_reward(circle: Circle) -> None:
    anna, boris = await circle.pair()
    await circle.shop.buy(anna)
    order, reward = await circle.pays(boris)
    assert reward is not None
    await circle.settles(reward)
    await circle.shop.refund(order, NOW + 8 * DAY)
    assert await circle.state(reward) is RewardState.GRANTED
    assert await circle.end_of(anna) == MONTH + WEEK


async def test_a_friend_who_pays_again_after_a_refund_earns_it_after_all(circle: Circle) -> None:
    anna, boris = await circle.pair()
    await circle.shop.buy(anna)
    order, first = await circle.pays(boris)
    assert first is not None
    await circle.shop.refund(order, NOW + DAY)
    second = await circle.earned(boris)
    assert await circle.state(first) is None
    assert await circle.state(second) is RewardState.GRANTED
    assert await circle.end_of(anna) == MONTH + WEEK


async def test_a_friend_who_has_their_data_erased_leaves_the_reward(
    circle: Circle, key_ring: KeyRing
) -> None:
    anna, boris = await circle.pair()
    await circle.shop.buy(anna)
    order, reward = await circle.pays(boris)
    assert reward is not None
    await circle.shop.ledger.enter_stage(order.purchase_id, PurchaseStage.DONE)
    erasure = ErasureOrder(erasure_id=ErasureId(uuid4()), user_id=boris, language=Language.RUSSIAN)
    await PostgresPersonalData(circle.shop.pool, key_ring).erase(erasure, NOW + DAY)
    assert await circle.state(reward) is RewardState.GRANTED
    assert await circle.end_of(anna) == MONTH + WEEK
    await circle.shop.customers.greet(Introduction(user_id=boris, first_name="Boris"), NOW + DAY)
    assert not await circle.invites(anna, boris), "they were here before"


async def test_days_wait_as_credit_for_whoever_has_no_subscription(circle: Circle) -> None:
    anna, boris = await circle.pair()
    settled = await circle.settles(await circle.earned(boris))
    assert settled is not None
    assert (settled.state, settled.subscription_id) == (RewardState.CREDIT, None)
    assert (await circle.referrals.invitation_of(anna)).days_to_come == 7

    grant = await circle.shop.buy(anna)
    assert (grant.starts_at, grant.expires_at) == (NOW + WEEK, NOW + WEEK + MONTH)
    assert await circle.end_of(anna) == WEEK + MONTH
    invitation = await circle.referrals.invitation_of(anna)
    assert (invitation.days_granted, invitation.days_to_come) == (7, 0)
    await circle.shop.buy(anna)
    assert await circle.end_of(anna) == WEEK + 2 * MONTH, "credit is spent once"


async def test_a_refund_of_the_purchase_leaves_the_credit_that_came_with_it(
    circle: Circle,
) -> None:
    anna, boris = await circle.pair()
    await circle.settles(await circle.earned(boris))
    order = await circle.shop.order(anna)
    await circle.shop.pay(order)
    await circle.shop.refund(order, NOW)
    assert await circle.end_of(anna) == WEEK


async def test_an_ended_subscription_is_not_extended_but_credited(circle: Circle) -> None:
    anna, boris = await circle.pair()
    await circle.shop.buy(anna, NOW - 2 * MONTH)
    assert await circle.state(await circle.earned(boris)) is RewardState.CREDIT


async def test_an_invited_friend_has_a_welcome_discount_on_the_first_purchase(
    circle: Circle,
) -> None:
    await circle.terms.change(InvitationTerms(welcome_percent=10))
    anna, boris = await circle.pair()
    offers = CustomerOffers(circle.shop.pool)
    assert [each.percent for each in (await offers.of(boris, NOW)).standing] == [10]
    assert (await offers.of(anna, NOW)).standing == ()
    await circle.shop.buy(boris)
    assert (await offers.of(boris, NOW)).standing == ()
