"""From settings to the shop that the bot's conversations and the API work with."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from aiogram import Bot, Dispatcher
from temporalio.client import Client

from bot.dispatcher import build_dispatcher
from bot.shop import Shop
from domain.ids import ChatId
from infra.keyring import KeyRing
from infra.postgres.auto_renewals import AutoRenewals
from infra.postgres.changes import PostgresChangeLedger
from infra.postgres.customers import Customers
from infra.postgres.devices import Devices
from infra.postgres.former_customers import FormerCustomers
from infra.postgres.gifts import Gifts
from infra.postgres.inbox import Inbox
from infra.postgres.offers import CustomerOffers
from infra.postgres.personal_data import PersonalDataExport
from infra.postgres.plans import Plans
from infra.postgres.pool import Pool
from infra.postgres.purchases import Purchases
from infra.postgres.referrals import Referrals
from infra.postgres.refunds import PostgresRefundLedger
from infra.postgres.sessions import Sessions
from infra.postgres.stars import StarsBook
from infra.postgres.subscriptions import Subscriptions
from infra.postgres.trials import Trials
from infra.settings import (
    DatabaseSettings,
    EncryptionSettings,
    PaymentSettings,
    PolicySettings,
    TelegramSettings,
    TemporalSettings,
    YooKassaSettings,
    load,
)
from infra.telegram import TelegramMessenger, open_bot
from infra.wireguard_keys import new_device_keys
from temporal.client import connect
from temporal.starter import Starter
from workers.database_link import reach_database
from workers.temporal_link import temporal_target


@dataclass(frozen=True, kw_only=True)
class StorefrontSettings:
    """The settings of everything that customers' taps and calls reach."""

    database: DatabaseSettings
    encryption: EncryptionSettings
    payment: PaymentSettings
    policy: PolicySettings
    telegram: TelegramSettings
    temporal: TemporalSettings
    yookassa: YooKassaSettings

    @classmethod
    def read(cls) -> Self:
        """Read them from the environment. Raises `SettingsError`."""
        return cls(
            database=load(DatabaseSettings),
            encryption=load(EncryptionSettings),
            payment=load(PaymentSettings),
            policy=load(PolicySettings),
            telegram=load(TelegramSettings),
            temporal=load(TemporalSettings),
            yookassa=load(YooKassaSettings),
        )


@dataclass(frozen=True, kw_only=True)
class Storefront:
    """The bot with everything behind it."""

    bot: Bot
    dispatcher: Dispatcher
    pool: Pool
    ring: KeyRing
    shop: Shop
    temporal: Client


@asynccontextmanager
async def open_storefront(settings: StorefrontSettings) -> AsyncIterator[Storefront]:
    """Open the ledger and the bot; Temporal is reached at the first call that needs it."""
    ring = settings.encryption.key_ring()
    async with AsyncExitStack() as stack:
        pool = await reach_database(settings.database)
        stack.push_async_callback(pool.close)
        bot = open_bot(settings.telegram)
        stack.push_async_callback(bot.session.close)
        temporal = await connect(temporal_target(settings.temporal), ring, lazy=True)
        shop = _shop(settings, pool, bot, ring, temporal)
        yield Storefront(
            bot=bot,
            dispatcher=build_dispatcher(shop),
            pool=pool,
            ring=ring,
            shop=shop,
            temporal=temporal,
        )


def _shop(
    settings: StorefrontSettings, pool: Pool, bot: Bot, ring: KeyRing, temporal: Client
) -> Shop:
    telegram = settings.telegram
    admin_chat = telegram.admin_chat_id
    return Shop(
        messenger=TelegramMessenger(bot),
        customers=Customers(pool),
        plans=Plans(pool),
        offers=CustomerOffers(pool),
        purchases=Purchases(pool),
        gifts=Gifts(pool),
        referrals=Referrals(pool, FormerCustomers(pool, ring)),
        subscriptions=Subscriptions(pool, ring),
        auto_renewals=AutoRenewals(pool, ring, settings.policy.policy()),
        devices=Devices(pool, ring, new_device_keys),
        refunds=PostgresRefundLedger(pool),
        changes=PostgresChangeLedger(pool),
        inbox=Inbox(pool, ring),
        sessions=Sessions(pool),
        starter=Starter(temporal),
        charges=StarsBook(pool),
        personal_data=PersonalDataExport(pool, ring),
        trials=Trials(pool, FormerCustomers(pool, ring)),
        now=lambda: datetime.now(UTC),
        policy=settings.policy.policy(),
        accepted=settings.payment.accepted(),
        receipts=settings.yookassa.receipts,
        support_contact=telegram.support_contact,
        admin_chat_id=None if admin_chat is None else ChatId(admin_chat),
    )
