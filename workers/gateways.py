"""From settings to gateways: everything that activities need, opened and closed together."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from aiogram import Bot
from temporalio.client import Client

from activities.health import Probe
from bot.notices import TelegramNotices
from bot.renewals import Renewals
from domain.ids import ChatId
from domain.languages import Language
from domain.payments import Provider
from domain.ports import (
    AccessLedger,
    ChangeLedger,
    DeviceKeeper,
    DeviceLedger,
    EvacuationLedger,
    HealthLedger,
    Notices,
    PaymentProvider,
    PeerGateway,
    PersonalData,
    PurchaseLedger,
    QuotaLedger,
    ReconcileLedger,
    RefundLedger,
    RenewalLedger,
    RewardLedger,
    SpeedLedger,
    SubscriptionDesk,
    TrafficLedger,
)
from domain.purchases import PurchasePolicy
from infra.canary.probe import probe
from infra.keyring import KeyRing
from infra.postgres.auto_renewals import AutoRenewals
from infra.postgres.changes import PostgresChangeLedger
from infra.postgres.customers import Customers
from infra.postgres.devices import Devices
from infra.postgres.erasure import PostgresPersonalData
from infra.postgres.evacuations import PostgresEvacuationLedger
from infra.postgres.gifts import Gifts
from infra.postgres.health import PostgresHealthLedger
from infra.postgres.ledger import PostgresPurchaseLedger
from infra.postgres.notices import PostgresNoticeBook
from infra.postgres.offers import CustomerOffers
from infra.postgres.plans import Plans
from infra.postgres.pool import Pool
from infra.postgres.purchases import Purchases
from infra.postgres.quotas import PostgresQuotaLedger
from infra.postgres.reconciling import PostgresReconcileLedger
from infra.postgres.refunds import PostgresRefundLedger
from infra.postgres.rewards import Rewards
from infra.postgres.setups import PostgresDeviceLedger
from infra.postgres.speeds import PostgresSpeedLedger
from infra.postgres.stars import StarsBook
from infra.postgres.subscriptions import Subscriptions
from infra.postgres.traffic import PostgresTrafficLedger
from infra.settings import (
    DatabaseSettings,
    EncryptionSettings,
    PaymentSettings,
    PolicySettings,
    TelegramSettings,
    VpnSettings,
    YooKassaSettings,
    load,
)
from infra.stars import StarsGateway
from infra.telegram import TelegramMessenger, open_bot
from infra.wireguard import SshPeerGateway
from infra.wireguard_keys import new_device_keys
from infra.yookassa import YooKassaGateway
from temporal.starter import Starter
from workers.database_link import reach_database


@dataclass(frozen=True, kw_only=True)
class GatewaySettings:
    """The settings of everything that a worker reaches."""

    database: DatabaseSettings
    encryption: EncryptionSettings
    payment: PaymentSettings
    telegram: TelegramSettings
    yookassa: YooKassaSettings
    vpn: VpnSettings
    policy: PolicySettings

    @classmethod
    def read(cls) -> Self:
        """Read them from the environment. Raises `SettingsError`."""
        return cls(
            database=load(DatabaseSettings),
            encryption=load(EncryptionSettings),
            payment=load(PaymentSettings),
            telegram=load(TelegramSettings),
            yookassa=load(YooKassaSettings),
            vpn=load(VpnSettings),
            policy=load(PolicySettings),
        )


@dataclass(frozen=True, kw_only=True)
class Gateways:
    """The ports of the domain, fulfilled."""

    provider: PaymentProvider
    """YooKassa."""
    stars: PaymentProvider
    peers: PeerGateway
    notices: Notices
    ledger: PurchaseLedger
    rewards: RewardLedger
    access: AccessLedger
    renewals: RenewalLedger
    devices: DeviceLedger
    keeper: DeviceKeeper
    traffic: TrafficLedger
    quotas: QuotaLedger
    speeds: SpeedLedger
    reconciling: ReconcileLedger
    evacuations: EvacuationLedger
    health: HealthLedger
    probe: Probe
    refunds: RefundLedger
    changes: ChangeLedger
    desk: SubscriptionDesk
    personal_data: PersonalData


@asynccontextmanager
async def open_gateways(settings: GatewaySettings, client: Client) -> AsyncIterator[Gateways]:
    """Open every gateway; at the end close them in reverse."""
    async with AsyncExitStack() as stack:
        pool = await reach_database(settings.database)
        stack.push_async_callback(pool.close)
        bot = open_bot(settings.telegram)
        stack.push_async_callback(bot.session.close)
        provider = YooKassaGateway(settings.yookassa)
        stack.callback(provider.close)
        peers = SshPeerGateway(settings.vpn.ssh_key, limits=settings.vpn.line_limits())
        stack.push_async_callback(peers.close)
        admin_chat = settings.telegram.admin_chat_id
        yield compose(
            pool,
            settings.encryption.key_ring(),
            bot,
            Outside(
                provider=provider,
                stars=StarsGateway(bot, StarsBook(pool)),
                peers=peers,
                desk=Starter(client),
            ),
            Choices(
                policy=settings.policy.policy(),
                accepted=settings.payment.accepted(),
                admin_chat_id=None if admin_chat is None else ChatId(admin_chat),
                staff_language=settings.telegram.staff_language,
            ),
        )


@dataclass(frozen=True, kw_only=True)
class Outside:
    """The neighbours beside PostgreSQL and Telegram."""

    provider: PaymentProvider
    stars: PaymentProvider
    peers: PeerGateway
    desk: SubscriptionDesk


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the owner decides about how the shop behaves."""

    policy: PurchasePolicy
    accepted: tuple[Provider, ...]
    admin_chat_id: ChatId | None
    staff_language: Language


def compose(pool: Pool, ring: KeyRing, bot: Bot, outside: Outside, choices: Choices) -> Gateways:
    """Fulfil every port with the ledger in `pool` and the bot."""
    renewals = AutoRenewals(pool, ring, choices.policy)
    return Gateways(
        provider=outside.provider,
        stars=outside.stars,
        peers=outside.peers,
        notices=TelegramNotices(
            TelegramMessenger(bot),
            PostgresNoticeBook(pool),
            Customers(pool),
            _renewals(pool, choices.accepted),
            renewals,
            gifts=Gifts(pool),
            admin_chat_id=choices.admin_chat_id,
            staff_language=choices.staff_language,
        ),
        rewards=Rewards(pool),
        ledger=PostgresPurchaseLedger(pool, ring, new_device_keys),
        access=Subscriptions(pool, ring),
        renewals=renewals,
        devices=PostgresDeviceLedger(pool),
        keeper=Devices(pool, ring, new_device_keys),
        traffic=PostgresTrafficLedger(pool),
        quotas=PostgresQuotaLedger(pool),
        speeds=PostgresSpeedLedger(pool),
        reconciling=PostgresReconcileLedger(pool, ring),
        evacuations=PostgresEvacuationLedger(pool, ring),
        health=PostgresHealthLedger(pool, ring),
        probe=probe,
        refunds=PostgresRefundLedger(pool),
        changes=PostgresChangeLedger(pool),
        desk=outside.desk,
        personal_data=PostgresPersonalData(pool, ring),
    )


def _renewals(pool: Pool, accepted: tuple[Provider, ...]) -> Renewals:
    return Renewals(
        Purchases(pool),
        Plans(pool),
        CustomerOffers(pool),
        lambda: datetime.now(UTC),
        accepted,
    )
