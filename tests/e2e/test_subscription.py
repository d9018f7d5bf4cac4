"""A subscription's month on real parts: the reminder, the end, and the way back."""

from datetime import timedelta

import pytest
from temporalio.client import Client
from temporalio.testing import TimeSkipper

from infra.postgres.pool import Connection
from sandbox.shopper import Shopper
from tests.e2e.ledger import ONE_OF_EACH, Ledger

pytestmark = pytest.mark.xdist_group("e2e")


async def test_a_customer_is_reminded_a_day_before_and_loses_the_peer_at_the_end(
    newcomer: Shopper, ledger: Ledger, database: Connection, temporal: Client
) -> None:
    message = await newcomer.buys()
    await ledger.reaches(newcomer, "done")
    assert await ledger.outcome(newcomer) == ONE_OF_EACH
    subscription = await database.fetchval(
        "select subscription_id from subscriptions where user_id = $1", newcomer.user_id
    )
    handle = temporal.get_workflow_handle(f"subscription:{subscription}")
    clock = TimeSkipper(temporal)

    await clock.fast_forward(handle, timedelta(days=29, minutes=1))
    reminder = await newcomer.sees(
        lambda each: (
            any("buy:" in (button.callback_data or "") for button in each.buttons)
            and each.body.startswith("⏰")
        ),
        after=message.message_id,
    )
    assert len(await ledger.peers(newcomer)) == 1

    await clock.fast_forward(handle, timedelta(days=1))
    ended = await newcomer.sees(lambda each: bool(each.buttons), after=reminder.message_id)
    await clock.fast_forward(handle, timedelta(days=3))
    await handle.result()
    (removal,) = [
        each
        async for each in temporal.list_workflows("WorkflowType = 'PeerRemoval'")
        if str(await ledger.device_of(newcomer)) in each.id
    ]
    await temporal.get_workflow_handle(removal.id).result()
    assert await ledger.peers(newcomer) == []
    assert ended.body != reminder.body
