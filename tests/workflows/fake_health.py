"""Which servers are well, in memory, and a canary that sings as it is told."""

from collections.abc import Sequence
from datetime import datetime

from domain.canaries import Canary, CanaryReport, Handshake
from domain.health import Census, Health, HealthRecord, Look, Patient
from domain.ids import ServerId
from domain.servers import Server
from tests.workflows.fake_ledger import a_server
from tests.workflows.journal import Journal


class FakeHealth:
    """Fulfils `domain.ports.HealthLedger`."""

    def __init__(self, journal: Journal) -> None:
        self.known: list[int] = []
        self.census_of = Census(least=0, most=0, has_guests=False)
        self.full: tuple[str, ...] = ()
        """Plans that no server has room for."""
        self._records: dict[ServerId, HealthRecord] = {}
        self._journal = journal

    async def patients(self) -> Sequence[Patient]:
        return [Patient(server=a_server(ServerId(n)), canary=None) for n in self.known]

    async def census(self, _server_id: ServerId) -> Census:
        return self.census_of

    async def note_look(self, server_id: ServerId, look: Look, now: datetime) -> HealthRecord:
        first = HealthRecord(server_id=server_id, slug=a_server(server_id).slug, since=now)
        record = self._records.get(server_id, first).after(look, now)
        self._records[server_id] = record
        await self._journal.note("looked", (record.slug, record.health))
        return record

    async def note_told(self, server_id: ServerId, health: Health) -> None:
        told = {"told": health}
        self._records[server_id] = self._records[server_id].model_copy(update=told)
        await self._journal.note("told", health)

    async def plans_without_room(self) -> tuple[str, ...]:
        return self.full


async def well_canary(_canary: Canary, _server: Server) -> CanaryReport:
    """Fulfils `activities.health.Probe`."""
    return CanaryReport(handshake=Handshake.ANSWERED, passes=True)
