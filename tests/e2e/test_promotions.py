"""Trials, promo codes, gifts and invitations, through the public doors."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.client import Client
from temporalio.testing import TimeSkipper

from infra.postgres.pool import Connection
from sandbox.shopper import Shopper
from tests.e2e.ledger import ONE_OF_EACH, Ledger, Outcome

pytestmark = pytest.mark.xdist_group("e2e")

FREE = Outcome(payments=0, grants=1, devices=1, peers=1)
"""Access that nobody paid for."""


@pytest.fixture
async def trial(database: Connection) -> AsyncIterator[None]:
    """The owner offers a trial, for as long as the test runs."""
    await database.execute("update tariffs set is_for_sale = true where is_trial")
    yield
    await database.execute("update tariffs set is_for_sale = false where is_trial")


@pytest.mark.usefixtures("trial")
async def test_a_newcomer_tries_for_free_once(newcomer: Shopper, ledger: Ledger) -> None:
    menu = await newcomer.arrive()
    await newcomer.taps_twice_at_once(menu, "open:trial")
    await ledger.reaches(newcomer, "done")
    await newcomer.gets_config()
    assert await ledger.outcome(newcomer) == FREE
    assert await ledger.days_of_access(newcomer) == 3
    assert await newcomer.payment_count() == 0


async def test_a_code_makes_the_button_and_the_payment_cheaper(
    newcomer: Shopper, second_newcomer: Shopper, ledger: Ledger, database: Connection
) -> None:
    await database.execute(
        "insert into promo_codes (code, kind, worth, max_uses) values ('E2E', 'percent', 20, 1)"
    )
    plans = await newcomer.follows("https://t.me/wgshop?start=promo_e2e")
    assert "239.20 ₽" in plans.buttons[0].text
    message = await newcomer.chooses(plans)
    assert "promo code E2E, 20%" in message.body
    assert (await newcomer.pays(message)).value == "239.20"
    await ledger.reaches(newcomer, "done")
    assert await ledger.outcome(newcomer) == ONE_OF_EACH

    refused = await second_newcomer.follows("https://t.me/wgshop?start=promo_e2e")
    assert "e2e не подошёл: его уже использовали" in refused.body


async def test_a_gift_is_opened_by_its_link_once_and_the_giver_is_told(
    newcomer: Shopper, second_newcomer: Shopper, ledger: Ledger
) -> None:
    plans = await newcomer.opens_plans(await newcomer.arrive())
    await newcomer.taps(plans, "open:give")
    message = await newcomer.chooses(await newcomer.sees_text(plans, "as a gift"))
    await newcomer.pays(message)
    ready = await newcomer.sees_text(message, "Your gift is ready")
    link = re.search(r"https://t.me/\S+start=gift_\S+", ready.body)
    assert link is not None
    assert await ledger.outcome(newcomer) == Outcome(payments=1, grants=0, devices=0, peers=0)

    gift = await second_newcomer.follows(link[0])
    await second_newcomer.taps_twice_at_once(gift, "gift:")
    await second_newcomer.gets_config()
    await ledger.reaches(second_newcomer, "done")
    assert await ledger.outcome(second_newcomer) == FREE
    assert await ledger.days_of_access(second_newcomer) == 30
    await newcomer.sees(lambda each: "Борис now has a VPN" in each.body)
    again = await newcomer.follows(link[0])
    assert "opens nothing any more" in again.body


async def test_an_invited_friends_payment_brings_days_once_it_is_safe(
    newcomer: Shopper, second_newcomer: Shopper, ledger: Ledger, temporal: Client
) -> None:
    await newcomer.buys()
    await ledger.reaches(newcomer, "done")
    menu = await newcomer.opens_menu()
    await newcomer.taps(menu, "open:mine")
    await newcomer.taps(await newcomer.sees_again(menu, "open:friends"), "open:friends")
    friends = await newcomer.sees_text(menu, "?start=ref_")
    link = re.search(r"https://t.me/\S+start=ref_\S+", friends.body)
    assert link is not None

    plans = await second_newcomer.opens_plans(await second_newcomer.follows(link[0]))
    await second_newcomer.pays(await second_newcomer.chooses(plans))
    await ledger.reaches(second_newcomer, "done")
    assert await ledger.days_of_access(newcomer) == 30, "the payment could still go back"

    reward = temporal.get_workflow_handle(f"reward:{await ledger.purchase_id(second_newcomer)}")
    await TimeSkipper(temporal).fast_forward(reward, timedelta(days=7, minutes=1))
    await newcomer.sees(lambda each: "Thank you for your friend" in each.body)
    assert await ledger.days_of_access(newcomer) == 37
    assert await ledger.days_of_access(second_newcomer) == 30
