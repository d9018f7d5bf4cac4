"""VPN servers and Telegram in memory."""

from collections.abc import Callable, Sequence

from domain.errors import ServerUnavailable, ShopError, TelegramUnavailable
from domain.health import FullAlarm, HealthAlarm
from domain.ids import PurchaseId
from domain.notices import (
    ConfigDelivery,
    Delivery,
    DeviceNotice,
    GiftDelivery,
    HandoutNotice,
    Reminder,
    ReminderKind,
)
from domain.privacy import ErasureNotice
from domain.purchases import Alarm, PurchaseNotice
from domain.quotas import QuotaNotice
from domain.reconciling import DriftAlarm, Listing, PeerSet
from domain.referrals import SettledReward
from domain.refund_orders import RefundAlarm, RefundNotice
from domain.renewals import RenewalNotice
from domain.servers import ClientConfig, Peer, PeerRemoval, PeerStatistics, Server, ServerInfo
from tests.workflows.journal import Journal


class FakePeers:
    """Fulfils `domain.ports.PeerGateway`."""

    def __init__(self, journal: Journal) -> None:
        self.faults: dict[str, ShopError] = {}
        """By a server's slug."""
        self.removal_faults: dict[str, ShopError] = {}
        """For taking a peer off, which may work where putting one on does not."""
        self.on_fault: Callable[[], None] = lambda: None
        """What happens elsewhere while a server does not do as it is told."""
        self.holders: set[str] = set()
        """The slugs of the servers that hold the customer's peer."""
        self._journal = journal

    def take_down(self, *slugs: str) -> None:
        """These servers do not answer."""
        self.take_none(*slugs)
        self.removal_faults |= self.faults

    def take_none(self, *slugs: str) -> None:
        """These servers take no new peer; they still let one go."""
        self.faults |= {slug: ServerUnavailable(f"{slug}: no route to host") for slug in slugs}

    def bring_back(self, *slugs: str) -> None:
        """These servers answer again."""
        for slug in slugs:
            self.faults.pop(slug, None)
            self.removal_faults.pop(slug, None)

    async def ensure_peer(self, peer: Peer) -> None:
        await self._reach("ensure_peer", peer.server, self.faults)
        self.holders.add(peer.server.slug)
        await self._journal.note("peer_held", peer.server.slug)

    async def remove_peer(self, removal: PeerRemoval) -> None:
        await self._reach("remove_peer", removal.server, self.removal_faults)
        self.holders.discard(removal.server.slug)
        await self._journal.note("peer_removed", removal.server.slug)

    async def info(self, server: Server) -> ServerInfo:
        await self._reach("info", server, self.faults)
        return ServerInfo(
            version="1.2.0",
            interface=server.interface,
            public_key=server.public_key,
            listen_port=server.endpoint_port,
            peer_count=0,
        )

    async def statistics(self, server: Server) -> Sequence[PeerStatistics]:
        await self._reach("statistics", server, self.faults)
        return ()

    async def listing(self, server: Server) -> Listing:
        await self._reach("listing", server, self.faults)
        return Listing(version="1.2.0")

    async def sync(self, server: Server, wanted: PeerSet) -> None:
        await self._journal.note("synced", server.slug)

    async def _reach(self, what: str, server: Server, faults: dict[str, ShopError]) -> None:
        await self._journal.note(what, server.slug)
        if server.slug in faults:
            fault = faults[server.slug].with_traceback(None)
            self.on_fault()
            raise fault


class FakeNotices:
    """Fulfils `domain.ports.Notices`."""

    def __init__(self, journal: Journal) -> None:
        self.outage: ShopError | None = None
        self.outcome = Delivery.DELIVERED
        self.renewal_news: list[RenewalNotice] = []
        self._journal = journal

    def take_down(self) -> None:
        """Telegram does not answer."""
        self.outage = TelegramUnavailable("502 Bad Gateway")

    def bring_back(self) -> None:
        """Telegram answers again."""
        self.outage = None

    async def show_purchase(self, notice: PurchaseNotice) -> Delivery:
        await self._journal.note("try_to_show", notice.stage)
        return await self._send("shown", notice)

    async def deliver_config(self, delivery: ConfigDelivery, config: ClientConfig) -> Delivery:
        return await self._send("delivered", (delivery, config.file_name))

    async def hand_over_gift(self, delivery: GiftDelivery) -> Delivery:
        return await self._send("gift_handed_over", delivery.purchase_id)

    async def tell_giver(self, opening_id: PurchaseId) -> Delivery:
        return await self._send("giver_told", opening_id)

    async def deliver_device(self, notice: DeviceNotice, config: ClientConfig) -> Delivery:
        return await self._send("device_delivered", notice)

    async def tell_device_delayed(self, notice: DeviceNotice) -> Delivery:
        return await self._send("device_delayed", notice)

    async def hand_out(self, notice: HandoutNotice, config: ClientConfig) -> Delivery:
        return await self._send("handed_out", notice.device_id)

    async def tell_referrer(self, reward: SettledReward) -> Delivery:
        return await self._send("referrer_told", reward.state)

    async def raise_alarm(self, alarm: Alarm) -> None:
        await self._send("alarm", alarm)

    async def remind(self, kind: ReminderKind, reminder: Reminder) -> Delivery:
        await self._journal.note("try_to_remind", kind)
        return await self._send("reminded", kind)

    async def raise_drift_alarm(self, alarm: DriftAlarm) -> None:
        await self._send("drift_alarm", alarm)

    async def raise_health_alarm(self, alarm: HealthAlarm) -> None:
        await self._send("health_alarm", alarm)

    async def raise_full_alarm(self, alarm: FullAlarm) -> None:
        await self._send("full_alarm", alarm.plans)

    async def raise_refund_alarm(self, alarm: RefundAlarm) -> None:
        await self._send("refund_alarm", alarm)

    async def tell_refund(self, notice: RefundNotice) -> Delivery:
        return await self._send("refund_news", notice.news)

    async def tell_renewal(self, notice: RenewalNotice) -> Delivery:
        self.renewal_news.append(notice)
        return await self._send("renewal", notice.news)

    async def tell_quota(self, notice: QuotaNotice) -> Delivery:
        return await self._send("quota_told", notice.mark)

    async def show_erasure(self, notice: ErasureNotice) -> Delivery:
        return await self._send("erasure_shown", notice.stage)

    async def _send(self, what: str, message: object) -> Delivery:
        if self.outage is not None:
            raise self.outage.with_traceback(None)
        await self._journal.note(what, message)
        return self.outcome
