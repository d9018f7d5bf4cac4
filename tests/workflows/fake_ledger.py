"""The ledger in memory: purchases, grants, devices on servers with room or without."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_interface
from uuid import uuid5

from pydantic import SecretStr

from domain.errors import NoFreeAddress, ShopError, UnknownPurchase
from domain.ids import DeviceId, PurchaseId, ServerId, SubscriptionId, UserId, grant_id_of
from domain.payments import Cancellation, Invoice, PaymentSnapshot, RefundSnapshot
from domain.purchases import PurchaseOrder, PurchaseStage, Recollection, StuckReason
from domain.referrals import Reward, RewardState, SettledReward
from domain.servers import ClientConfig, Peer, PeerRemoval, Server, ServerState
from domain.subscriptions import (
    Ending,
    Grant,
    Move,
    PlacedPeer,
    Subscription,
    SubscriptionState,
    end_after,
)
from tests.workflows.journal import Journal

KEY = "A" * 43 + "="
USER = UserId(1001)


def a_server(number: int) -> Server:
    """`nl1` is server 1."""
    return Server(
        server_id=ServerId(number),
        slug=f"nl{number}",
        location="nl",
        state=ServerState.SELLING,
        endpoint_host="nl.example",
        endpoint_port=51820,
        public_key=KEY,
        interface="wg0",
        dns=(ip_address("10.8.0.1"),),
        ssh_host="127.0.0.1",
        ssh_user="wgshop",
        ssh_host_key="ssh-ed25519 AAAA",
    )


class FakeLedger:
    """Fulfils `PurchaseLedger` and `AccessLedger` for one customer with one device."""

    def __init__(self, journal: Journal) -> None:
        self.servers = [a_server(1), a_server(2)]
        """Servers with room, the preferred first."""
        self.outage: ShopError | None = None
        self.on_removal: Callable[[PlacedPeer], None] = lambda _: None
        """What else is known once a server has let go of a peer."""
        self.erased: set[PurchaseId] = set()
        """Purchases whose customer has had their data erased."""
        self.stages: dict[PurchaseId, PurchaseStage] = {}
        self.cancellations: dict[PurchaseId, Cancellation | None] = {}
        self.grants: dict[PurchaseId, Grant] = {}
        self.rewards: dict[PurchaseId, Reward] = {}
        """What a purchase earns whoever invited its buyer."""
        self.reward_state = RewardState.GRANTED
        self.inviters_subscription: SubscriptionId | None = None
        self.states: dict[SubscriptionId, SubscriptionState] = {}
        self.subscriptions: dict[PurchaseId, SubscriptionId] = {}
        """What a purchase extends, where it does not open a subscription of its own."""
        self._orders: dict[PurchaseId, PurchaseOrder] = {}
        self._invoices: dict[tuple[PurchaseId, int], Invoice] = {}
        self._placed: dict[DeviceId, tuple[Server, int]] = {}
        self._journal = journal

    def open(self, order: PurchaseOrder) -> None:
        """What the bot or the API does before the purchase begins."""
        self._orders.setdefault(order.purchase_id, order)
        self.stages.setdefault(order.purchase_id, PurchaseStage.PREPARING)

    def sell(self, subscription_id: SubscriptionId, now: datetime, time: timedelta) -> None:
        """A purchase of more time, decided in the ledger."""
        known = self.states.get(subscription_id)
        self.states[subscription_id] = SubscriptionState(
            subscription_id=subscription_id,
            user_id=USER,
            expires_at=end_after(known.expires_at if known else None, now, time),
            revision=known.revision + 1 if known else 1,
            end_set_at=now,
            reminder_leads=(timedelta(days=3), timedelta(days=1)),
            win_backs=(timedelta(days=3),),
            renews_itself=known.renews_itself if known else None,
        )
        device_id = _device_of(subscription_id)
        if self.servers and device_id not in self._placed:
            self._place(device_id, away_from=None)

    def decide_anew(self, device_id: DeviceId) -> None:
        """Another decision about a device, which stays where it is."""
        server, revision = self._placed[device_id]
        self._placed[device_id] = (server, revision + 1)

    def evacuate_first_server(self) -> None:
        """Everybody on it has been moved to the second."""
        first, second = self.servers
        for device_id, (server, revision) in self._placed.items():
            if server == first:
                self._placed[device_id] = (second, revision + 1)

    # PurchaseLedger

    async def record_invoice(self, purchase_id: PurchaseId, attempt: int, invoice: Invoice) -> None:
        await self._at_work("record_invoice", attempt)
        self._invoices.setdefault((purchase_id, attempt), invoice)
        await self._publish(purchase_id, PurchaseStage.AWAITING_PAYMENT)

    async def enter_stage(
        self,
        purchase_id: PurchaseId,
        stage: PurchaseStage,
        *,
        stuck_reason: StuckReason | None = None,
        cancellation: Cancellation | None = None,
    ) -> None:
        await self._at_work("enter_stage", stuck_reason)
        self.cancellations[purchase_id] = cancellation
        await self._publish(purchase_id, stage)

    async def record_payment(self, purchase_id: PurchaseId, payment: PaymentSnapshot) -> None:
        await self._at_work("record_payment", payment)

    async def record_payment_and_grant(
        self, purchase_id: PurchaseId, payment: PaymentSnapshot, now: datetime
    ) -> Grant:
        await self._at_work("record_payment_and_grant", payment)
        if purchase_id not in self.grants:
            self.grants[purchase_id] = self._new_grant(self._orders[purchase_id], now)
        await self._publish(purchase_id, PurchaseStage.SETTING_UP)
        reward = self.rewards.get(purchase_id)
        return self.grants[purchase_id].model_copy(update={"reward": reward})

    async def settle(self, purchase_id: PurchaseId, now: datetime) -> SettledReward | None:
        await self._at_work("settle", now)
        if self.reward_state is RewardState.CANCELLED:
            return None
        subscription_id = self.inviters_subscription
        is_granted = self.reward_state is RewardState.GRANTED
        return SettledReward(
            state=self.reward_state,
            referrer_id=USER,
            friend_id=self.rewards[purchase_id].friend_id,
            days=7,
            subscription_id=subscription_id if is_granted else None,
        )

    async def record_payment_and_wrap(
        self, purchase_id: PurchaseId, payment: PaymentSnapshot, now: datetime
    ) -> Reward | None:
        await self._at_work("record_payment_and_wrap", payment)
        return self.rewards.get(purchase_id)

    async def grant_free(self, purchase_id: PurchaseId, now: datetime) -> Grant:
        await self._at_work("grant_free", purchase_id)
        if purchase_id not in self.grants:
            self.grants[purchase_id] = self._new_grant(self._orders[purchase_id], now)
        await self._publish(purchase_id, PurchaseStage.SETTING_UP)
        return self.grants[purchase_id]

    async def revoke_free(self, purchase_id: PurchaseId, now: datetime) -> Sequence[PlacedPeer]:
        await self._at_work("revoke_free", purchase_id)
        await self._publish(purchase_id, PurchaseStage.REFUNDED)
        return self._leaving(self.grants[purchase_id].device_id)

    async def record_refund_and_revoke(
        self, purchase_id: PurchaseId, refund: RefundSnapshot, now: datetime
    ) -> Sequence[PlacedPeer]:
        await self._at_work("record_refund_and_revoke", refund)
        await self._publish(purchase_id, PurchaseStage.REFUNDED)
        grant = self.grants.get(purchase_id)
        return () if grant is None else self._leaving(grant.device_id)

    async def recall(self, purchase_id: PurchaseId, attempt: int) -> Recollection:
        await self._at_work("recall", attempt)
        return Recollection(
            stage=self.stages[purchase_id], invoice=self._invoices.get((purchase_id, attempt))
        )

    async def is_erased(self, purchase_id: PurchaseId) -> bool:
        return purchase_id in self.erased

    async def record_repair(
        self, purchase_id: PurchaseId, action: str, actor: str, at: datetime
    ) -> None:
        await self._at_work("record_repair", (action, actor))

    # AccessLedger

    async def placed_peer(self, device_id: DeviceId) -> Peer:
        await self._at_work("placed_peer", device_id)
        if device_id not in self._placed:
            self._place(device_id, away_from=None)
        server, revision = self._placed[device_id]
        return Peer(
            device_id=device_id,
            server=server,
            public_key=KEY,
            preshared_key=SecretStr(KEY),
            ipv4=ip_address("10.8.0.2"),
            ipv6=ip_address("fd00::2"),
            revision=revision,
        )

    async def move_device(self, device_id: DeviceId, away_from: str | None) -> Move:
        await self._at_work("move_device", away_from)
        placed = self._placed.get(device_id)
        if placed is not None and placed[0].slug != away_from:
            return Move(server=placed[0].slug)
        self._place(device_id, away_from=away_from)
        left = None
        if placed is not None:
            left = PlacedPeer(
                device_id=device_id, server_id=placed[0].server_id, revision=placed[1] + 1
            )
        return Move(server=self._placed[device_id][0].slug, left=left)

    async def removal(self, placed: PlacedPeer) -> PeerRemoval:
        server = a_server(placed.server_id)
        return PeerRemoval(server=server, public_key=KEY, revision=placed.revision)

    async def confirm_removal(self, placed: PlacedPeer) -> None:
        self.on_removal(placed)
        await self._at_work("confirm_removal", placed)

    async def subscription_state(self, subscription_id: SubscriptionId) -> SubscriptionState:
        await self._at_work("subscription_state", subscription_id)
        return self.states[subscription_id]

    async def end_subscription(self, subscription_id: SubscriptionId, now: datetime) -> Ending:
        await self._at_work("end_subscription", now)
        end = self.states[subscription_id].expires_at
        if end > now:
            return Ending(ended=False, expires_at=end)
        device_id = _device_of(subscription_id)
        return Ending(ended=True, expires_at=end, removals=self._leaving(device_id))

    async def client_config(self, device_id: DeviceId) -> ClientConfig:
        await self._at_work("client_config", device_id)
        return ClientConfig(
            private_key=SecretStr(KEY),
            preshared_key=SecretStr(KEY),
            ipv4=ip_interface("10.8.0.2/32"),
            ipv6=ip_interface("fd00::2/128"),
            dns=(ip_address("10.8.0.1"),),
            mtu=1420,
            server_public_key=KEY,
            endpoint_host="nl.example",
            endpoint_port=51820,
            name=f"wg-{self._placed[device_id][0].slug}",
        )

    async def subscription_of(self, user_id: UserId) -> Subscription | None:
        raise NotImplementedError(f"no workflow asks for the subscription of {user_id}")

    def _new_grant(self, order: PurchaseOrder, now: datetime) -> Grant:
        subscription_id = self.subscriptions.get(order.purchase_id, subscription_of(order))
        self.sell(subscription_id, now, order.duration)
        device_id = _device_of(subscription_id)
        end = self.states[subscription_id].expires_at
        return Grant(
            grant_id=grant_id_of(order.purchase_id),
            purchase_id=order.purchase_id,
            subscription_id=subscription_id,
            device_id=device_id,
            user_id=order.user_id,
            starts_at=end - order.duration,
            expires_at=end,
            is_renewal=False,
            server=self._placed[device_id][0].slug if self.servers else None,
        )

    def _place(self, device_id: DeviceId, *, away_from: str | None) -> None:
        room = [server for server in self.servers if server.slug != away_from]
        if not room:
            raise NoFreeAddress("no server has a free address: add a server, then retry")
        revision = self._placed[device_id][1] + 2 if device_id in self._placed else 1
        self._placed[device_id] = (room[0], revision)

    def _leaving(self, device_id: DeviceId) -> tuple[PlacedPeer, ...]:
        if device_id not in self._placed:
            return ()
        server, revision = self._placed[device_id]
        return (PlacedPeer(device_id=device_id, server_id=server.server_id, revision=revision + 1),)

    async def _publish(self, purchase_id: PurchaseId, stage: PurchaseStage) -> None:
        if purchase_id not in self.stages:
            raise UnknownPurchase(f"there is no purchase {purchase_id} in the ledger")
        self.stages[purchase_id] = stage
        await self._journal.note("stage", stage)

    async def _at_work(self, step: str, about: object) -> None:
        await self._journal.note(step, about)
        if self.outage is not None:
            raise self.outage.with_traceback(None)


def subscription_of(order: PurchaseOrder) -> SubscriptionId:
    """The subscription that a purchase opens."""
    return SubscriptionId(uuid5(order.purchase_id, "subscription"))


def _device_of(subscription_id: SubscriptionId) -> DeviceId:
    return DeviceId(uuid5(subscription_id, "device:1"))
