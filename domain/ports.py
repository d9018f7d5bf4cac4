"""What the shop needs from the outside world; `infra` and `bot` fulfil it, `workers` joins them.

Every method may be called twice with the same arguments, at any time, with the same outcome.
Errors are the types of `domain.errors`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.devices import DeviceTurn, DeviceWork
from domain.evacuation import (
    Batch,
    Evacuation,
    EvacuationOrder,
    Handout,
    Relocation,
    Tally,
)
from domain.health import Census, FullAlarm, Health, HealthAlarm, HealthRecord, Look, Patient
from domain.ids import (
    DeviceId,
    ErasureId,
    EvacuationId,
    MessageId,
    PaymentId,
    ProviderPaymentId,
    ProviderRefundId,
    PurchaseId,
    RefundId,
    ServerId,
    SubscriptionId,
    UserId,
)
from domain.locations import LocationOrder
from domain.notices import (
    ClaimedNotice,
    ConfigDelivery,
    Delivery,
    DeviceNotice,
    GiftDelivery,
    HandoutNotice,
    Reminder,
    ReminderKind,
)
from domain.payments import (
    Cancellation,
    Invoice,
    InvoiceRequest,
    PaymentSnapshot,
    RefundRequest,
    RefundSnapshot,
)
from domain.plan_changes import Changed, ChangeOrder
from domain.privacy import Departure, ErasureNotice, ErasureOrder
from domain.purchases import (
    Alarm,
    PurchaseNotice,
    PurchaseStage,
    Recollection,
    RepairAction,
    StuckReason,
)
from domain.quotas import QuotaNotice
from domain.reconciling import (
    Drift,
    DriftAlarm,
    Listing,
    Muster,
    PeerSet,
    ReconcileOrder,
    Roll,
)
from domain.referrals import Reward, SettledReward
from domain.refund_orders import (
    RefundAlarm,
    RefundDecision,
    RefundNotice,
    RefundOrder,
    RefundVerdict,
)
from domain.renewals import ChargeDecision, RenewalNotice, WantedCharge
from domain.servers import ClientConfig, Peer, PeerRemoval, PeerStatistics, Server, ServerInfo
from domain.subscriptions import Ending, Grant, Move, PlacedPeer, Subscription, SubscriptionState


class PaymentProvider(Protocol):
    """Collects money and gives it back; there is one for each `Provider`.

    Raises `ProviderUnavailable`, `ProviderThrottled` or `ProviderRefused`.
    """

    @property
    def shop_id(self) -> str:
        """The account that receives the money; a payment to another is not ours."""
        ...

    async def create_invoice(self, request: InvoiceRequest, *, key: str) -> Invoice:
        """Make a payment page. `key` (at most 64 characters) makes a repeat return the same."""
        ...

    async def fetch_payment(self, payment_id: ProviderPaymentId) -> PaymentSnapshot:
        """The truth about a payment."""
        ...

    async def refund(self, request: RefundRequest, *, key: str) -> RefundSnapshot:
        """Give money back. `key` makes a repeat return the same refund."""
        ...

    async def fetch_refund(self, refund_id: ProviderRefundId) -> RefundSnapshot:
        """The truth about a refund; the provider sends no notice of a cancelled one."""
        ...


class PeerGateway(Protocol):
    """Puts peers on VPN servers.

    Raises `ServerUnavailable` or `ServerRefused`; `PeerSuperseded` when the server knows a newer
    revision of the peer.
    """

    async def ensure_peer(self, peer: Peer) -> None:
        """After this the server holds exactly this peer."""
        ...

    async def remove_peer(self, removal: PeerRemoval) -> None:
        """After this the server does not hold the peer."""
        ...

    async def info(self, server: Server) -> ServerInfo:
        """What the server says of itself."""
        ...

    async def statistics(self, server: Server) -> Sequence[PeerStatistics]:
        """The counters of every peer on the server."""
        ...

    async def listing(self, server: Server) -> Listing:
        """All that the server holds."""
        ...

    async def sync(self, server: Server, wanted: PeerSet) -> None:
        """After this the server holds the whole set; `PeerSuperseded` when it knows a newer one."""
        ...


class Notices(Protocol):
    """Tells customers and staff.

    Raises `TelegramUnavailable`, `TelegramThrottled` or `TelegramOutcomeUnknown`; a customer who
    cannot be reached is an outcome, not an error.
    """

    async def show_purchase(self, notice: PurchaseNotice) -> Delivery:
        """Edit the payment message so that it tells the truth."""
        ...

    async def deliver_config(self, delivery: ConfigDelivery, config: ClientConfig) -> Delivery:
        """Send the file and its QR picture, then turn the payment message into "ready"."""
        ...

    async def hand_over_gift(self, delivery: GiftDelivery) -> Delivery:
        """Turn the payment message into the gift's link."""
        ...

    async def tell_giver(self, opening_id: PurchaseId) -> Delivery:
        """Tell who gave it that their gift was opened, once."""
        ...

    async def deliver_device(self, notice: DeviceNotice, config: ClientConfig) -> Delivery:
        """Send the device's file and QR picture, then say so; the same file only once."""
        ...

    async def tell_device_delayed(self, notice: DeviceNotice) -> Delivery:
        """Tell the customer that the device's file takes longer, once for each decision."""
        ...

    async def hand_out(self, notice: HandoutNotice, config: ClientConfig) -> Delivery:
        """Send a file that replaces the customer's, and say why; once for each decision."""
        ...

    async def tell_referrer(self, reward: SettledReward) -> Delivery:
        """Tell who invited a friend what that has brought them, once."""
        ...

    async def raise_alarm(self, alarm: Alarm) -> None:
        """Tell the staff, once for each parking, with a button for each repair."""
        ...

    async def tell_renewal(self, notice: RenewalNotice) -> Delivery:
        """Tell the customer about a charge: once for each kind, end and try."""
        ...

    async def raise_drift_alarm(self, alarm: DriftAlarm) -> None:
        """Tell the staff that a server was not what the ledger says, once for each occasion."""
        ...

    async def raise_health_alarm(self, alarm: HealthAlarm) -> None:
        """Tell the staff that a server fell or has come back, once for each occasion."""
        ...

    async def raise_full_alarm(self, alarm: FullAlarm) -> None:
        """Tell the staff that plans cannot be sold, once for each occasion."""
        ...

    async def raise_refund_alarm(self, alarm: RefundAlarm) -> None:
        """Tell the staff of a refused refund, once for each parking, with a button for each way."""
        ...

    async def tell_refund(self, notice: RefundNotice) -> Delivery:
        """Tell the customer what became of a refund: once for each payment."""
        ...

    async def remind(self, kind: ReminderKind, reminder: Reminder) -> Delivery:
        """Tell the customer of an end to come, or one that came: once for each kind and end."""
        ...

    async def tell_quota(self, notice: QuotaNotice) -> Delivery:
        """Tell the customer how far their traffic is used: once for each mark and period."""
        ...

    async def show_erasure(self, notice: ErasureNotice) -> Delivery:
        """Edit the message with the button; nothing is noted about whom it was for."""
        ...


class NoticeBook(Protocol):
    """Remembers which notices went out, so that a repeat can be recognised."""

    async def claim(self, key: str, user_id: UserId | None) -> ClaimedNotice:
        """Ask before sending; a second claim of an unconfirmed key is answered UNCERTAIN."""
        ...

    async def confirm(self, key: str, message_id: MessageId) -> None:
        """The notice arrived as this message."""
        ...

    async def release(self, key: str) -> None:
        """The notice is known not to have gone out: the next claim is FRESH again."""
        ...

    async def note_unreachable(self, user_id: UserId) -> None:
        """The customer has blocked the bot."""
        ...


class PurchaseLedger(Protocol):
    """The truth about what was sold, paid and granted. Raises `UnknownPurchase`."""

    async def record_invoice(self, purchase_id: PurchaseId, attempt: int, invoice: Invoice) -> None:
        """Note the payment page of that attempt; the purchase now awaits payment."""
        ...

    async def enter_stage(
        self,
        purchase_id: PurchaseId,
        stage: PurchaseStage,
        *,
        stuck_reason: StuckReason | None = None,
        cancellation: Cancellation | None = None,
    ) -> None:
        """Publish a stage that no other call implies."""
        ...

    async def record_payment(self, purchase_id: PurchaseId, payment: PaymentSnapshot) -> None:
        """Note a succeeded payment without granting anything: it was not what was agreed."""
        ...

    async def record_payment_and_grant(
        self, purchase_id: PurchaseId, payment: PaymentSnapshot, now: datetime
    ) -> Grant:
        """Note the payment and decide everything that it gives, in one transaction.

        The end of access, the device's keys, its server and addresses are chosen here, under a
        lock on the customer. A repeat returns the same grant.
        """
        ...

    async def record_payment_and_wrap(
        self, purchase_id: PurchaseId, payment: PaymentSnapshot, now: datetime
    ) -> Reward | None:
        """Note the payment of a gift, in one transaction with the gift that can now be opened.

        The reward is what it has earned whoever invited the giver.
        """
        ...

    async def grant_free(self, purchase_id: PurchaseId, now: datetime) -> Grant:
        """Decide everything that a trial or the opening of a gift gives.

        A repeat returns the same grant. Raises `NotPaid` for any other purchase.
        """
        ...

    async def revoke_free(self, purchase_id: PurchaseId, now: datetime) -> Sequence[PlacedPeer]:
        """Take back what could not be set up; a gift can be opened once more."""
        ...

    async def record_refund_and_revoke(
        self, purchase_id: PurchaseId, refund: RefundSnapshot, now: datetime
    ) -> Sequence[PlacedPeer]:
        """Note the refund and take back what the purchase gave; the peers that have to leave."""
        ...

    async def recall(self, purchase_id: PurchaseId, attempt: int) -> Recollection:
        """What earlier runs of the purchase left behind."""
        ...

    async def is_erased(self, purchase_id: PurchaseId) -> bool:
        """Whether the customer of the purchase has had their data erased."""
        ...

    async def record_repair(
        self, purchase_id: PurchaseId, action: RepairAction, actor: str, at: datetime
    ) -> None:
        """Write a person's decision into the audit log."""
        ...


class RewardLedger(Protocol):
    """The truth about what customers get for inviting others."""

    async def settle(self, purchase_id: PurchaseId, now: datetime) -> SettledReward | None:
        """Grant the reward that the purchase has earned, or keep it as credit.

        None where the friend's money went back. A repeat returns what was decided.
        """
        ...


class AccessLedger(Protocol):
    """The truth about who may connect where."""

    async def placed_peer(self, device_id: DeviceId) -> Peer:
        """The device's peer, placed on a server now if it had none.

        Raises `NoFreeAddress`.
        """
        ...

    async def move_device(self, device_id: DeviceId, away_from: str | None) -> Move:
        """Decide for another server.

        A device that is not on `away_from` (a slug) has moved already: nothing changes.
        Raises `NoFreeAddress`; then the device stays where it is.
        """
        ...

    async def removal(self, placed: PlacedPeer) -> PeerRemoval:
        """What a server needs to know to remove a peer."""
        ...

    async def confirm_removal(self, placed: PlacedPeer) -> None:
        """The server holds the peer no more: its address may be given to another."""
        ...

    async def subscription_state(self, subscription_id: SubscriptionId) -> SubscriptionState:
        """The subscription's end and revision, as they are now."""
        ...

    async def end_subscription(self, subscription_id: SubscriptionId, now: datetime) -> Ending:
        """End a subscription whose time has passed; one extended meanwhile goes on."""
        ...

    async def client_config(self, device_id: DeviceId) -> ClientConfig:
        """The device's configuration, decrypted."""
        ...

    async def subscription_of(self, user_id: UserId) -> Subscription | None:
        """The customer's subscription, active or the last that was."""
        ...


class RenewalLedger(Protocol):
    """The truth about what renews by itself, and which charge is due."""

    async def decide_charge(self, wanted: WantedCharge) -> ChargeDecision:
        """Decide whether the kept card is charged now; a repeat returns the same purchase."""
        ...

    async def note_failure(self, wanted: WantedCharge) -> ChargeDecision:
        """A try was declined: why, and whether it was the last one."""
        ...


class DeviceLedger(Protocol):
    """The truth about devices: what their servers have to know, and do know."""

    async def work(self, subscription_id: SubscriptionId) -> DeviceWork:
        """What the servers have to be told of the subscription's devices."""
        ...

    async def is_current(self, turn: DeviceTurn) -> bool:
        """Whether the device may connect, with the keys and the place of that decision."""
        ...

    async def confirm_peer(self, device_id: DeviceId, revision: int) -> None:
        """The device's server holds the peer of that revision."""
        ...

    async def retired_peers(self, device_id: DeviceId, server_id: ServerId) -> Sequence[PlacedPeer]:
        """The device's replaced keys that the server may still hold; they leave first."""
        ...

    async def left_behind(self, device_id: DeviceId) -> Sequence[PlacedPeer]:
        """The device's peers at its former servers, until those confirm that they are gone."""
        ...

    async def chosen_place(self, turn: DeviceTurn) -> str | None:
        """Where the device is, if by that decision its customer took it elsewhere."""
        ...

    async def name_of(self, device_id: DeviceId) -> str:
        """What the customer calls the device; empty where they never gave it a name."""
        ...

    async def file_of(self, device_id: DeviceId) -> str | None:
        """The digest of the file that its owner was last given; None where none is known."""
        ...

    async def note_file(self, device_id: DeviceId, digest: str) -> None:
        """Its owner was given that file."""
        ...


class TrafficLedger(Protocol):
    """What devices have transferred."""

    async def servers(self) -> Sequence[Server]:
        """The servers to ask for counters."""
        ...

    async def note(
        self, server_id: ServerId, peers: Sequence[PeerStatistics], now: datetime
    ) -> None:
        """Add what is new in a server's counters; the customers' addresses are not kept."""
        ...


class QuotaLedger(Protocol):
    """What subscriptions have used of their plans' traffic."""

    async def settle(self, now: datetime, limit: int) -> Sequence[QuotaNotice]:
        """Begin the periods that are due; who has come to a mark and has not heard of it."""
        ...

    async def note_told(self, notice: QuotaNotice) -> None:
        """The customer hears of it."""
        ...


class SpeedLedger(Protocol):
    """How fast devices may be."""

    async def settle(self, limit: int) -> Sequence[DeviceTurn]:
        """Decide for the speeds that plans have now; what servers have not heard of, at most."""
        ...


class ReconcileLedger(Protocol):
    """What a server has to hold, and how far from it it was."""

    async def roll(self, server_id: ServerId) -> Roll:
        """The server, and what it has confirmed until now. Raises `FleetRefused`."""
        ...

    async def servers(self) -> Sequence[ReconcileOrder]:
        """The servers to look after: those that nobody has declared down."""
        ...

    async def muster(self, roll: Roll, listing: Listing) -> Muster:
        """Its whole set, read at one moment, with a generation newer than every other's.

        Of the keys that it holds, those that do not belong there are named as departed.
        """
        ...

    async def note_drift(self, server_id: ServerId, generation: int, drift: Drift) -> Drift:
        """Count it, before it is mended; with it what an interrupted try had found."""
        ...

    async def note_mended(self, server_id: ServerId, generation: int) -> None:
        """The server has been brought to that generation."""
        ...


class HealthLedger(Protocol):
    """Which servers are well, and what the staff know of it. Raises `FleetRefused`."""

    async def patients(self) -> Sequence[Patient]:
        """The servers to look at: those that nobody has declared down."""
        ...

    async def census(self, server_id: ServerId) -> Census:
        """How many peers a server that was just asked should have told of."""
        ...

    async def note_look(self, server_id: ServerId, look: Look, now: datetime) -> HealthRecord:
        """Add a look; what is known then."""
        ...

    async def note_told(self, server_id: ServerId, health: Health) -> None:
        """The staff know that the server is so."""
        ...

    async def plans_without_room(self) -> tuple[str, ...]:
        """The slugs of plans on offer that nobody could be served with now."""
        ...


class EvacuationLedger(Protocol):
    """Whom an evacuation moves, whom it has moved, and what is still to be done for them."""

    async def begin(self, order: EvacuationOrder) -> Evacuation:
        """Begin it, or find the one that is under way. Raises `FleetRefused`."""
        ...

    async def decide(self, evacuation: Evacuation, batch: int, limit: int) -> Batch:
        """Move up to so many devices, each in a transaction of its own; a repeat fills it up."""
        ...

    async def unfinished(
        self, evacuation: Evacuation, after: DeviceId | None, limit: int
    ) -> Sequence[Relocation]:
        """Moved devices that their server may not hold, or whose owners may not know."""
        ...

    async def note_settled(self, relocation: Relocation) -> None:
        """Its server holds it, or a later decision about it is in force."""
        ...

    async def note_handout(self, relocation: Relocation, handout: Handout) -> None:
        """What became of its file."""
        ...

    async def tally(self, evacuation_id: EvacuationId) -> Tally:
        """How far it is."""
        ...

    async def left_behind(self, server_id: ServerId, limit: int) -> Sequence[PlacedPeer]:
        """Peers, and replaced keys, that a server has not confirmed to be gone."""
        ...

    async def finish(self, evacuation_id: EvacuationId) -> None:
        """Everybody has moved and knows."""
        ...


class PersonalData(Protocol):
    """Makes the ledger forget a person."""

    async def erase(self, order: ErasureOrder, now: datetime) -> Departure:
        """End all access and unlink everything from the person, in one transaction.

        A repeat tells what is left to do. Raises `ErasureRefused`.
        """
        ...

    async def peers_left(self, erasure_id: ErasureId) -> Sequence[PlacedPeer]:
        """The peers that servers have not yet confirmed to be gone."""
        ...

    async def forget_devices(self, erasure_id: ErasureId, now: datetime) -> None:
        """Forget the public keys and addresses as well, once no server holds them."""
        ...


class Marker(Protocol):
    """Recognises a value that is not kept, by a keyed hash."""

    def mark(self, value: str) -> str:
        """The value's mark by the newest key."""
        ...

    def marks(self, value: str) -> Sequence[str]:
        """Its marks by every key of the ring, to compare with one that was kept."""
        ...


class RefundLedger(Protocol):
    """The truth about refunds that customers and staff decide for."""

    async def decide(self, order: RefundOrder, now: datetime) -> RefundDecision:
        """Take the access and owe the money, in one transaction; a repeat tells what is owed.

        Raises `RefundRefused`, and `OfferChanged` where the customer saw something else.
        """
        ...

    async def note_done(
        self, refund_id: RefundId, payment_id: PaymentId, refund: RefundSnapshot
    ) -> None:
        """The provider has given it back."""
        ...

    async def give_up(self, refund_id: RefundId, payment_id: PaymentId, now: datetime) -> None:
        """The money stays, and the access that was taken for it is granted again."""
        ...

    async def record_verdict(
        self, refund_id: RefundId, verdict: RefundVerdict, at: datetime
    ) -> None:
        """Write a person's decision into the audit log."""
        ...


class ChangeLedger(Protocol):
    """The truth about a subscription's plan, and whether it stands still.

    Raises `RefundRefused`.
    """

    async def change_plan(self, order: ChangeOrder, now: datetime) -> Changed:
        """Carry the unused time over to another plan, for nothing; a repeat tells what came of it.

        Raises `OfferChanged` where the customer saw something else.
        """
        ...

    async def freeze(self, subscription_id: SubscriptionId, now: datetime) -> None:
        """Let it stand still, without access."""
        ...

    async def resume(self, subscription_id: SubscriptionId, now: datetime) -> None:
        """Let it go on, with its days and devices."""
        ...


class DeviceKeeper(Protocol):
    """Changes devices on behalf of customers."""

    async def reissue(
        self, user_id: UserId, device_id: DeviceId, revision: int, now: datetime
    ) -> DeviceWork:
        """Give the device new keys, unless that was done since it was at `revision`.

        Raises `UnknownDevice` or `AccessEnded`.
        """
        ...

    async def change_location(self, order: LocationOrder, now: datetime) -> DeviceWork:
        """Move the device to another location, unless that was done since its screen was drawn.

        Raises `AccessEnded` or `NoFreeAddress`, or a `DeviceRefused` that says why.
        """
        ...


class SubscriptionDesk(Protocol):
    """Opens, extends and closes subscription workflows; has devices set up and removed."""

    async def open_or_extend(self, state: SubscriptionState) -> None:
        """Make the subscription's workflow run until that end."""
        ...

    async def carry_out(self, work: DeviceWork) -> None:
        """Have servers told of devices; what is under way already is not begun twice."""
        ...

    async def tell_quota(self, notice: QuotaNotice) -> None:
        """Have a customer told how far their traffic is used: once, however often it is asked."""
        ...

    async def close(self, subscription_id: SubscriptionId) -> None:
        """Let the subscription's workflow say nothing any more."""
        ...


class Sealer(Protocol):
    """Encrypts at rest, with a ring of keys so that keys can rotate."""

    def seal(self, plain: bytes, *, context: bytes) -> bytes:
        """Encrypt with the newest key; `context` is authenticated, not stored."""
        ...

    def unseal(self, sealed: bytes, *, context: bytes) -> bytes:
        """Decrypt with whichever key of the ring sealed it. Raises `ValueError`."""
        ...
