"""Where PostgreSQL is: from the settings to an open pool."""

from infra.postgres.pool import OUTAGES, Pool, open_pool
from infra.settings import DatabaseSettings
from workers.patience import until_there


async def reach_database(settings: DatabaseSettings) -> Pool:
    """Open the pool, once the database is there. Raises `NeighbourAway` or `SettingsError`."""
    dsn = settings.url.get_secret_value()
    return await until_there("postgresql", lambda: open_pool(dsn, size=settings.pool_size), OUTAGES)
