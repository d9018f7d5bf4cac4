"""The connection pool."""

import asyncio
import json
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

COMMAND_SECONDS = 5.0
"""No statement of the shop takes nearly as long; one that does has lost its server."""

CONNECT_SECONDS = 5.0

OUTAGES = (OSError, asyncio.TimeoutError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError)
"""What asyncpg raises when the database is away: repeat later. (A `TimeoutError` is an OSError.)"""


async def open_pool(dsn: str, *, size: int = 10) -> Pool:
    """Open a pool of at most `size` connections. Raises `OUTAGES` when the database is away."""
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        timeout=CONNECT_SECONDS,
        command_timeout=COMMAND_SECONDS,
        init=_prepare,
    )


async def _prepare(connection: Connection) -> None:
    await connection.set_type_codec(
        "jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
    )
