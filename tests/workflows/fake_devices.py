"""What the ledger says of devices beside a subscription's first, and of traffic, in memory."""

from collections.abc import Sequence
from datetime import datetime

from domain.devices import DeviceTurn, DeviceWork
from domain.errors import ShopError
from domain.ids import DeviceId, ServerId, SubscriptionId, UserId
from domain.locations import LocationOrder
from domain.quotas import QuotaNotice
from domain.servers import PeerStatistics, Server
from domain.subscriptions import PlacedPeer
from tests.workflows.journal import Journal


class FakeDevices:
    """Fulfils `DeviceLedger` and `DeviceKeeper`."""

    def __init__(self, journal: Journal) -> None:
        self.decided: dict[SubscriptionId, DeviceWork] = {}
        """What the servers have to be told, by subscription."""
        self.obsolete: set[DeviceTurn] = set()
        """Decisions that a later one has overtaken."""
        self.everything_is_obsolete = False
        self.retired: list[PlacedPeer] = []
        """Replaced keys that servers may still hold."""
        self.left: list[PlacedPeer] = []
        """Peers at servers where devices were before."""
        self.places: dict[DeviceTurn, str] = {}
        """Where customers have taken devices by those decisions."""
        self.files: dict[DeviceId, str] = {}
        """The digest of the file that a device's owner has."""
        self.refusal: ShopError | None = None
        self._journal = journal

    async def reissue(
        self, user_id: UserId, device_id: DeviceId, revision: int, now: datetime
    ) -> DeviceWork:
        await self._journal.note("reissued", device_id)
        if self.refusal is not None:
            raise self.refusal.with_traceback(None)
        return DeviceWork()

    async def change_location(self, order: LocationOrder, now: datetime) -> DeviceWork:
        await self._journal.note("location_changed", order.location)
        if self.refusal is not None:
            raise self.refusal.with_traceback(None)
        return DeviceWork()

    async def left_behind(self, device_id: DeviceId) -> Sequence[PlacedPeer]:
        return [each for each in self.left if each.device_id == device_id]

    async def chosen_place(self, turn: DeviceTurn) -> str | None:
        return self.places.get(turn)

    async def work(self, subscription_id: SubscriptionId) -> DeviceWork:
        return self.decided.get(subscription_id, DeviceWork())

    async def is_current(self, turn: DeviceTurn) -> bool:
        return not self.everything_is_obsolete and turn not in self.obsolete

    async def confirm_peer(self, device_id: DeviceId, revision: int) -> None:
        await self._journal.note("confirm_peer", device_id)

    async def retired_peers(self, device_id: DeviceId, server_id: ServerId) -> Sequence[PlacedPeer]:
        return [
            each
            for each in self.retired
            if (each.device_id, each.server_id) == (device_id, server_id)
        ]

    async def name_of(self, device_id: DeviceId) -> str:
        return "Laptop"

    async def file_of(self, device_id: DeviceId) -> str | None:
        return self.files.get(device_id)

    async def note_file(self, device_id: DeviceId, digest: str) -> None:
        self.files[device_id] = digest


class FakeQuotas:
    """Fulfils `QuotaLedger`."""

    def __init__(self, journal: Journal) -> None:
        self.due: list[QuotaNotice] = []
        """Named until it is noted that they were told."""
        self.times: list[datetime] = []
        self.is_forgetful = False
        self._journal = journal

    async def settle(self, now: datetime, limit: int) -> Sequence[QuotaNotice]:
        self.times.append(now)
        return self.due[:limit]

    async def note_told(self, notice: QuotaNotice) -> None:
        if not self.is_forgetful:
            self.due.remove(notice)
        await self._journal.note("quota_noted", notice.mark)


class FakeSpeeds:
    """Fulfils `SpeedLedger`."""

    def __init__(self, journal: Journal) -> None:
        self.untold: list[DeviceTurn] = []
        self._journal = journal

    async def settle(self, limit: int) -> Sequence[DeviceTurn]:
        await self._journal.note("speeds_settled")
        return self.untold[:limit]


class FakeTraffic:
    """Fulfils `TrafficLedger`."""

    def __init__(self, journal: Journal) -> None:
        self.known: list[Server] = []
        self.is_away = False
        self._journal = journal

    async def servers(self) -> Sequence[Server]:
        await self._journal.note("asked_for_servers")
        if self.is_away:
            raise OSError("the database does not answer")
        return self.known

    async def note(
        self, server_id: ServerId, peers: Sequence[PeerStatistics], now: datetime
    ) -> None:
        await self._journal.note("counted", server_id)
