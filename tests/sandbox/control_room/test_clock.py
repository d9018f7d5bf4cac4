"""The clock: to just before a reminder or an end, and past a payment page's hour."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from sandbox.control_room.client import ControlRoom, RoomRefused
from sandbox.control_room.views import Moment, RoomState, WorkflowView
from sandbox.shopper import Shopper
from sandbox.telegram.views import MessageView

pytestmark = pytest.mark.xdist_group("control-room")

ALMOST_A_MONTH = timedelta(days=20).total_seconds()


def newest_subscription(state: RoomState) -> WorkflowView | None:
    found = (each for each in state.flights.running if each.type == "Subscription")
    return next((each for each in found if each.wakes_at is not None), None)


async def subscription_of(room: ControlRoom, customer: Shopper) -> WorkflowView:
    """What the customer has just bought."""
    before = {each.workflow_id for each in (await room.state()).flights.running}
    await customer.buys()

    def is_new(state: RoomState) -> bool:
        found = newest_subscription(state)
        return found is not None and found.workflow_id not in before

    found = newest_subscription(await room.wait_for(is_new))
    assert found is not None
    return found


async def seen(
    room: ControlRoom,
    workflow: WorkflowView,
    looks_right: Callable[[WorkflowView], bool] = lambda _: True,
) -> WorkflowView:
    """The workflow among those that run, once it looks as wanted."""

    def matching(state: RoomState) -> list[WorkflowView]:
        mine = (each for each in state.flights.running if each.workflow_id == workflow.workflow_id)
        return [each for each in mine if looks_right(each)]

    return matching(await room.wait_for(lambda state: bool(matching(state))))[0]


async def reminded(customer: Shopper, after: int = 0) -> MessageView:
    """A message that offers to renew."""
    return await customer.sees(
        lambda each: any("buy:" in (button.callback_data or "") for button in each.buttons),
        after=after,
    )


async def test_a_subscription_is_jumped_to_its_reminder_renewed_and_jumped_to_its_end(
    room: ControlRoom, customer: Shopper
) -> None:
    bought = await subscription_of(room, customer)
    _, _ = await customer.gets_config()
    qr = await customer.sees(lambda each: bool(each.current.photo))
    assert bought.paid_until is not None
    end = bought.paid_until

    jump = await room.jump(bought.workflow_id, Moment.REMINDER)
    assert jump.target == bought.wakes_at
    reminder = await reminded(customer, after=qr.message_id)
    turned = await seen(room, bought)
    assert turned.ahead_seconds > ALMOST_A_MONTH

    await customer.buys_again()
    renewed = await seen(
        room, bought, lambda each: (each.paid_until or end) >= end + timedelta(days=30)
    )
    assert renewed.ahead_seconds > ALMOST_A_MONTH
    assert renewed.began_at < end

    jump = await room.jump(bought.workflow_id, Moment.END)
    assert jump.target == end + timedelta(days=30)
    ended = await customer.sees(lambda each: "has ended" in each.body, after=reminder.message_id)
    assert ended.buttons
    with pytest.raises(RoomRefused, match=r"has passed|only seconds away"):
        await room.jump(bought.workflow_id, Moment.END)
    with pytest.raises(RoomRefused, match=r"no reminder is ahead|waits for no timer"):
        await room.jump(bought.workflow_id, Moment.REMINDER)


async def test_the_payment_hour_passes_for_the_page_and_its_purchase(
    room: ControlRoom, customer: Shopper
) -> None:
    message = await customer.reaches_payment_page()
    await room.wait_for(
        lambda state: any(each.stage == "awaiting_payment" for each in state.flights.running)
    )
    skipped = await room.skip_payment_hour()
    assert len(skipped.purchases) == 1
    await customer.sees_text(message, "The time to pay is over")
    with pytest.raises(RoomRefused, match="is over"):
        await room.jump(skipped.purchases[0], Moment.NEXT_TIMER)


async def test_the_clock_of_a_workflow_that_is_not_there_is_not_turned(room: ControlRoom) -> None:
    with pytest.raises(RoomRefused, match="knows nothing of subscription:none"):
        await room.jump("subscription:none", Moment.END)
