"""Whom an evacuation moves, in memory."""

from collections.abc import Sequence
from uuid import UUID

from domain.devices import DeviceTurn
from domain.errors import ShopError
from domain.evacuation import (
    Batch,
    Evacuation,
    EvacuationCause,
    EvacuationOrder,
    Handout,
    Relocation,
    Tally,
)
from domain.ids import DeviceId, EvacuationId, ServerId
from domain.subscriptions import PlacedPeer
from tests.workflows.fake_ledger import USER
from tests.workflows.journal import Journal


class FakeEvacuations:
    """Fulfils `domain.ports.EvacuationLedger`: from server 1 to server 2."""

    def __init__(self, journal: Journal) -> None:
        self.waiting: list[DeviceId] = []
        self.room = 1000
        self.refusal: ShopError | None = None
        self.handouts: dict[DeviceId, Handout] = {}
        self.left: list[PlacedPeer] = []
        self._settled: set[DeviceId] = set()
        self._batches: dict[int, list[Relocation]] = {}
        self._journal = journal

    def settle_in(self, number: int) -> list[DeviceId]:
        """Customers' devices on the server that is to be evacuated."""
        self.waiting = [DeviceId(UUID(int=each)) for each in range(1, number + 1)]
        return list(self.waiting)

    def rotate_for(self, devices: list[DeviceId]) -> None:
        """They stay where they are, and their files change."""
        self._batches[1] = [_relocation(each, EvacuationCause.KEY_ROTATION) for each in devices]
        self._settled |= set(devices)
        self.waiting = []

    def let_go(self, placed: PlacedPeer) -> None:
        """The old server has confirmed."""
        self.left = [each for each in self.left if each != placed]

    async def begin(self, order: EvacuationOrder) -> Evacuation:
        if self.refusal is not None:
            raise self.refusal.with_traceback(None)
        return Evacuation(
            evacuation_id=EvacuationId(1),
            source_id=ServerId(1),
            target_id=ServerId(2),
            next_batch=max(self._batches, default=0) + 1,
        )

    async def decide(self, evacuation: Evacuation, batch: int, limit: int) -> Batch:
        decided = self._batches.get(batch, [])
        while self.waiting and self.room and len(decided) < limit:
            self._batches[batch] = decided
            decided.append(self._move(evacuation, self.waiting.pop(0)))
            self.room -= 1
        await self._journal.note("decided", len(decided))
        return Batch(relocations=tuple(decided), is_full=bool(self.waiting) and not self.room)

    async def unfinished(
        self, evacuation: Evacuation, after: DeviceId | None, limit: int
    ) -> Sequence[Relocation]:
        rest = [
            each
            for each in self._all
            if each.turn.device_id not in self.handouts
            and (after is None or each.turn.device_id > after)
        ]
        return rest[:limit]

    async def note_settled(self, relocation: Relocation) -> None:
        self._settled.add(relocation.turn.device_id)
        await self._journal.note("settled", relocation.turn.device_id)

    async def note_handout(self, relocation: Relocation, handout: Handout) -> None:
        self.handouts[relocation.turn.device_id] = handout
        await self._journal.note("told", relocation.turn.device_id)

    async def tally(self, evacuation_id: EvacuationId) -> Tally:
        moved = {each.turn.device_id for each in self._all}
        return Tally(
            waiting=len(self.waiting),
            moved=len(moved),
            unsettled=len(moved - self._settled),
            untold=len(moved - self.handouts.keys()),
            sent=list(self.handouts.values()).count(Handout.SENT),
            unreachable=list(self.handouts.values()).count(Handout.UNREACHABLE),
            clinging=len(self.left),
        )

    async def left_behind(self, server_id: ServerId, limit: int) -> Sequence[PlacedPeer]:
        return self.left[:limit]

    async def finish(self, evacuation_id: EvacuationId) -> None:
        await self._journal.note("finished")

    @property
    def _all(self) -> list[Relocation]:
        return [each for batch in self._batches.values() for each in batch]

    def _move(self, evacuation: Evacuation, device_id: DeviceId) -> Relocation:
        placed = PlacedPeer(device_id=device_id, server_id=evacuation.source_id, revision=2)
        self.left.append(placed)
        return _relocation(device_id, EvacuationCause.EVACUATION)


def _relocation(device_id: DeviceId, cause: EvacuationCause) -> Relocation:
    turn = DeviceTurn(device_id=device_id, user_id=USER, revision=2)
    return Relocation(evacuation_id=EvacuationId(1), cause=cause, turn=turn)
