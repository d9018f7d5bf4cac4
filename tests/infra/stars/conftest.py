"""A bot at the sandbox's Telegram, a real ledger, and Anna who pays in Stars."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiogram import Bot

from domain.ids import ProviderPaymentId, PurchaseId, UserId
from domain.languages import Language
from domain.money import stars
from domain.payments import Invoice, InvoiceRequest, Provider
from domain.purchases import PurchaseOrder
from domain.stars import StarCharge
from infra.keyring import KeyRing
from infra.postgres.pool import Pool
from infra.postgres.stars import StarsBook
from infra.settings import TelegramMode, TelegramSettings
from infra.stars import StarsGateway
from infra.telegram import open_bot
from sandbox.telegram.client import TelegramSandbox
from sandbox.telegram.server import running
from tests.infra.postgres.shop import NOW, Shop

TOKEN = "123456:sandbox-token"
PRICE = stars(250)


@pytest.fixture(scope="session")
async def telegram_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    async with running(TOKEN, tmp_path_factory.mktemp("telegram")) as url:
        yield url


@pytest.fixture
async def telegram(telegram_url: str) -> AsyncIterator[TelegramSandbox]:
    async with TelegramSandbox(telegram_url) as client:
        await client.reset()
        yield client


@pytest.fixture
async def bot(telegram_url: str, telegram: TelegramSandbox) -> AsyncIterator[Bot]:
    settings = TelegramSettings(bot_token=TOKEN, api_url=telegram_url, mode=TelegramMode.POLLING)
    opened = open_bot(settings)
    yield opened
    await opened.session.close()


@dataclass
class Till:
    """The shop's side and the customer's side of payments in Stars."""

    shop: Shop
    book: StarsBook
    gateway: StarsGateway
    bot: Bot
    telegram: TelegramSandbox
    anna: UserId

    async def order(self) -> PurchaseOrder:
        drawn = await self.shop.order(self.anna)
        order = drawn.model_copy(update={"provider": Provider.STARS, "price": PRICE})
        await self.shop.pool.execute(
            "update purchases set order_document = $2, price = $3, currency = $4 "
            "where purchase_id = $1",
            order.purchase_id,
            order.model_dump(mode="json"),
            PRICE.amount,
            PRICE.currency,
        )
        return order

    async def invoice(self, order: PurchaseOrder) -> Invoice:
        """As `PaymentActivities.create_invoice` does it."""
        made = await self.gateway.create_invoice(request_of(order), key="k")
        await self.shop.ledger.record_invoice(order.purchase_id, order.attempt, made)
        return made

    async def pays(self, link: str) -> ProviderPaymentId:
        """Anna pays behind the link, and the bot lets her."""
        paying = asyncio.create_task(self.telegram.pay_link(link, self.anna))
        while not paying.done():
            for update in await self.bot.get_updates(timeout=1):
                await self.bot.get_updates(offset=update.update_id + 1)
                if update.pre_checkout_query is not None:
                    await self.bot.answer_pre_checkout_query(update.pre_checkout_query.id, ok=True)
        charge = (await paying).telegram_payment_charge_id
        assert charge is not None
        return ProviderPaymentId(charge)

    def charge(self, purchase_id: PurchaseId, charge_id: str) -> StarCharge:
        """What an update would tell."""
        return StarCharge(
            charge_id=ProviderPaymentId(charge_id),
            purchase_id=purchase_id,
            payer=self.anna,
            amount=PRICE,
            paid_at=NOW,
        )


def request_of(order: PurchaseOrder) -> InvoiceRequest:
    return InvoiceRequest(
        purchase_id=order.purchase_id,
        price=order.price,
        description=order.plan_name,
        language=Language.ENGLISH,
        attempt=order.attempt,
    )


@pytest.fixture
async def till(pool: Pool, key_ring: KeyRing, bot: Bot, telegram: TelegramSandbox) -> Till:
    shop, book = Shop(pool, key_ring), StarsBook(pool)
    anna = await shop.customer()
    await telegram.introduce(anna, "Anna")
    await telegram.press_start(anna)
    return Till(shop, book, StarsGateway(bot, book), bot, telegram, anna)
