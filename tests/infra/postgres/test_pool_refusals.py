"""A database that answers and refuses is a wrong setting, not an outage."""

import pytest

from domain.errors import SettingsError
from infra.postgres.migrate import migrate
from infra.postgres.pool import open_pool
from sandbox.postgres import EmbeddedPostgres


async def test_a_database_that_does_not_exist_is_a_wrong_setting(
    postgres: EmbeddedPostgres,
) -> None:
    for reach in (open_pool, migrate):
        with pytest.raises(SettingsError, match=r"DATABASE_URL.*nowhere"):
            await reach(postgres.url("nowhere"))
