"""SIGKILL at every step of a purchase: the outcome is the same as if nothing had happened."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from temporalio.testing import TimeSkipper

from infra.postgres.pool import Connection
from sandbox.shop import EmbeddedShop, ShopPlan
from sandbox.shopper import Shopper
from sandbox.telegram.client import TelegramSandbox
from sandbox.yookassa.client import YooKassaSandbox
from tests.e2e.conftest import QUICK_SETTINGS, next_user_id, temporal_of
from tests.e2e.ledger import ANNOUNCE_STAGES, ONE_OF_EACH, Ledger, Outcome
from tests.e2e.test_devices import opens_device
from workflows.device_setup import PARTING

pytestmark = pytest.mark.xdist_group("kills")

RETRY_SECONDS = 30.0
"""A killed worker's step is repeated once its heartbeats are missed."""

DYING_SECONDS = 5.0
"""The ledger says "done" a moment before the last step of the worker is over."""

WORKER_STEPS = [
    "after provider.create_invoice",
    "after ledger.record_invoice",
    "before notices.show_purchase",
    "after notices.show_purchase",
    "after provider.fetch_payment",
    "before ledger.record_payment_and_grant",
    "after ledger.record_payment_and_grant",
    "after access.placed_peer",
    "before peers.ensure_peer",
    "after peers.ensure_peer",
    "before notices.deliver_config",
    "after notices.deliver_config",
    "after access.subscription_state",
    "after desk.open_or_extend",
    "after ledger.enter_stage",
]

STAR_STEPS = [
    "after stars.create_invoice",
    "after stars.fetch_payment",
]

EVACUATION_STEPS = [
    "after evacuations.decide",
    "after peers.ensure_peer",
    "after notices.hand_out",
]

LOCATION_STEPS = [
    "before keeper.change_location",
    "after keeper.change_location",
    "after desk.carry_out",
    "after peers.ensure_peer",
    "after notices.deliver_device",
    "after devices.left_behind",
]

API_STEPS = [
    "before starter.begin_purchase",
    "after starter.begin_purchase",
    "before starter.payment_seen",
    "after starter.payment_seen",
]


class MortalShop:
    """A shop whose worker and API die at the step that a warrant names."""

    def __init__(self, shop: EmbeddedShop, folder: Path) -> None:
        self.shop = shop
        self._folder = folder

    def kill(self, role: str, step: str) -> None:
        """Let the process die at this step, once."""
        self._warrant(role).write_text(step)

    async def dies(self, role: str) -> None:
        """Wait until it has died there, however often it is started anew meanwhile."""
        child = self.shop.children[role]
        async with asyncio.timeout(RETRY_SECONDS):
            death = child.says(f"{role}: status")
            while self._warrant(role).exists():
                await death
                death = child.says(f"{role}: status")
            death.close()

    async def is_killed(self, role: str) -> bool:
        """Whether it has died there, or does so right now."""
        dying = self.shop.children[role].says(f"{role}: status")
        if self._warrant(role).exists():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(dying, DYING_SECONDS)
        else:
            dying.close()
        return not self._warrant(role).exists()

    def _warrant(self, role: str) -> Path:
        return self._folder / f"{role}.warrant"


@pytest.fixture(scope="module")
async def mortal(servers_folder: Path) -> AsyncIterator[MortalShop]:
    folder = servers_folder / "mortal"
    folder.mkdir()
    command = (sys.executable, "-m", "tests.e2e.mortal")
    plan = ShopPlan(
        data=folder / "shop",
        nodes=("nl1", "de1"),
        settings=QUICK_SETTINGS,
        worker=(*command, "worker", str(folder / "worker.warrant")),
        api=(*command, "api", str(folder / "api.warrant")),
    )
    async with EmbeddedShop(plan) as running:
        connection = await asyncpg.connect(running.database_url, timeout=10)
        await connection.execute(ANNOUNCE_STAGES)
        await connection.execute("update tariffs set price_stars = 250 where slug = 'month'")
        await connection.execute("update tariffs set is_for_sale = true where is_trial")
        await connection.close()
        yield MortalShop(running, folder)


@pytest.fixture
async def customer(mortal: MortalShop) -> AsyncIterator[Shopper]:
    addresses = mortal.shop.addresses
    async with (
        TelegramSandbox(addresses.telegram) as telegram,
        YooKassaSandbox(addresses.yookassa) as kassa,
    ):
        yield Shopper(telegram, kassa, next_user_id())


@pytest.fixture
async def connection(mortal: MortalShop) -> AsyncIterator[Connection]:
    opened = await asyncpg.connect(mortal.shop.database_url, timeout=10)
    yield opened
    await opened.close()


@pytest.fixture
def books(mortal: MortalShop, connection: Connection) -> Ledger:
    return Ledger(connection, mortal.shop)


@pytest.mark.parametrize("step", WORKER_STEPS)
async def test_the_worker_killed(
    step: str, mortal: MortalShop, customer: Shopper, books: Ledger
) -> None:
    mortal.kill("worker", step)
    await customer.buys()
    await books.reaches(customer, "done")
    assert await mortal.is_killed("worker"), "the purchase never came by the step"
    assert await books.outcome(customer) == ONE_OF_EACH
    assert await customer.payment_count() == 1
    assert len(await customer.configs()) == 1


@pytest.mark.parametrize("step", STAR_STEPS)
async def test_the_worker_killed_over_a_payment_in_stars(
    step: str, mortal: MortalShop, customer: Shopper, books: Ledger
) -> None:
    mortal.kill("worker", step)
    message = await customer.reaches_star_invoice()
    assert (await customer.pays_stars(message)).is_paid
    await books.reaches(customer, "done")
    assert await mortal.is_killed("worker"), "the purchase never came by the step"
    assert await books.outcome(customer) == ONE_OF_EACH
    assert len(await customer.configs()) == 1


async def test_the_worker_killed_over_a_trial(
    mortal: MortalShop, customer: Shopper, books: Ledger
) -> None:
    menu = await customer.arrive()
    mortal.kill("worker", "after ledger.grant_free")
    await customer.taps(menu, "open:trial")
    await books.reaches(customer, "done")
    assert await mortal.is_killed("worker"), "the trial never came by the step"
    assert await books.outcome(customer) == Outcome(payments=0, grants=1, devices=1, peers=1)
    assert len(await customer.configs()) == 1


async def test_the_worker_killed_over_a_gift(
    mortal: MortalShop, customer: Shopper, books: Ledger, connection: Connection
) -> None:
    plans = await customer.opens_plans(await customer.arrive())
    await customer.taps(plans, "open:give")
    message = await customer.chooses(await customer.sees_text(plans, "as a gift"))
    mortal.kill("worker", "after ledger.record_payment_and_wrap")
    await customer.pays(message)
    await customer.sees_text(message, "Your gift is ready")
    await books.reaches(customer, "done")
    assert await mortal.is_killed("worker"), "the gift never came by the step"
    assert await books.outcome(customer) == Outcome(payments=1, grants=0, devices=0, peers=0)
    gifts = await connection.fetchval(
        "select count(*) from gifts join purchases using (purchase_id) where user_id = $1",
        customer.user_id,
    )
    assert gifts == 1


async def test_the_api_killed_over_the_news_of_a_payment_in_stars(
    mortal: MortalShop, customer: Shopper, books: Ledger
) -> None:
    message = await customer.reaches_star_invoice()
    mortal.kill("api", "before starter.payment_seen")
    assert (await customer.pays_stars(message)).is_paid
    await books.reaches(customer, "done")
    assert await mortal.is_killed("api"), "the payment was never told"
    assert await books.outcome(customer) == ONE_OF_EACH


@pytest.mark.parametrize("step", API_STEPS)
async def test_the_api_killed(
    step: str, mortal: MortalShop, customer: Shopper, books: Ledger
) -> None:
    plans = await customer.opens_plans(await customer.arrive())
    mortal.kill("api", step)
    await customer.taps_and_leaves(plans, "buy:")
    await customer.pays(await customer.sees_payment_page())
    await books.reaches(customer, "done")
    assert await mortal.is_killed("api"), "the purchase never came by the step"
    assert await books.outcome(customer) == ONE_OF_EACH
    assert await customer.payment_count() == 1
    assert len(await customer.configs()) == 1


async def test_the_temporal_server_killed_while_the_customer_pays(
    mortal: MortalShop, customer: Shopper, books: Ledger
) -> None:
    message = await customer.reaches_payment_page()
    temporal = mortal.shop.children["temporal"]
    await temporal.kill()
    await customer.pays(message)
    await temporal.start()
    await books.reaches(customer, "done")
    assert await books.outcome(customer) == ONE_OF_EACH
    assert len(await customer.configs()) == 1


async def test_postgresql_killed_while_the_customer_pays(
    mortal: MortalShop, customer: Shopper
) -> None:
    message = await customer.reaches_payment_page()
    await mortal.shop.postgres.kill()
    await customer.pays(message)
    await mortal.shop.postgres.revive()
    await customer.gets_config()
    connection = await asyncpg.connect(mortal.shop.database_url, timeout=10)
    books = Ledger(connection, mortal.shop)
    await books.reaches(customer, "done")
    assert await books.outcome(customer) == ONE_OF_EACH
    assert len(await customer.configs()) == 1
    await connection.close()


async def test_worker_and_api_killed_again_and_again(
    mortal: MortalShop, customer: Shopper, books: Ledger
) -> None:
    message = await customer.reaches_payment_page()
    mortal.kill("api", "after starter.payment_seen")
    mortal.kill("worker", "after provider.fetch_payment")
    await customer.pays(message)
    assert await mortal.is_killed("worker")
    mortal.kill("worker", "after peers.ensure_peer")
    await books.reaches(customer, "done")
    assert await mortal.is_killed("api")
    assert await mortal.is_killed("worker")
    assert await books.outcome(customer) == ONE_OF_EACH
    assert len(await customer.configs()) == 1


async def test_the_worker_killed_again_and_again_over_an_evacuation(
    mortal: MortalShop, customer: Shopper, books: Ledger, connection: Connection
) -> None:
    shop = mortal.shop
    await customer.buys()
    await books.reaches(customer, "done")
    _, before = await customer.gets_config()
    source = await books.server_of(customer)
    (target,) = set(shop.nodes) - {source}
    words = ("server", "evacuate", source, "--to", target, "--yes", "--pace", "50")
    command = asyncio.create_task(shop.wgshop(*words))
    for step in EVACUATION_STEPS:
        mortal.kill("worker", step)
        await mortal.dies("worker")
    done = await command
    assert (done.exit_code, "done:" in done.output) == (0, True), done.output

    await (await temporal_of(shop)).get_workflow_handle(f"clear:{source}").result()
    assert await books.outcome(customer) == ONE_OF_EACH
    assert await books.server_of(customer) == target
    old, new = await customer.configs()
    assert (old, new != old) == (before, True)
    assert f":{shop.nodes[target].listen_port}".encode() in new
    resumed = await shop.wgshop("server", "resume", source)
    assert resumed.exit_code == 0, resumed.output


async def test_the_worker_killed_again_and_again_over_a_change_of_location(
    mortal: MortalShop, customer: Shopper, books: Ledger, connection: Connection
) -> None:
    await customer.buys()
    await books.reaches(customer, "done")
    device_id = UUID(await books.device_of(customer))
    source = await books.server_of(customer)
    page = await opens_device(customer, device_id)
    await customer.taps(page, "device:places")
    page = await customer.sees_again(page, "place:")
    mortal.kill("worker", LOCATION_STEPS[0])
    await customer.taps_and_leaves(page, "place:")
    for step in LOCATION_STEPS[1:]:
        await mortal.dies("worker")
        mortal.kill("worker", step)
    await mortal.dies("worker")
    mortal.kill("worker", "after peers.remove_peer")
    temporal = await temporal_of(mortal.shop)
    setup = temporal.get_workflow_handle(f"device:{device_id}:2")
    await TimeSkipper(temporal).fast_forward(setup, PARTING)
    await mortal.dies("worker")
    former = await connection.fetchval("select server_id from vpn_servers where slug = $1", source)
    await temporal.get_workflow_handle(f"removal:{device_id}:{former}:2").result()

    assert await books.outcome(customer) == ONE_OF_EACH
    assert {source, await books.server_of(customer)} == set(mortal.shop.nodes)
    assert len(await customer.configs()) == 2
    assert await connection.fetchval("select count(*) from location_changes") == 1
