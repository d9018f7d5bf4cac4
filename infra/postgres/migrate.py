"""Migrations: plain SQL files in order, each applied once, in a transaction, under a lock.

Own code, because the well-kept runners want a second driver beside asyncpg or an ORM, and this
is shorter than their configuration.
"""

import hashlib
from collections.abc import Iterable
from importlib.resources import files
from typing import NamedTuple

import asyncpg

from domain.errors import ShopError
from infra.postgres.pool import CONNECT_SECONDS, Connection, refusals_as_settings

LOCK_KEY = 0x77677368
"""The advisory lock that lets only one process migrate: `wgsh` in ASCII."""

MIGRATION_SECONDS = 600.0

_HISTORY = """
create table if not exists schema_migrations (
    name        text primary key,
    checksum    text not null,
    applied_at  timestamptz not null default now()
)
"""


class MigrationError(ShopError):
    """The schema cannot be brought up to date; the message says why and what to do."""


class Migration(NamedTuple):
    """One SQL file."""

    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def known_migrations() -> list[Migration]:
    """The migrations of this release, in the order of their numbers."""
    folder = files("infra.postgres") / "migrations"
    found = [
        Migration(file.name, file.read_text("utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    ]
    return sorted(found)


async def migrate(dsn: str, migrations: Iterable[Migration] | None = None) -> list[str]:
    """Apply what is missing and return its names; an up-to-date schema is left as it is.

    Raises:
        MigrationError: an applied file was changed since, or a statement failed.
    """
    wanted = known_migrations() if migrations is None else list(migrations)
    with refusals_as_settings():
        connection = await asyncpg.connect(
            dsn, timeout=CONNECT_SECONDS, command_timeout=MIGRATION_SECONDS
        )
    try:
        # Held until the connection closes: a second process waits here, then finds nothing to do.
        await connection.execute("select pg_advisory_lock($1)", LOCK_KEY)
        await connection.execute(_HISTORY)
        return [step.name for step in wanted if await _apply(connection, step)]
    finally:
        await connection.close(timeout=CONNECT_SECONDS)


async def _apply(connection: Connection, step: Migration) -> bool:
    known = await connection.fetchval(
        "select checksum from schema_migrations where name = $1", step.name
    )
    if known == step.checksum:
        return False
    if known is not None:
        raise MigrationError(
            f"{step.name} was changed after it was applied; restore it and put the change "
            "into a new migration"
        )
    try:
        async with connection.transaction():
            await connection.execute(step.sql)
            await connection.execute(
                "insert into schema_migrations (name, checksum) values ($1, $2)",
                step.name,
                step.checksum,
            )
    except asyncpg.PostgresError as error:
        raise MigrationError(f"{step.name} failed and was rolled back: {error}") from error
    return True
