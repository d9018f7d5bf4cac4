"""A card that is kept with consent renews the subscription, and one tap forgets it."""

from datetime import timedelta

import pytest
from temporalio.client import Client
from temporalio.testing import TimeSkipper

from infra.postgres.pool import Connection
from sandbox.shopper import Shopper
from tests.e2e.ledger import Ledger

pytestmark = pytest.mark.xdist_group("e2e")

HOUR = timedelta(hours=1)


async def test_a_kept_card_is_charged_after_a_word_ahead_and_forgotten_by_one_tap(
    newcomer: Shopper, ledger: Ledger, database: Connection, temporal: Client
) -> None:
    plans = await newcomer.opens_plans(await newcomer.arrive())
    await newcomer.taps(plans, "open:renewal")
    await newcomer.taps(await newcomer.sees_again(plans, "auto:"), "auto:")
    await newcomer.taps(await newcomer.sees_again(plans, "agree:"), "agree:")
    message = await newcomer.sees_payment_page(after=plans.message_id - 1)
    await newcomer.pays(message)
    await ledger.reaches(newcomer, "done")
    subscription, end = await database.fetchrow(
        "select subscription_id, expires_at from subscriptions where user_id = $1",
        newcomer.user_id,
    )
    handle = temporal.get_workflow_handle(f"subscription:{subscription}")
    clock = TimeSkipper(temporal)

    await clock.fast_forward(handle, timedelta(days=28, minutes=1))
    ahead = await newcomer.sees(
        lambda each: any(button.callback_data == "unlink" for button in each.buttons),
        after=message.message_id,
    )
    assert "299" in ahead.body
    await clock.fast_forward(handle, 24 * HOUR)
    renewed = await newcomer.sees(
        lambda each: each.body.startswith("🔁") and each.message_id != ahead.message_id,
        after=ahead.message_id,
    )

    assert len(await newcomer.configs()) == 1, "the file is the same, so it is not sent again"
    extended = await database.fetchval(
        "select expires_at from subscriptions where subscription_id = $1", subscription
    )
    assert extended == end + timedelta(days=30)
    assert len(await ledger.peers(newcomer)) == 1
    await newcomer.taps(ahead, "unlink")
    await newcomer.sees(lambda each: "nothing more" in each.body.lower(), after=renewed.message_id)
    assert not await database.fetchval(
        "select count(*) from live_consents where user_id = $1", newcomer.user_id
    )
