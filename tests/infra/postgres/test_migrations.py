"""Migrations: each file once, in order, under a lock, and whole or not at all."""

import asyncio

import asyncpg
import pytest

from infra.postgres.migrate import (
    LOCK_KEY,
    Migration,
    MigrationError,
    known_migrations,
    migrate,
)

NAMES = [step.name for step in known_migrations()]
MAKE_ROOMS = Migration("0001_rooms.sql", "create table rooms (name text)")


async def fetch(url: str, query: str) -> list[str]:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        return [row[0] for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def tables(url: str) -> set[str]:
    return set(await fetch(url, "select tablename from pg_tables where schemaname = 'public'"))


async def test_an_empty_database_gets_every_migration_in_order(empty_database_url: str) -> None:
    assert await migrate(empty_database_url) == NAMES
    assert sorted(NAMES) == NAMES


async def test_every_table_that_the_requirements_name_is_there(empty_database_url: str) -> None:
    await migrate(empty_database_url)
    assert await tables(empty_database_url) >= {
        *("users", "tariffs", "payments", "invoices", "subscriptions", "subscription_events"),
        *("vpn_servers", "user_sessions", "admin_logs"),
        *("devices", "grants", "notifications", "purchases", "refunds", "tunnel_addresses"),
    }


async def test_the_second_time_there_is_nothing_to_do(empty_database_url: str) -> None:
    await migrate(empty_database_url)
    assert await migrate(empty_database_url) == []


async def test_two_processes_at_once_apply_each_migration_once(empty_database_url: str) -> None:
    applied = await asyncio.gather(migrate(empty_database_url), migrate(empty_database_url))
    assert sorted(applied, key=len) == [[], NAMES]


async def test_a_migration_waits_while_another_process_holds_the_lock(
    empty_database_url: str,
) -> None:
    holder = await asyncpg.connect(empty_database_url, timeout=10)
    await holder.execute("select pg_advisory_lock($1)", LOCK_KEY)
    waiting = asyncio.create_task(migrate(empty_database_url, [MAKE_ROOMS]))
    while not await holder.fetchval("select count(*) from pg_locks where not granted"):
        assert not waiting.done()
    assert await tables(empty_database_url) == set()
    await holder.close()
    assert await waiting == [MAKE_ROOMS.name]


async def test_a_new_file_is_applied_to_what_an_older_release_left(
    empty_database_url: str,
) -> None:
    await migrate(empty_database_url, [MAKE_ROOMS])
    add_floor = Migration("0002_floor.sql", "alter table rooms add floor integer")
    assert await migrate(empty_database_url, [MAKE_ROOMS, add_floor]) == [add_floor.name]


async def test_numbers_may_have_gaps_and_a_lower_one_may_arrive_later(
    empty_database_url: str,
) -> None:
    later = Migration("0020_floor.sql", "alter table rooms add floor integer")
    await migrate(empty_database_url, [MAKE_ROOMS, later])
    between = Migration("0007_doors.sql", "create table doors (name text)")
    assert await migrate(empty_database_url, [MAKE_ROOMS, between, later]) == [between.name]


async def test_a_file_changed_after_it_was_applied_is_refused_with_what_to_do(
    empty_database_url: str,
) -> None:
    await migrate(empty_database_url, [MAKE_ROOMS])
    changed = MAKE_ROOMS._replace(sql="create table rooms (name text, floor integer)")
    with pytest.raises(MigrationError, match="put the change into a new migration"):
        await migrate(empty_database_url, [changed])


async def test_a_failing_migration_leaves_nothing_of_itself_and_keeps_the_ones_before(
    empty_database_url: str,
) -> None:
    broken = Migration("0002_doors.sql", "create table doors (name text); select 1 / 0")
    with pytest.raises(MigrationError, match=r"0002_doors.sql failed and was rolled back: div"):
        await migrate(empty_database_url, [MAKE_ROOMS, broken])
    assert await tables(empty_database_url) == {"rooms", "schema_migrations"}
    assert await fetch(empty_database_url, "select name from schema_migrations") == [
        MAKE_ROOMS.name
    ]


async def test_a_migration_that_failed_succeeds_once_it_is_mended(empty_database_url: str) -> None:
    broken = Migration("0002_doors.sql", "create table doors (name text); select 1 / 0")
    with pytest.raises(MigrationError):
        await migrate(empty_database_url, [broken])
    mended = broken._replace(sql="create table doors (name text)")
    assert await migrate(empty_database_url, [mended]) == [broken.name]
