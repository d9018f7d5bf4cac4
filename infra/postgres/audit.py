"""Who did what."""

from typing import Any

from infra.postgres.pool import Pool


class AuditLog:
    """The table `admin_logs`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def record(self, actor: str, action: str, subject: str, details: dict[str, Any]) -> None:
        """Write down what a person did: `("telegram:42", "repair:retry", "purchase:<uuid>", …)`."""
        await self._pool.execute(
            "insert into admin_logs (actor, action, subject, details) values ($1, $2, $3, $4)",
            actor,
            action,
            subject,
            details,
        )
