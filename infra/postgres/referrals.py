"""Who invited whom."""

import secrets
from datetime import datetime

from domain.ids import UserId
from domain.referrals import Invitation
from infra.postgres.former_customers import FormerCustomers
from infra.postgres.pool import Connection, Pool

_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_CODE_LENGTH = 8
"""A link only has to be different from others': it is shown to everybody."""

_LOCK_KEY = 0x726566
"""The advisory lock under which friends are bound, `ref` in ASCII: three who invite each other at
once would make a loop that none of them sees."""

_IS_NEW = """
    select not exists (select from referrals where friend_id = $1)
       and not exists (select from subscriptions where user_id = $1)
       and not exists (select from payments join purchases using (purchase_id) where user_id = $1)
"""

_INVITED_BY_FRIEND = """
    with recursive above as (
        select referrer_id from referrals where friend_id = $1
        union
        select r.referrer_id from referrals r join above a on r.friend_id = a.referrer_id
    )
    select exists (select from above where referrer_id = $2)
"""


class Referrals:
    """The tables `invitations` and `referrals`, and what came of them."""

    def __init__(self, pool: Pool, former: FormerCustomers) -> None:
        self._pool = pool
        self._former = former

    async def bind(self, friend_id: UserId, code: str, now: datetime) -> bool:
        """Note that a newcomer came by a link; False where that does not count.

        It counts once, for somebody who never had a subscription and never paid; not for the
        link's own owner, and not for anybody to whom the owner owes their own invitation.
        """
        if await self._former.knows(friend_id):
            return False
        async with self._pool.acquire() as connection, connection.transaction():
            referrer_id = await connection.fetchval(
                "select user_id from invitations where code = $1", code
            )
            if referrer_id is None or referrer_id == friend_id:
                return False
            await connection.execute("select pg_advisory_xact_lock($1)", _LOCK_KEY)
            if not await connection.fetchval(_IS_NEW, friend_id):
                return False
            if await connection.fetchval(_INVITED_BY_FRIEND, referrer_id, friend_id):
                return False
            await connection.execute(
                "insert into referrals (friend_id, referrer_id, created_at) values ($1, $2, $3)",
                friend_id,
                referrer_id,
                now,
            )
        return True

    async def welcome_percent(self) -> int:
        """What comes off an invited friend's first purchase."""
        return int(await self._pool.fetchval("select welcome_percent from promotion_terms"))

    async def invitation_of(self, user_id: UserId) -> Invitation:
        """The customer's link, made now if they had none, and what it has brought."""
        async with self._pool.acquire() as connection:
            code = await _code_of(connection, user_id)
            row = await connection.fetchrow(
                """
                select t.reward_days, t.welcome_percent, count(r.friend_id) as friends,
                       count(w.friend_id) filter (where w.state <> 'cancelled')
                           as friends_who_paid,
                       coalesce(sum(w.days) filter (where w.state = 'granted'), 0) as days_granted,
                       coalesce(sum(w.days) filter (where w.state in ('waiting', 'credit')), 0)
                           as days_to_come
                from promotion_terms t
                left join referrals r on r.referrer_id = $1
                left join referral_rewards w using (friend_id)
                group by t.reward_days, t.welcome_percent
                """,
                user_id,
            )
        assert row is not None  # noqa: S101  # the terms are one row
        return Invitation(code=code, **dict(row))


async def _code_of(connection: Connection, user_id: UserId) -> str:
    fresh = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))
    return str(
        await connection.fetchval(
            """
            insert into invitations (user_id, code) values ($1, $2)
            on conflict (user_id) do update set code = invitations.code
            returning code
            """,
            user_id,
            fresh,
        )
    )
