"""Customers."""

from datetime import datetime

from asyncpg import Record

from domain.customers import Customer, Introduction
from domain.ids import UserId
from domain.languages import Language, language_of
from infra.postgres.pool import Pool


class Customers:
    """The table `users`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def greet(self, introduction: Introduction, now: datetime) -> Customer:
        """Note who writes; the language is Telegram's only until the customer chooses one."""
        row = await self._pool.fetchrow(
            """
            insert into users (user_id, username, first_name, last_name, language, created_at)
            values ($1, $2, $3, $4, $5, $6)
            on conflict (user_id) do update
                set username = excluded.username, first_name = excluded.first_name,
                    last_name = excluded.last_name, blocked_bot_at = null
            returning *
            """,
            introduction.user_id,
            introduction.username,
            introduction.first_name,
            introduction.last_name,
            language_of(introduction.language_code),
            now,
        )
        assert row is not None  # noqa: S101  # an upsert returns its row
        return _customer(row)

    async def find(self, user_id: UserId) -> Customer | None:
        """The customer, if they were ever here."""
        row = await self._pool.fetchrow("select * from users where user_id = $1", user_id)
        return None if row is None else _customer(row)

    async def choose_language(self, user_id: UserId, language: Language) -> None:
        """Remember the customer's own choice."""
        await self._pool.execute(
            "update users set language = $2 where user_id = $1", user_id, language
        )

    async def save_email(self, user_id: UserId, email: str) -> None:
        """Remember where receipts go."""
        await self._pool.execute("update users set email = $2 where user_id = $1", user_id, email)

    async def note_blocked(self, user_id: UserId, at: datetime) -> None:
        """The customer blocked the bot."""
        await self._pool.execute(
            "update users set blocked_bot_at = $2 where user_id = $1", user_id, at
        )

    async def note_unblocked(self, user_id: UserId) -> None:
        """The customer can be written to again."""
        await self._pool.execute(
            "update users set blocked_bot_at = null where user_id = $1", user_id
        )


def _customer(row: Record) -> Customer:
    return Customer(
        user_id=UserId(row["user_id"]),
        username=row["username"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        language=Language(row["language"]),
        email=row["email"],
        blocked_bot_at=row["blocked_bot_at"],
        created_at=row["created_at"],
    )
