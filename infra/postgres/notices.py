"""Which notices went out."""

from domain.ids import MessageId, UserId
from domain.notices import Claim, ClaimedNotice
from infra.postgres.pool import Pool


class PostgresNoticeBook:
    """The table `notifications`; fulfils `domain.ports.NoticeBook`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def claim(self, key: str, user_id: UserId | None) -> ClaimedNotice:
        """FRESH for exactly one of any number of claims, until it is released."""
        row = await self._pool.fetchrow(
            """
            with fresh as (
                insert into notifications (notice_key, user_id) values ($1, $2)
                on conflict (notice_key) do nothing
                returning notice_key
            )
            select (select count(*) from fresh) = 1 as is_fresh,
                   (select message_id from notifications where notice_key = $1) as message_id
            """,
            key,
            user_id,
        )
        assert row is not None  # noqa: S101  # a select without from returns one row
        if row["is_fresh"]:
            return ClaimedNotice(claim=Claim.FRESH)
        if row["message_id"] is None:
            return ClaimedNotice(claim=Claim.UNCERTAIN)
        return ClaimedNotice(claim=Claim.SENT, message_id=MessageId(row["message_id"]))

    async def confirm(self, key: str, message_id: MessageId) -> None:
        """It arrived."""
        await self._pool.execute(
            "update notifications set message_id = $2, sent_at = now() where notice_key = $1",
            key,
            message_id,
        )

    async def release(self, key: str) -> None:
        """It is known not to have gone out."""
        await self._pool.execute(
            "delete from notifications where notice_key = $1 and sent_at is null", key
        )

    async def note_unreachable(self, user_id: UserId) -> None:
        """The customer blocked the bot; the time of the first notice of it is kept."""
        await self._pool.execute(
            "update users set blocked_bot_at = coalesce(blocked_bot_at, now()) where user_id = $1",
            user_id,
        )
