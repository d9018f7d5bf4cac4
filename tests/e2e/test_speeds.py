"""Plans that hold devices to a speed and to traffic: chat, ledger, workflows and nodes."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.client import Client
from temporalio.testing import TimeSkipper

from infra.postgres.pool import Connection
from sandbox.shopper import Shopper
from tests.e2e.ledger import Ledger

pytestmark = pytest.mark.xdist_group("e2e")

A_COUNT = timedelta(seconds=61)


@pytest.fixture
async def limits(database: Connection) -> AsyncIterator[None]:
    """A month is slower than a quarter; what a month includes is a test's to decide."""
    await database.execute("update tariffs set speed_mbit = 50 where slug = 'month'")
    await database.execute("update tariffs set speed_mbit = 100 where slug = 'quarter'")
    yield
    await database.execute("update tariffs set speed_mbit = null, traffic_gb = null")


async def count(temporal: Client) -> None:
    """The next count of traffic comes now."""
    query = "WorkflowType = 'ServerStatistics' and ExecutionStatus = 'Running'"
    (running,) = [each async for each in temporal.list_workflows(query)]
    handle = temporal.get_workflow_handle(running.id, run_id=running.run_id)
    await TimeSkipper(temporal).fast_forward(handle, A_COUNT)


async def uses(database: Connection, customer: Shopper, gigabytes: int) -> None:
    """The nodes' stand-ins carry no packets: so much was counted."""
    await database.execute(
        """
        insert into subscription_traffic (subscription_id, period_since, used_bytes)
        select subscription_id, starts_at, $2::bigint * 1000000000
        from subscriptions where user_id = $1
        """,
        customer.user_id,
        gigabytes,
    )


@pytest.mark.usefixtures("limits")
async def test_a_plans_speed_reaches_the_node_and_changes_with_the_plan(
    newcomer: Shopper, ledger: Ledger
) -> None:
    plans = await newcomer.opens_plans(await newcomer.arrive())
    assert "up to 50 Mbit/s on each device" in plans.body
    await newcomer.pays(await newcomer.chooses(plans))
    await ledger.reaches(newcomer, "done")
    assert await ledger.speed(newcomer) == 50

    await newcomer.buys_again(1)
    await ledger.reaches(newcomer, "done")
    await ledger.slows_to(newcomer, 100)


@pytest.mark.usefixtures("limits")
async def test_used_up_traffic_slows_a_customer_who_is_told_and_a_renewal_ends_it(
    newcomer: Shopper, ledger: Ledger, database: Connection, temporal: Client
) -> None:
    await newcomer.buys()
    await ledger.reaches(newcomer, "done")
    files = len(await newcomer.configs())
    await database.execute("update tariffs set traffic_gb = 300 where slug = 'month'")
    await uses(database, newcomer, 300)
    await count(temporal)

    await newcomer.sees(lambda each: "Your traffic is used up" in each.body)
    await ledger.slows_to(newcomer, 1)
    assert len(await newcomer.configs()) == files, "the file is the same"
    menu = await newcomer.opens_menu()
    await newcomer.taps(menu, "open:mine")
    await newcomer.sees_text(menu, "Traffic: all 300 GB used")

    await newcomer.buys_again()
    await ledger.reaches(newcomer, "done")
    await ledger.slows_to(newcomer, 50)
