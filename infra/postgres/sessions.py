"""Where each dialogue stands, so that a restart of the bot loses no conversation."""

from typing import Any

from pydantic import Field

from domain.model import Value
from infra.postgres.pool import Pool


class Session(Value):
    """One dialogue: the question that waits for an answer, and what was said so far."""

    state: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class Sessions:
    """The table `user_sessions`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def read(self, key: str) -> Session:
        """The dialogue, or an empty one."""
        row = await self._pool.fetchrow(
            "select state, data from user_sessions where session_key = $1", key
        )
        return Session() if row is None else Session(state=row["state"], data=row["data"])

    async def write(self, key: str, state: str | None, data: dict[str, Any]) -> None:
        """Remember the dialogue; one that is over is forgotten."""
        if state is None and not data:
            await self._pool.execute("delete from user_sessions where session_key = $1", key)
            return
        await self._pool.execute(
            """
            insert into user_sessions (session_key, state, data) values ($1, $2, $3)
            on conflict (session_key) do update set state = excluded.state, data = excluded.data
            """,
            key,
            state,
            data,
        )
