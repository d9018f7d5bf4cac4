"""What is done once, or again after an update: schema, namespace, servers."""

from collections.abc import Iterator

import typer
from pydantic import ValidationError

from domain.errors import SettingsError
from infra.postgres.migrate import migrate
from infra.postgres.pool import OUTAGES, open_pool
from infra.postgres.servers import ServerRegistration, Servers
from infra.settings import (
    DatabaseSettings,
    EncryptionSettings,
    TemporalSettings,
    load,
)
from temporal.client import connect
from temporal.namespace import prepare_namespace
from workers.patience import until_there
from workers.temporal_link import temporal_target


async def migrate_database() -> None:
    """Apply the missing migrations, once the database is there."""
    dsn = load(DatabaseSettings).url.get_secret_value()
    applied = await until_there("postgresql", lambda: migrate(dsn), OUTAGES)
    typer.echo("\n".join(f"applied {name}" for name in applied) or "the schema is up to date")


async def prepare_temporal() -> None:
    """Make the namespace, once the server is there."""
    settings = load(TemporalSettings)
    ring = load(EncryptionSettings).key_ring()
    client = await until_there(
        "temporal", lambda: connect(temporal_target(settings), ring), (RuntimeError,)
    )
    await prepare_namespace(client)
    typer.echo(f"namespace {settings.namespace} is ready")


async def register_vpn_server(description: str) -> None:
    """Write a server into the ledger. Raises `SettingsError` when the description is wrong."""
    try:
        registration = ServerRegistration.model_validate_json(description)
    except ValidationError as error:
        problems = "\n".join(problems_in(error))
        raise SettingsError(f"The server's description is wrong:\n{problems}") from None
    async with await open_pool(load(DatabaseSettings).url.get_secret_value(), size=1) as pool:
        await Servers(pool).register(registration)
    typer.echo(f"server {registration.server.slug} is registered")


def problems_in(error: ValidationError) -> Iterator[str]:
    """A line for each problem, without the value: it may be a secret."""
    for detail in error.errors(include_input=False, include_context=False, include_url=False):
        field = ".".join(map(str, detail["loc"])) or "the whole"
        message = detail["msg"].removeprefix("Value error, ").replace("Field required", "missing")
        yield f"- {field}: {message}"
