"""Taps that overtake messages: Telegram's open server sends a chat's kinds of updates side by side.

See https://github.com/tdlib/telegram-bot-api: presses of buttons have a queue of their own.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from sandbox.shopper import Shopper
from sandbox.telegram.client import Pace, TelegramSandbox
from tests.e2e.ledger import ONE_OF_EACH, Ledger

pytestmark = pytest.mark.xdist_group("e2e")


@pytest.fixture(autouse=True)
async def _side_by_side(telegram: TelegramSandbox) -> AsyncIterator[None]:
    await telegram.set_pace(Pace(separate_queues=True))
    yield
    await telegram.set_pace(Pace())


async def test_a_tap_and_messages_at_the_same_time_are_each_answered(
    newcomer: Shopper, telegram: TelegramSandbox, ledger: Ledger
) -> None:
    plans = await newcomer.opens_plans(await newcomer.arrive())
    _, asked, started = await asyncio.gather(
        newcomer.taps_twice_at_once(plans, "buy:"),
        telegram.send_text(newcomer.user_id, "/language"),
        telegram.press_start(newcomer.user_id),
    )
    await newcomer.sees(lambda each: "your language" in each.body, after=asked.message_id)
    # The menu knows of the purchase, or not yet: both are true at their moment.
    menus = ("Hello", "Waiting for your payment")
    await newcomer.sees(
        lambda each: any(words in each.body for words in menus), after=started.message_id
    )
    await newcomer.pays(await newcomer.sees_text(plans, "Tap the button to pay"))
    await ledger.reaches(newcomer, "done")
    assert await ledger.outcome(newcomer) == ONE_OF_EACH
    assert await newcomer.payment_count() == 1
