"""A fleet that falls ill: the staff are called, nobody is charged, and it sells again once well."""

import asyncio

import pytest
from temporalio.client import Client
from temporalio.testing import TimeSkipper

from domain.health import BAD_LOOKS_TO_FALL, GOOD_LOOKS_TO_RISE
from infra.postgres.pool import Connection
from sandbox.node.client import order
from sandbox.shop import ADMIN_CHAT, EmbeddedShop
from sandbox.shopper import Shopper
from sandbox.telegram.client import TelegramSandbox
from sandbox.yookassa.client import YooKassaSandbox
from tests.e2e.ledger import ONE_OF_EACH, Ledger
from workflows.health import PAUSE

pytestmark = [pytest.mark.xdist_group("e2e"), pytest.mark.usefixtures("nodes_up")]

A_LOOK = 60.0
"""In seconds: as long as one may take."""
LOOKED_AT_SINCE = "select count(*) filter (where looked_at > $1) from server_health"


class Doctor:
    """Turns the clock of the shop's own looks, which are a minute apart."""

    def __init__(self, temporal: Client, database: Connection, servers: int) -> None:
        self._temporal = temporal
        self._database = database
        self._servers = servers

    async def looks(self, times: int) -> None:
        """Until every server was looked at so many times more."""
        for _ in range(times):
            now = await self._database.fetchval("select now()")
            async with asyncio.timeout(A_LOOK):
                while await self._looked_at_since(now) < self._servers:
                    await self._turn()

    async def _turn(self) -> None:
        running = 'WorkflowType = "ServerHealth" and ExecutionStatus = "Running"'
        async for found in self._temporal.list_workflows(running):
            handle = self._temporal.get_workflow_handle(found.id)
            await TimeSkipper(self._temporal).fast_forward(handle, PAUSE)

    async def _looked_at_since(self, moment: object) -> int:
        return int(await self._database.fetchval(LOOKED_AT_SINCE, moment))


@pytest.fixture
def doctor(temporal: Client, database: Connection, shop: EmbeddedShop) -> Doctor:
    return Doctor(temporal, database, len(shop.nodes))


async def test_a_fleet_that_is_down_takes_no_money_and_sells_again_once_it_is_well(
    newcomer: Shopper,
    ledger: Ledger,
    shop: EmbeddedShop,
    doctor: Doctor,
    telegram: TelegramSandbox,
    kassa: YooKassaSandbox,
) -> None:
    payments = len(await kassa.payments())
    for node in shop.nodes.values():
        await order(node, "down")
    await doctor.looks(BAD_LOOKS_TO_FALL)
    for slug in shop.nodes:
        await telegram.wait_for_message(
            ADMIN_CHAT, lambda each, slug=slug: f"{slug} не работает" in each.body
        )
    await telegram.wait_for_message(
        ADMIN_CHAT, lambda each: "Нет мест для новых клиентов" in each.body
    )
    plans = await newcomer.opens_plans(await newcomer.arrive())
    await newcomer.taps(plans, "buy:")
    refused = await newcomer.sees_text(plans, "All places are taken")
    assert len(await kassa.payments()) == payments

    for node in shop.nodes.values():
        await order(node, "up")
    await doctor.looks(GOOD_LOOKS_TO_RISE)
    for slug in shop.nodes:
        await telegram.wait_for_message(
            ADMIN_CHAT, lambda each, slug=slug: f"{slug} снова в порядке" in each.body
        )
    await newcomer.taps(refused, "open:plans")
    await newcomer.pays(await newcomer.chooses(await newcomer.sees_again(refused, "buy:")))
    await ledger.reaches(newcomer, "done")
    assert await ledger.outcome(newcomer) == ONE_OF_EACH
