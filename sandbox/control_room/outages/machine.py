"""Processes that are killed: the shop's own, PostgreSQL, the Temporal server."""

from sandbox.children import Child
from sandbox.control_room.outages.outage import Outage
from sandbox.control_room.views import OutageKind, OutageView
from sandbox.postgres import EmbeddedPostgres
from sandbox.supervision import Condition, Keeper


class ProcessDown(Outage):
    """A process of the shop is killed and kept down until the cure."""

    def __init__(self, kind: OutageKind, keeper: Keeper) -> None:
        self.kind = kind
        self._keeper = keeper

    async def _begin(self) -> None:
        await self._keeper.kill(keep_down=True)

    async def _cure(self) -> None:
        await self._keeper.bring_back()

    async def _look(self) -> OutageView:
        return self._view(self._keeper.condition is Condition.KEPT_DOWN)


class PostgresDown(Outage):
    """The database is killed; its write-ahead log brings back what was committed."""

    kind = OutageKind.POSTGRES_DOWN

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self._postgres = postgres

    async def _begin(self) -> None:
        if self._postgres.is_up:
            await self._postgres.kill()

    async def _cure(self) -> None:
        if not self._postgres.is_up:
            await self._postgres.revive()

    async def _look(self) -> OutageView:
        return self._view(not self._postgres.is_up)


class TemporalDown(Outage):
    """The Temporal server is killed; its SQLite file brings every workflow back."""

    kind = OutageKind.TEMPORAL_DOWN

    def __init__(self, server: Child) -> None:
        self._server = server

    async def _begin(self) -> None:
        await self._server.kill()

    async def _cure(self) -> None:
        if not self._server.is_running:
            await self._server.start()

    async def _look(self) -> OutageView:
        return self._view(not self._server.is_running)
