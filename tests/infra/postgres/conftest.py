"""A shop on the test's own database, and an empty database for the migrations."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from infra.keyring import KeyRing
from infra.postgres.pool import Pool
from sandbox.postgres import EmbeddedPostgres
from tests.infra.postgres.shop import Shop


@pytest.fixture
def shop(pool: Pool, key_ring: KeyRing) -> Shop:
    """No servers and no customers yet; the first plans are for sale."""
    return Shop(pool, key_ring)


@pytest.fixture
async def empty_database_url(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    """A database without a single table."""
    name = f"empty_{uuid4().hex}"
    connection = await asyncpg.connect(postgres.url(), timeout=10)
    try:
        await connection.execute(f"create database {name}")
        yield postgres.url(name)
        await connection.execute(f"drop database {name} with (force)")
    finally:
        await connection.close()
