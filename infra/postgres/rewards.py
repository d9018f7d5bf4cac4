"""Days for those who invited a friend: promised, then granted or kept as credit, or cancelled.

Everything about one inviter's time is decided under the lock on their row, as purchases are.
"""

from datetime import datetime, timedelta
from uuid import UUID

from asyncpg import Record

from domain.ids import PurchaseId, SubscriptionId, UserId, reward_grant_id_of
from domain.referrals import Reward, RewardState, SettledReward
from infra.postgres.free_grants import Cause
from infra.postgres.pool import Connection, Pool

_PROMISE = """
    insert into referral_rewards (friend_id, purchase_id, days, due_at)
    select r.friend_id, $2, t.reward_days, $3::timestamptz + t.reward_hold
    from referrals r, promotion_terms t
    where r.friend_id = $1 and t.reward_days > 0
    on conflict (friend_id) do update
        set purchase_id = excluded.purchase_id, days = excluded.days, due_at = excluded.due_at,
            state = 'waiting'
        where referral_rewards.state = 'cancelled'
"""

_PRESENT_SUBSCRIPTION = """
    select * from subscriptions where user_id = $1 and status = 'active' and expires_at > $2
    for no key update
"""


class Rewards:
    """Fulfils `domain.ports.RewardLedger`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def settle(self, purchase_id: PurchaseId, now: datetime) -> SettledReward | None:
        """Decide about a reward that is due; a repeat returns what was decided.

        By the purchase, as the friend's number may be another by now: they had their data erased.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            row = await _locked(connection, purchase_id)
            if row is None:
                return None  # the friend has paid anew, and that earns a reward of its own
            state = RewardState(row["state"])
            if state is RewardState.WAITING:
                state = await _decide(connection, row, now)
            return await _settled(connection, row, state)


async def promise_reward(
    connection: Connection, user_id: UserId, purchase_id: PurchaseId, now: datetime
) -> None:
    """The customer has paid: for the first time, it earns whoever invited them a reward."""
    await connection.execute(_PROMISE, user_id, purchase_id, now)


async def reward_for(connection: Connection, purchase_id: PurchaseId) -> Reward | None:
    """The reward that the purchase has earned somebody."""
    row = await connection.fetchrow(
        "select * from referral_rewards where purchase_id = $1", purchase_id
    )
    return None if row is None else Reward.model_validate(dict(row))


async def cancel_reward(connection: Connection, purchase_id: PurchaseId) -> None:
    """The friend's money goes back before the reward fell due."""
    await connection.execute(
        "update referral_rewards set state = 'cancelled' "
        "where purchase_id = $1 and state = 'waiting'",
        purchase_id,
    )


async def add_credits(
    connection: Connection,
    subscription: Record,
    device_id: UUID,
    bought: timedelta,
    now: datetime,
) -> Record:
    """Put the customer's credit before the time that was bought just now; the new end."""
    rows = await connection.fetch(
        """
        select w.* from referral_rewards w join referrals r using (friend_id)
        where r.referrer_id = $1 and w.state = 'credit' order by w.created_at, w.friend_id
        for no key update of w
        """,
        subscription["user_id"],
    )
    for row in rows:
        start = subscription["expires_at"] - bought
        subscription = await _add(connection, subscription, device_id, row, start, now=now)
    return subscription


async def _locked(connection: Connection, purchase_id: PurchaseId) -> Record | None:
    # In two statements: the second sees what the lock's last holder did.
    await connection.execute(
        """
        select from users u join referrals r on r.referrer_id = u.user_id
        join referral_rewards w using (friend_id)
        where w.purchase_id = $1 for no key update of u
        """,
        purchase_id,
    )
    return await connection.fetchrow(
        """
        select w.*, r.referrer_id from referral_rewards w join referrals r using (friend_id)
        where w.purchase_id = $1 for no key update of w
        """,
        purchase_id,
    )


async def _decide(connection: Connection, row: Record, now: datetime) -> RewardState:
    is_kept = await connection.fetchval(
        """
        select exists (select from payments where purchase_id = $1 and status = 'succeeded')
           and not exists (select from grants where purchase_id = $1 and revoked_at is not null)
        """,
        row["purchase_id"],
    )
    if not is_kept:
        return await _enter(connection, row, RewardState.CANCELLED)
    subscription = await connection.fetchrow(_PRESENT_SUBSCRIPTION, row["referrer_id"], now)
    device_id = None if subscription is None else await _first_device(connection, subscription)
    if subscription is None or device_id is None:
        return await _enter(connection, row, RewardState.CREDIT)
    await _add(connection, subscription, device_id, row, subscription["expires_at"], now=now)
    return RewardState.GRANTED


async def _first_device(connection: Connection, subscription: Record) -> UUID | None:
    found = await connection.fetchval(
        "select device_id from devices where subscription_id = $1 order by created_at limit 1",
        subscription["subscription_id"],
    )
    return None if found is None else UUID(str(found))


async def _add(
    connection: Connection,
    subscription: Record,
    device_id: UUID,
    row: Record,
    start: datetime,
    *,
    now: datetime,
) -> Record:
    """Grant the reward's days from `start` on; what comes after moves back by as much."""
    time = timedelta(days=row["days"])
    extended = await connection.fetchrow(
        """
        update subscriptions
        set expires_at = $2, revision = revision + 1, end_set_at = $3
        where subscription_id = $1 returning *
        """,
        subscription["subscription_id"],
        subscription["expires_at"] + time,
        now,
    )
    assert extended is not None  # noqa: S101  # locked by the caller
    await connection.execute(
        """
        insert into grants (grant_id, friend_id, cause, subscription_id, device_id,
                            starts_at, expires_at, is_renewal)
        values ($1, $2, $3, $4, $5, $6, $7, true)
        """,
        reward_grant_id_of(UserId(row["friend_id"])),
        row["friend_id"],
        Cause.REFERRAL,
        subscription["subscription_id"],
        device_id,
        start,
        start + time,
    )
    await connection.execute(
        "insert into subscription_events (subscription_id, kind, details) values ($1, $2, $3)",
        subscription["subscription_id"],
        "rewarded",
        {"days": row["days"], "expires_at": extended["expires_at"].isoformat()},
    )
    await _enter(connection, row, RewardState.GRANTED)
    return extended


async def _enter(connection: Connection, row: Record, state: RewardState) -> RewardState:
    await connection.execute(
        "update referral_rewards set state = $2 where friend_id = $1", row["friend_id"], state
    )
    return state


async def _settled(connection: Connection, row: Record, state: RewardState) -> SettledReward | None:
    if state is RewardState.CANCELLED:
        return None
    subscription = None
    if state is RewardState.GRANTED:
        subscription = await connection.fetchrow(
            """
            select s.subscription_id, s.expires_at from grants g
            join subscriptions s using (subscription_id) where g.friend_id = $1
            """,
            row["friend_id"],
        )
    return SettledReward(
        state=state,
        referrer_id=UserId(row["referrer_id"]),
        friend_id=UserId(row["friend_id"]),
        days=row["days"],
        subscription_id=SubscriptionId(subscription["subscription_id"]) if subscription else None,
        expires_at=subscription["expires_at"] if subscription else None,
    )
