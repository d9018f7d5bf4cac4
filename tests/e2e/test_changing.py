"""Another plan with a payment, and a hold: on real parts."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest
from temporalio.client import Client

from infra.postgres.pool import Connection
from sandbox.shopper import Shopper
from sandbox.telegram.client import MessageView
from tests.e2e.ledger import Ledger

pytestmark = pytest.mark.xdist_group("e2e")


@pytest.fixture
async def holds(database: Connection) -> AsyncIterator[None]:
    """Every plan may be put on hold for a week."""
    await database.execute("update tariffs set freeze_days_per_period = 7")
    yield
    await database.execute("update tariffs set freeze_days_per_period = 0")


async def test_a_dearer_plan_is_paid_less_what_is_left_of_the_old(
    newcomer: Shopper, ledger: Ledger, database: Connection
) -> None:
    await _has_a_month(newcomer, ledger)
    mine = await _opens_mine(newcomer)
    await newcomer.taps(mine, "open:change")
    await newcomer.taps(await newcomer.sees_again(mine, "chg:"), "chg:")
    payment = await newcomer.pays(await newcomer.sees_payment_page(after=mine.message_id - 1))
    assert await ledger.reaches(newcomer, "done") == "done"
    row = await database.fetchrow(
        """
        select t.slug, t.price, s.expires_at - g.starts_at as time
        from subscriptions s join tariffs t using (tariff_id)
        join grants g using (subscription_id)
        where user_id = $1 and g.cause = 'change'
        """,
        newcomer.user_id,
    )
    assert row["slug"] == "quarter"
    assert row["time"] == timedelta(days=90)
    assert row["price"] - 299 <= Decimal(payment.value) <= row["price"] - 298
    assert len(await ledger.peers(newcomer)) == 1


async def test_on_hold_there_is_no_peer_and_going_on_brings_it_back(
    newcomer: Shopper,
    ledger: Ledger,
    database: Connection,
    temporal: Client,
    holds: None,
) -> None:
    await _has_a_month(newcomer, ledger)
    (before,) = await ledger.peers(newcomer)
    end = await _end(database, newcomer)
    mine = await _opens_mine(newcomer)
    await newcomer.taps(mine, "open:freeze")
    await newcomer.taps(await newcomer.sees_again(mine, "freeze"), "freeze")
    frozen = await newcomer.sees_again(mine, "resume")
    await _work_is_done(newcomer, ledger, temporal, "PeerRemoval")
    assert await ledger.peers(newcomer) == []

    await newcomer.taps(frozen, "resume")
    await newcomer.sees_text(mine, "goes on")
    await _work_is_done(newcomer, ledger, temporal, "DeviceSetup")
    (after,) = await ledger.peers(newcomer)
    assert after.public_key == before.public_key
    row = await database.fetchrow(
        "select expires_at, frozen_for from subscriptions where user_id = $1", newcomer.user_id
    )
    assert row["expires_at"] == end + row["frozen_for"]


async def _has_a_month(customer: Shopper, ledger: Ledger) -> None:
    await customer.buys()
    await ledger.reaches(customer, "done")


async def _opens_mine(customer: Shopper) -> MessageView:
    menu = await customer.opens_menu()
    await customer.taps(menu, "open:mine")
    return await customer.sees_again(menu, "open:change")


async def _end(database: Connection, customer: Shopper) -> object:
    return await database.fetchval(
        "select expires_at from subscriptions where user_id = $1", customer.user_id
    )


async def _work_is_done(customer: Shopper, ledger: Ledger, temporal: Client, workflow: str) -> None:
    device = await ledger.device_of(customer)
    found = [
        each
        async for each in temporal.list_workflows(f"WorkflowType = '{workflow}'")
        if device in each.id
    ]
    assert found
    for each in found:
        await temporal.get_workflow_handle(each.id).result()
