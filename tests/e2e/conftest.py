"""The whole shop, as `wgshop demo` starts it, with the patience of a test."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import asyncpg
import httpx
import pytest
from pydantic import SecretStr
from temporalio.client import Client

from api.tokens import mint_service_token
from infra.keyring import KeyRing
from infra.postgres.pool import Connection
from sandbox.node.client import order
from sandbox.shop import EmbeddedShop, ShopPlan
from sandbox.shopper import Shopper
from sandbox.telegram.client import TelegramSandbox
from sandbox.yookassa.client import YooKassaSandbox
from sandbox.yookassa.notifications import Mode
from temporal.client import TemporalTarget, connect
from tests.e2e.ledger import ANNOUNCE_STAGES, Ledger
from tests.e2e.service import Service

STAFF = 9001
API_SECONDS = 30.0
"""The API waits for YooKassa up to 20 seconds."""
QUICK_SETTINGS = {
    "PURCHASE_FIRST_POLL": "2",
    "PURCHASE_SWIFT_SETUP": "2",
    "PURCHASE_SETUP_BUDGET": "8",
    "PURCHASE_SETUP_PAUSE": "1",
}

_user_ids = count(5_000)


def next_user_id() -> int:
    """A Telegram user id that no other test of this process uses."""
    return next(_user_ids)


async def temporal_of(shop: EmbeddedShop) -> Client:
    """A shop's Temporal server, with the shop's own keys."""
    target = TemporalTarget(address=shop.addresses.temporal, namespace=shop.plan.namespace)
    return await connect(target, KeyRing.parse(shop.secrets.encryption_keys))


@pytest.fixture(scope="session")
async def shop(servers_folder: Path) -> AsyncIterator[EmbeddedShop]:
    """Two VPN nodes, everything else once."""
    plan = ShopPlan(data=servers_folder / "shop", nodes=("nl1", "de1"), settings=QUICK_SETTINGS)
    async with EmbeddedShop(plan) as running:
        await running.invite_staff(STAFF)
        connection = await asyncpg.connect(running.database_url, timeout=10)
        await connection.execute(ANNOUNCE_STAGES)
        await connection.close()
        yield running


@pytest.fixture
async def telegram(shop: EmbeddedShop) -> AsyncIterator[TelegramSandbox]:
    """Telegram's control room; outages end with the test."""
    async with TelegramSandbox(shop.addresses.telegram) as sandbox:
        yield sandbox
        await sandbox.clear_faults()


@pytest.fixture
async def kassa(shop: EmbeddedShop) -> AsyncIterator[YooKassaSandbox]:
    """YooKassa's control room; outages end with the test."""
    async with YooKassaSandbox(shop.addresses.yookassa) as sandbox:
        yield sandbox
        await sandbox.clear_faults()
        await sandbox.notification_mode(Mode.NORMAL)


@pytest.fixture
def newcomer(telegram: TelegramSandbox, kassa: YooKassaSandbox) -> Shopper:
    """A customer whom the shop does not know."""
    return Shopper(telegram, kassa, next_user_id())


@pytest.fixture
def second_newcomer(telegram: TelegramSandbox, kassa: YooKassaSandbox) -> Shopper:
    """Another one."""
    return Shopper(telegram, kassa, next_user_id(), name="Борис", language="ru")


@pytest.fixture
async def database(shop: EmbeddedShop) -> AsyncIterator[Connection]:
    """A look into the ledger from outside."""
    connection = await asyncpg.connect(shop.database_url, timeout=10)
    yield connection
    await connection.close()


@pytest.fixture
def ledger(shop: EmbeddedShop, database: Connection) -> Ledger:
    """What the ledger and the nodes hold of a customer."""
    return Ledger(database, shop)


@pytest.fixture
async def stranger(shop: EmbeddedShop) -> AsyncIterator[httpx.AsyncClient]:
    """Calls the HTTP API without a token."""
    async with httpx.AsyncClient(base_url=shop.addresses.api, timeout=API_SECONDS) as client:
        yield client


@pytest.fixture
async def service(
    shop: EmbeddedShop, kassa: YooKassaSandbox, ledger: Ledger
) -> AsyncIterator[Service]:
    """A program of the owner's, with a token of its own."""
    token = mint_service_token(SecretStr(shop.secrets.jwt_secret), "crm", datetime.now(UTC))
    async with httpx.AsyncClient(
        base_url=shop.addresses.api,
        timeout=API_SECONDS,
        headers={"Authorization": f"Bearer {token}"},
    ) as client:
        yield Service(client, kassa, ledger)


@pytest.fixture
async def temporal(shop: EmbeddedShop) -> Client:
    """The Temporal server, with the shop's own keys."""
    return await temporal_of(shop)


@pytest.fixture
async def nodes_up(shop: EmbeddedShop, database: Connection) -> AsyncIterator[None]:
    """Whatever the test does to the nodes, the next one finds them well, also by the shop's looks.

    A look a minute may meet several tests' outages in a row, and would take a node off sale.
    """
    yield
    for node in shop.nodes.values():
        await order(node, "up")
    await database.execute("delete from server_health")


LATE = timedelta(minutes=61)
"""A minute after a payment page's hour."""
