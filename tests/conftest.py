"""Real servers for the tests: one PostgreSQL and one Temporal for each test process."""

import os
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import asyncpg
import pytest

from infra.keyring import KeyRing
from infra.postgres.migrate import migrate
from infra.postgres.pool import Pool, open_pool
from sandbox.children import Child
from sandbox.ports import LOOPBACK, free_ports
from sandbox.postgres import EmbeddedPostgres
from sandbox.temporal_server import temporal_child
from temporal.client import TemporalTarget, connect
from temporal.namespace import prepare_namespace
from tests.memory import memory

TEMPLATE = "shop_template"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a test that `skipif` skips has failed: the machine lacks what `.ci/run` installs."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and item.get_closest_marker("skipif"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report


def pytest_collection_finish(session: pytest.Session) -> None:
    """A group that is spread over processes would start its shop in each: say so at once."""
    for item in session.items if getattr(session.config.option, "loadgroup", False) else ():
        if item.get_closest_marker("xdist_group") and "@" not in item.nodeid:
            raise pytest.UsageError("this pytest ignores the groups of this pytest-xdist")


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    """Where servers keep their data: not below pytest's own, which other users may not enter.

    PostgreSQL does not run as root and becomes another user. In memory it copies a database in a
    tenth of the time.
    """
    with TemporaryDirectory(prefix="wgshop-tests-", dir=memory(gibibytes=8)) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
async def postgres(servers_folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A PostgreSQL server."""
    server = EmbeddedPostgres(servers_folder / "postgres")
    await server.start()
    # A test's data outlives a killed process, as always, and need not outlive a power cut.
    await _execute(server.url(), "alter system set fsync = off")
    await _execute(server.url(), "select pg_reload_conf()")
    yield server
    await server.stop()


@pytest.fixture(scope="session")
async def template_database(postgres: EmbeddedPostgres) -> str:
    """The name of a database with the newest schema, to be copied."""
    await _execute(postgres.url(), f"create database {TEMPLATE}")
    await migrate(postgres.url(TEMPLATE))
    return TEMPLATE


@pytest.fixture
async def database_url(postgres: EmbeddedPostgres, template_database: str) -> AsyncIterator[str]:
    """A database of the test's own, with the newest schema and the first plans."""
    name = f"test_{uuid4().hex}"
    await _execute(postgres.url(), f"create database {name} template {template_database}")
    yield postgres.url(name)
    await _execute(postgres.url(), f"drop database {name} with (force)")


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """Connections to the test's own database."""
    async with await open_pool(database_url) as opened:
        yield opened


@pytest.fixture(scope="session")
def key_ring() -> KeyRing:
    """A ring with one key."""
    return KeyRing.parse(KeyRing.generate_entry("test"))


@pytest.fixture(scope="session")
async def temporal_address(servers_folder: Path) -> AsyncIterator[str]:
    """A Temporal server's frontend, `host:port`."""
    folder = servers_folder / "temporal"
    folder.mkdir()
    (port,) = free_ports(0)
    child: Child = temporal_child(
        folder, port=port, ui_port=None, codec=None, log=folder / "log", env={}
    )
    await child.start()
    yield f"{LOOPBACK}:{port}"
    await child.stop()


@pytest.fixture
async def temporal_target(temporal_address: str, key_ring: KeyRing) -> TemporalTarget:
    """A namespace of the test's own, with our search attributes."""
    target = TemporalTarget(address=temporal_address, namespace=f"test-{uuid4().hex[:12]}")
    await prepare_namespace(await connect(target, key_ring))
    return target


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
