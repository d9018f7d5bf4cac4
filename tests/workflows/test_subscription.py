"""A subscription from its opening to its end, and on again."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from temporalio.client import WorkflowExecutionStatus, WorkflowHandle

from domain.errors import CustomerUnreachable
from domain.ids import SubscriptionId
from domain.notices import ReminderKind
from domain.subscriptions import SubscriptionState, SubscriptionStatus
from tests.workflows.shop import ANSWER, Shop
from workflows.names import PAID_UNTIL, SUBSCRIPTION_STATUS, subscription_workflow_id
from workflows.subscription import SubscriptionWorkflow

MONTH = timedelta(days=30)
DAY = timedelta(days=1)
A_MOMENT = timedelta(minutes=1)
HALF_A_DAY = timedelta(hours=12)

Running = WorkflowHandle[SubscriptionWorkflow, None]


async def test_the_customer_is_reminded_as_the_plan_says_and_once_each(shop: Shop) -> None:
    _, running = await _opened(shop, MONTH)

    await shop.forward(running, MONTH - 3 * DAY - A_MOMENT)
    assert shop.journal.all_of("reminded") == []
    await shop.forward(running, 2 * A_MOMENT)
    await shop.journal.until("reminded", ReminderKind.BEFORE)
    await shop.forward(running, 2 * DAY)
    await shop.journal.until("reminded", ReminderKind.DAY_BEFORE)
    await shop.forward(running, HALF_A_DAY)

    assert shop.journal.all_of("reminded") == [ReminderKind.BEFORE, ReminderKind.DAY_BEFORE]


async def test_of_reminders_that_were_overslept_only_the_latest_is_sent(
    closed_shop: Shop,
) -> None:
    shop = closed_shop
    subscription_id = SubscriptionId(uuid4())
    bought = datetime.now(UTC) - MONTH + HALF_A_DAY
    shop.ledger.sell(subscription_id, bought, MONTH)
    await shop.starter.open_or_extend(shop.ledger.states[subscription_id])

    async with shop.at_work():
        await shop.journal.until("reminded", ReminderKind.DAY_BEFORE)

    assert shop.journal.all_of("reminded") == [ReminderKind.DAY_BEFORE]


async def test_at_the_end_the_peer_leaves_and_the_customer_is_told(shop: Shop) -> None:
    _, running = await _opened(shop, HALF_A_DAY)

    await shop.forward(running, HALF_A_DAY + A_MOMENT)

    assert await shop.journal.until("peer_removed") == "nl1"
    await shop.journal.until("reminded", ReminderKind.ENDED)
    assert shop.journal.all_of("reminded") == [ReminderKind.ENDED]


async def test_a_customer_who_stays_away_is_asked_back_once(shop: Shop) -> None:
    _, running = await _opened(shop, HALF_A_DAY)

    await shop.forward(running, HALF_A_DAY + A_MOMENT)
    await shop.journal.until("reminded", ReminderKind.ENDED)
    await shop.forward(running, 3 * DAY)
    await running.result(rpc_timeout=ANSWER)

    assert shop.journal.all_of("reminded") == [ReminderKind.ENDED, ReminderKind.WIN_BACK]


async def test_a_customer_who_came_back_is_not_asked_back(shop: Shop) -> None:
    subscription_id, running = await _opened(shop, HALF_A_DAY)
    await shop.forward(running, HALF_A_DAY + A_MOMENT)
    await shop.journal.until("reminded", ReminderKind.ENDED)

    shop.ledger.sell(subscription_id, datetime.now(UTC) + DAY, MONTH)
    await shop.starter.open_or_extend(shop.ledger.states[subscription_id])
    await shop.forward(running, 4 * DAY)

    assert shop.journal.all_of("reminded") == [ReminderKind.ENDED]


async def test_operators_find_a_subscription_by_its_status(shop: Shop) -> None:
    _, running = await _opened(shop, HALF_A_DAY)
    await shop.forward(running, HALF_A_DAY + A_MOMENT)
    await shop.journal.until("reminded", ReminderKind.ENDED)

    attributes = (await running.describe()).typed_search_attributes

    assert attributes[SUBSCRIPTION_STATUS] == SubscriptionStatus.EXPIRED


async def test_a_period_shorter_than_the_lead_is_not_reminded_of(shop: Shop) -> None:
    _, running = await _opened(shop, HALF_A_DAY)

    await shop.forward(running, HALF_A_DAY - A_MOMENT)

    assert shop.journal.all_of("reminded") == []


async def test_an_extension_moves_the_reminder_and_the_end(shop: Shop) -> None:
    subscription_id, running = await _opened(shop, MONTH)

    await _extend(shop, subscription_id, MONTH)
    await shop.forward(running, MONTH + A_MOMENT)
    assert shop.journal.all_of("reminded") == []
    assert shop.journal.all_of("end_subscription") == []
    await shop.forward(running, MONTH - 3 * DAY)

    await shop.journal.until("reminded", ReminderKind.BEFORE)
    description = await running.describe()
    paid_until = description.typed_search_attributes[PAID_UNTIL]
    assert paid_until == shop.ledger.states[subscription_id].expires_at


async def test_an_extension_that_only_the_ledger_knows_of_is_found_at_the_end(shop: Shop) -> None:
    subscription_id, running = await _opened(shop, HALF_A_DAY)
    shop.ledger.sell(subscription_id, datetime.now(UTC), MONTH)

    await shop.forward(running, HALF_A_DAY + A_MOMENT)
    await shop.journal.until("end_subscription")
    await shop.forward(running, A_MOMENT)

    assert (await running.describe()).status is WorkflowExecutionStatus.RUNNING
    assert shop.journal.all_of("reminded") == []
    assert shop.journal.all_of("remove_peer") == []


async def test_an_older_word_does_not_undo_a_newer(shop: Shop) -> None:
    subscription_id, running = await _opened(shop, HALF_A_DAY)
    older = shop.ledger.states[subscription_id]
    await _extend(shop, subscription_id, MONTH)

    await shop.starter.open_or_extend(older)
    await shop.forward(running, HALF_A_DAY + A_MOMENT)

    assert shop.journal.all_of("end_subscription") == []


async def test_a_subscription_that_ended_can_be_opened_again(shop: Shop) -> None:
    subscription_id, running = await _opened(shop, HALF_A_DAY)
    await shop.forward(running, HALF_A_DAY + A_MOMENT)
    await shop.journal.until("reminded", ReminderKind.ENDED)
    await shop.forward(running, 3 * DAY)
    await running.result(rpc_timeout=ANSWER)

    await _extend(shop, subscription_id, 2 * MONTH)

    assert (await running.describe()).status is WorkflowExecutionStatus.RUNNING


async def test_a_telegram_that_is_away_does_not_hold_up_the_end(shop: Shop) -> None:
    shop.notices.take_down()
    state = _ends_soon(shop)

    await shop.starter.open_or_extend(state)
    await shop.journal.until("try_to_remind", ReminderKind.BEFORE)

    await shop.journal.until("end_subscription")


async def test_a_reminder_that_is_refused_does_not_end_the_workflow(shop: Shop) -> None:
    shop.notices.outage = CustomerUnreachable("the chat was deleted")
    state = _ends_soon(shop)

    await shop.starter.open_or_extend(state)

    await _running(shop, state.subscription_id).result(rpc_timeout=ANSWER)
    assert len(shop.journal.all_of("try_to_remind")) == 2


def _ends_soon(shop: Shop) -> SubscriptionState:
    subscription_id = SubscriptionId(uuid4())
    shop.ledger.sell(subscription_id, datetime.now(UTC), timedelta(seconds=2.5))
    hurried = {"reminder_leads": (timedelta(seconds=0.5),), "win_backs": ()}
    shop.ledger.states[subscription_id] = shop.ledger.states[subscription_id].model_copy(
        update=hurried
    )
    return shop.ledger.states[subscription_id]


async def _opened(shop: Shop, time: timedelta) -> tuple[SubscriptionId, Running]:
    subscription_id = SubscriptionId(uuid4())
    await _extend(shop, subscription_id, time)
    return subscription_id, _running(shop, subscription_id)


async def _extend(shop: Shop, subscription_id: SubscriptionId, time: timedelta) -> None:
    shop.ledger.sell(subscription_id, datetime.now(UTC), time)
    await shop.starter.open_or_extend(shop.ledger.states[subscription_id])


def _running(shop: Shop, subscription_id: SubscriptionId) -> Running:
    return shop.client.get_workflow_handle_for(
        SubscriptionWorkflow.run, subscription_workflow_id(subscription_id)
    )
