"""What servers have to hold, in memory."""

from collections.abc import Sequence
from datetime import UTC, datetime

from domain.ids import ServerId
from domain.reconciling import Drift, Listing, Muster, ReconcileOrder, Roll
from tests.workflows.fake_ledger import a_server
from tests.workflows.journal import Journal


class FakeReconciling:
    """Fulfils `domain.ports.ReconcileLedger`."""

    def __init__(self, journal: Journal) -> None:
        self.known: list[int] = []
        self.drift = Drift()
        """What the next look finds."""
        self._generation = 0
        self._journal = journal

    async def servers(self) -> Sequence[ReconcileOrder]:
        return [ReconcileOrder(server_id=ServerId(n), slug=f"nl{n}") for n in self.known]

    async def roll(self, server_id: ServerId) -> Roll:
        return Roll(server=a_server(server_id), confirmed={}, read_at=datetime.now(UTC))

    async def muster(self, roll: Roll, _listing: Listing) -> Muster:
        self._generation += 1
        return Muster(server=roll.server, generation=self._generation, peers=())

    async def note_drift(self, _server_id: ServerId, _generation: int, _drift: Drift) -> Drift:
        found, self.drift = self.drift, self.drift.model_copy(update={"missing": 0})
        return found

    async def note_mended(self, server_id: ServerId, _generation: int) -> None:
        await self._journal.note("mended", server_id)
