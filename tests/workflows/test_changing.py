"""What customers change about a subscription that goes on: its plan, and standing still."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from domain.devices import DeviceTurn, DeviceWork, ReissueOrder
from domain.errors import (
    AccessEnded,
    DeviceBusy,
    DeviceMoved,
    LocationLimitReached,
    LocationNotOffered,
    NoFreeAddress,
    OfferChanged,
    RefundRefused,
    ShopError,
    UnknownDevice,
)
from domain.ids import ChangeId, DeviceId, PlanId, SubscriptionId
from domain.locations import LocationOrder
from domain.notices import ReminderKind
from domain.plan_changes import ChangeOrder
from domain.subscriptions import SubscriptionStatus
from tests.workflows.fake_changes import ALLOWANCE, LONGER
from tests.workflows.fake_ledger import USER
from tests.workflows.shop import Shop
from workflows.names import SUBSCRIPTION_STATUS

MONTH = timedelta(days=30)
DAY = timedelta(days=1)
A_MOMENT = timedelta(minutes=1)


def a_change(subscription_id: SubscriptionId) -> ChangeOrder:
    return ChangeOrder(
        change_id=ChangeId(uuid4()),
        subscription_id=subscription_id,
        plan_id=PlanId(2),
        made_at=datetime.now(UTC),
        fingerprint="12345678",
    )


async def test_another_plan_moves_the_reminders_and_the_end(shop: Shop) -> None:
    subscription_id = await shop.opened(MONTH)
    changed = await shop.starter.change(a_change(subscription_id))
    assert changed.expires_at == shop.ledger.states[subscription_id].expires_at
    running = shop.subscription(subscription_id)
    await shop.forward(running, MONTH + DAY)
    assert shop.journal.all_of("reminded") == []
    await shop.forward(running, LONGER - MONTH - DAY - 2 * DAY)
    await shop.journal.until("reminded", ReminderKind.BEFORE)


async def test_a_change_that_the_ledger_refuses_leaves_everything_as_it_was(shop: Shop) -> None:
    subscription_id = await shop.opened(MONTH)
    shop.changes.refusal = OfferChanged("the offer has changed")
    with pytest.raises(OfferChanged):
        await shop.starter.change(a_change(subscription_id))
    await shop.forward(shop.subscription(subscription_id), MONTH - 2 * DAY)
    await shop.journal.until("reminded", ReminderKind.BEFORE)


async def test_while_it_stands_still_nothing_reminds_and_nothing_ends(shop: Shop) -> None:
    subscription_id = await shop.opened(2 * DAY)
    state = await shop.starter.freeze(subscription_id)
    assert state.status is SubscriptionStatus.FROZEN
    running = shop.subscription(subscription_id)
    await shop.forward(running, 5 * DAY)
    assert shop.journal.all_of("reminded") == []
    assert shop.journal.all_of("end_subscription") == []
    attributes = (await running.describe()).typed_search_attributes
    assert attributes[SUBSCRIPTION_STATUS] == SubscriptionStatus.FROZEN


async def test_whoever_resumes_has_the_days_that_were_left(shop: Shop) -> None:
    subscription_id = await shop.opened(2 * DAY)
    end = shop.ledger.states[subscription_id].expires_at
    await shop.starter.freeze(subscription_id)
    await shop.forward(shop.subscription(subscription_id), 5 * DAY)
    state = await shop.starter.resume(subscription_id)
    assert state.status is SubscriptionStatus.ACTIVE
    assert end + 5 * DAY <= state.expires_at <= end + 5 * DAY + A_MOMENT
    await shop.forward(shop.subscription(subscription_id), DAY + A_MOMENT)
    await shop.journal.until("reminded", ReminderKind.DAY_BEFORE)


async def test_when_the_allowance_is_used_up_it_goes_on_by_itself_and_says_so(shop: Shop) -> None:
    subscription_id = await shop.opened(2 * DAY)
    await shop.starter.freeze(subscription_id)
    await shop.forward(shop.subscription(subscription_id), ALLOWANCE + A_MOMENT)
    await shop.journal.until("reminded", ReminderKind.RESUMED)
    assert shop.ledger.states[subscription_id].status is SubscriptionStatus.ACTIVE
    await shop.forward(shop.subscription(subscription_id), 2 * DAY)
    await shop.journal.until("reminded", ReminderKind.ENDED)


async def test_what_makes_no_sense_is_refused_before_it_is_written_down(shop: Shop) -> None:
    subscription_id = await shop.opened(MONTH)
    with pytest.raises(RefundRefused, match="is active, not frozen"):
        await shop.starter.resume(subscription_id)
    await shop.starter.freeze(subscription_id)
    with pytest.raises(RefundRefused, match="is frozen, not active"):
        await shop.starter.freeze(subscription_id)
    with pytest.raises(RefundRefused, match="is frozen, not active"):
        await shop.starter.change(a_change(subscription_id))
    assert len(shop.journal.all_of("freeze")) == 1


async def test_what_stands_still_can_be_cancelled(shop: Shop) -> None:
    subscription_id = await shop.opened(MONTH)
    await shop.starter.freeze(subscription_id)
    decision = await shop.cancel(subscription_id)
    await shop.refund(decision.refund_id).result()
    assert len(shop.journal.all_of("refund_done")) == 1


async def test_a_subscription_without_a_workflow_refuses_in_words(shop: Shop) -> None:
    with pytest.raises(RefundRefused, match="over, or never was"):
        await shop.starter.freeze(SubscriptionId(uuid4()))


def new_keys(subscription_id: SubscriptionId, revision: int = 1) -> ReissueOrder:
    return ReissueOrder(
        subscription_id=subscription_id,
        user_id=USER,
        device_id=DeviceId(uuid4()),
        revision=revision,
    )


async def test_new_keys_are_decided_once_however_often_the_button_is_tapped(shop: Shop) -> None:
    subscription_id = await shop.opened(MONTH)
    order = new_keys(subscription_id)
    turn = DeviceTurn(device_id=order.device_id, user_id=USER, revision=order.revision + 1)
    shop.devices.decided[subscription_id] = DeviceWork(setups=(turn,))
    await asyncio.gather(shop.starter.reissue(order), shop.starter.reissue(order))
    await shop.journal.until("device_delivered")
    assert shop.journal.all_of("reissued") == [order.device_id]


async def test_a_device_that_is_there_no_more_gets_no_new_keys(shop: Shop) -> None:
    subscription_id = await shop.opened(MONTH)
    shop.devices.refusal = UnknownDevice("the customer has no such device")
    with pytest.raises(UnknownDevice):
        await shop.starter.reissue(new_keys(subscription_id))


async def test_new_keys_are_refused_while_the_subscription_stands_still(shop: Shop) -> None:
    subscription_id = await shop.opened(MONTH)
    await shop.starter.freeze(subscription_id)
    with pytest.raises(RefundRefused, match="is frozen, not active"):
        await shop.starter.reissue(new_keys(subscription_id))
    assert shop.journal.all_of("reissued") == []


def elsewhere(subscription_id: SubscriptionId) -> LocationOrder:
    return LocationOrder(
        subscription_id=subscription_id,
        user_id=USER,
        device_id=DeviceId(uuid4()),
        revision=1,
        location="de",
    )


async def test_a_device_that_goes_elsewhere_gets_its_file_with_the_place(shop: Shop) -> None:
    subscription_id = await shop.opened(MONTH)
    order = elsewhere(subscription_id)
    turn = DeviceTurn(device_id=order.device_id, user_id=USER, revision=2)
    shop.devices.decided[subscription_id] = DeviceWork(setups=(turn,))
    shop.devices.places[turn] = "de"
    # The second tap may come while the first is being carried out; the ledger tells them apart.
    await asyncio.gather(*(shop.starter.change_location(order) for _ in range(2)))
    assert (await shop.journal.until("device_delivered")).moved_to == "de"
    assert shop.journal.all_of("location_changed") == ["de", "de"]


@pytest.mark.parametrize(
    "refusal",
    [
        AccessEnded,
        DeviceBusy,
        DeviceMoved,
        LocationLimitReached,
        LocationNotOffered,
        NoFreeAddress,
        UnknownDevice,
    ],
)
async def test_what_the_ledger_refuses_is_told_by_its_type_and_may_work_later(
    shop: Shop, refusal: type[ShopError]
) -> None:
    order = elsewhere(await shop.opened(MONTH))
    shop.devices.refusal = refusal("not now")
    with pytest.raises(refusal, match="not now"):
        await shop.starter.change_location(order)
    shop.devices.refusal = None
    await shop.starter.change_location(order)


async def test_nothing_moves_while_the_subscription_stands_still(shop: Shop) -> None:
    subscription_id = await shop.opened(MONTH)
    await shop.starter.freeze(subscription_id)
    with pytest.raises(RefundRefused, match="is frozen, not active"):
        await shop.starter.change_location(elsewhere(subscription_id))
    assert shop.journal.all_of("location_changed") == []
