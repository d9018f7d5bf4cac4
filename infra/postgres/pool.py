"""The connection pool."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from domain.errors import SettingsError

if TYPE_CHECKING:
    from asyncpg.pool import PoolAcquireContext, PoolConnectionProxy

    _AnyPool = asyncpg.Pool[asyncpg.Record]
else:
    _AnyPool = asyncpg.Pool  # at run time it takes no parameter

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

COMMAND_SECONDS = 5.0
"""No statement of the shop takes nearly as long; one that does has lost its server."""

CONNECT_SECONDS = 5.0

ACQUIRE_SECONDS = 5.0
"""Who waits longer for a free connection is better told to come again."""

CLOSE_SECONDS = 10.0
"""For connections in use at a stop; those still out then are cut off."""

OUTAGES = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
)
"""What asyncpg raises when the database is away, stopping or starting: repeat later.

(A `TimeoutError` is an OSError.)
"""

_SESSION = {
    "application_name": "wgshop",
    "timezone": "UTC",
    # A process that vanished in the middle must not keep a customer's row locked.
    "idle_in_transaction_session_timeout": "15s",
}


class _PatientPool(_AnyPool):
    """A pool in which nobody waits without end: not for a connection, nor for the close."""

    def acquire(self, *, timeout: float | None = None) -> "PoolAcquireContext[asyncpg.Record]":
        """A connection, once one is free. Raises `TimeoutError`."""
        return super().acquire(timeout=timeout or ACQUIRE_SECONDS)

    async def close(self) -> None:
        """Wait for connections in use, but not for ever: asyncpg cuts them off when cancelled."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await super().close()


async def open_pool(dsn: str, *, size: int = 10) -> Pool:
    """Open a pool of at most `size` connections.

    Raises one of `OUTAGES` when the database is away, `SettingsError` when it lets nobody in.
    """
    with refusals_as_settings():
        return await _PatientPool(
            dsn,
            min_size=1,
            max_size=size,
            max_queries=50_000,
            max_inactive_connection_lifetime=300.0,
            loop=None,
            connection_class=asyncpg.Connection,
            record_class=asyncpg.Record,
            init=_prepare,
            timeout=CONNECT_SECONDS,
            command_timeout=COMMAND_SECONDS,
            server_settings=_SESSION,
        )


@contextmanager
def refusals_as_settings() -> Iterator[None]:
    """Turn "wrong password" and "no such database" into words about the setting."""
    try:
        yield
    except (
        asyncpg.InvalidAuthorizationSpecificationError,
        asyncpg.InvalidCatalogNameError,
    ) as error:
        raise SettingsError(
            f"DATABASE_URL: PostgreSQL answers, but refuses what the setting says: {error}"
        ) from error


async def _prepare(connection: Connection) -> None:
    await connection.set_type_codec(
        "jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
    )
