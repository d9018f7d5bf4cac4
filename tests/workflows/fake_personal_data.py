"""A ledger that forgets, in memory."""

from collections.abc import Sequence
from datetime import datetime

from domain.errors import ShopError
from domain.ids import ErasureId, SubscriptionId
from domain.privacy import Departure, ErasureOrder
from domain.subscriptions import PlacedPeer
from tests.workflows.journal import Journal


class FakePersonalData:
    """Fulfils `domain.ports.PersonalData`."""

    def __init__(self, journal: Journal) -> None:
        self.refusal: ShopError | None = None
        self.subscriptions: tuple[SubscriptionId, ...] = ()
        self.peers: tuple[PlacedPeer, ...] = ()
        """On servers that have not let them go."""
        self._journal = journal

    async def erase(self, order: ErasureOrder, now: datetime) -> Departure:
        await self._journal.note("erase", order.user_id)
        if self.refusal is not None:
            raise self.refusal.with_traceback(None)
        return Departure(subscriptions=self.subscriptions, removals=self.peers)

    async def peers_left(self, erasure_id: ErasureId) -> Sequence[PlacedPeer]:
        await self._journal.note("peers_left", len(self.peers))
        return self.peers

    async def forget_devices(self, erasure_id: ErasureId, now: datetime) -> None:
        await self._journal.note("forget_devices", erasure_id)
