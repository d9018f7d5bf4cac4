"""The database away, stopping or busy: an outage that callers know, and no wait without end."""

import asyncio

import asyncpg
import pytest

from infra.postgres import pool as pools
from infra.postgres.pool import OUTAGES, Pool, open_pool
from tests.infra.postgres.shop import lock_waiters


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.AdminShutdownError("terminating connection due to administrator command"),
        asyncpg.TooManyConnectionsError("sorry, too many clients already"),
        asyncpg.ConnectionDoesNotExistError("connection was closed"),
        ConnectionRefusedError(),
        TimeoutError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_database_that_is_away_is_an_outage(error: Exception) -> None:
    assert isinstance(error, OUTAGES)


@pytest.mark.parametrize(
    "error", [asyncpg.UniqueViolationError("x"), asyncpg.UndefinedTableError("x")]
)
def test_a_mistake_of_ours_is_not_an_outage(error: Exception) -> None:
    assert not isinstance(error, OUTAGES)


async def test_an_address_where_nobody_listens_is_an_outage() -> None:
    with pytest.raises(OUTAGES):
        await open_pool("postgresql://shop@127.0.0.1:1/shop", size=1)


async def test_a_session_killed_by_the_server_is_an_outage_and_the_next_call_succeeds(
    pool: Pool,
) -> None:
    async with pool.acquire() as holder, holder.transaction():
        await holder.execute("select pg_advisory_xact_lock(1)")
        waiting = asyncio.create_task(pool.execute("select pg_advisory_xact_lock(1)"))
        (pid,) = await lock_waiters(pool, 1)
        await holder.execute("select pg_terminate_backend($1)", pid)
        with pytest.raises(OUTAGES):
            await waiting
    assert await pool.fetchval("select 1") == 1


async def test_who_finds_no_free_connection_is_turned_away(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "ACQUIRE_SECONDS", 0.01)
    async with await open_pool(database_url, size=1) as pool, pool.acquire():
        with pytest.raises(TimeoutError):
            await pool.execute("select 1")


async def test_a_connection_that_is_never_given_back_does_not_hold_up_the_close(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "CLOSE_SECONDS", 0.01)
    pool = await open_pool(database_url, size=1)
    kept = await pool.acquire()
    await pool.close()
    with pytest.raises(asyncpg.InterfaceError):
        await kept.execute("select 1")


async def test_sessions_keep_utc_and_hold_no_transaction_that_is_forgotten(pool: Pool) -> None:
    for setting, value in (
        ("timezone", "UTC"),
        ("application_name", "wgshop"),
        ("idle_in_transaction_session_timeout", "15s"),
    ):
        assert await pool.fetchval("select current_setting($1)", setting) == value
