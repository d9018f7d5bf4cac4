"""From settings to the shop that the bot's conversations work with."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from aiogram import Bot
from temporalio.client import Client

from bot.shop import Shop
from domain.ids import ChatId
from infra.postgres.customers import Customers
from infra.postgres.inbox import Inbox
from infra.postgres.plans import Plans
from infra.postgres.pool import OUTAGES, Pool, open_pool
from infra.postgres.purchases import Purchases
from infra.postgres.sessions import Sessions
from infra.postgres.subscriptions import Subscriptions
from infra.settings import (
    DatabaseSettings,
    EncryptionSettings,
    PolicySettings,
    TelegramSettings,
    YooKassaSettings,
    load,
)
from infra.telegram import TelegramMessenger, open_bot
from temporal.starter import Starter
from workers.patience import until_there


@dataclass(frozen=True, kw_only=True)
class Storefront:
    """The bot with everything behind it."""

    bot: Bot
    shop: Shop
    pool: Pool


@asynccontextmanager
async def open_storefront(client: Client) -> AsyncIterator[Storefront]:
    """Open the ledger and the bot; wait a while for the database if it is not there yet."""
    database, telegram = load(DatabaseSettings), load(TelegramSettings)
    ring = load(EncryptionSettings).key_ring()
    dsn = database.url.get_secret_value()
    async with AsyncExitStack() as stack:
        pool = await until_there(
            "postgresql", lambda: open_pool(dsn, size=database.pool_size), OUTAGES
        )
        stack.push_async_callback(pool.close)
        bot = open_bot(telegram)
        stack.push_async_callback(bot.session.close)
        yield Storefront(
            bot=bot,
            pool=pool,
            shop=Shop(
                messenger=TelegramMessenger(bot),
                customers=Customers(pool),
                plans=Plans(pool),
                purchases=Purchases(pool),
                subscriptions=Subscriptions(pool, ring),
                inbox=Inbox(pool),
                sessions=Sessions(pool),
                starter=Starter(client),
                now=lambda: datetime.now(UTC),
                policy=load(PolicySettings).policy(),
                receipts=load(YooKassaSettings).receipts,
                support_contact=telegram.support_contact,
                admin_chat_id=(
                    None if telegram.admin_chat_id is None else ChatId(telegram.admin_chat_id)
                ),
            ),
        )
