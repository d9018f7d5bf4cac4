"""A customer takes the money back: pending refunds are waited for, refused ones mended by staff."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from temporalio.client import Client

from infra.postgres.pool import Connection
from sandbox.shop import ADMIN_CHAT, EmbeddedShop
from sandbox.shopper import Shopper
from sandbox.telegram.client import MessageView, TelegramSandbox
from sandbox.yookassa.client import YooKassaSandbox
from sandbox.yookassa.controls import Conduct
from sandbox.yookassa.faults import Operation
from sandbox.yookassa.refunding import RefundFate
from tests.e2e.conftest import STAFF
from tests.e2e.ledger import Ledger

pytestmark = pytest.mark.xdist_group("e2e")


@pytest.fixture
async def conduct(kassa: YooKassaSandbox) -> AsyncIterator[YooKassaSandbox]:
    """YooKassa, which gives money back again after the test."""
    yield kassa
    await kassa.conduct(Conduct())


async def test_a_cancelled_subscription_loses_its_peer_at_once_and_its_pending_refund_arrives(
    newcomer: Shopper,
    ledger: Ledger,
    database: Connection,
    conduct: YooKassaSandbox,
    temporal: Client,
) -> None:
    await conduct.conduct(Conduct(refunds=RefundFate.STAYS_PENDING))
    known = (await conduct.calls()).get(Operation.GET_REFUND)
    looks = 0 if known is None else known.count
    cancelled = await _cancels(newcomer, ledger)
    case = await _case(database, newcomer)
    await conduct.wait_for_calls(Operation.GET_REFUND, looks + 1)
    await _peers_leave(newcomer, ledger, temporal)
    assert await database.fetchval("select state from refund_parts where refund_id = $1", case) == (
        "owed"
    )

    (pending,) = [each for each in await conduct.refunds() if each.status == "pending"]
    await conduct.settle_refund(pending.id)
    await temporal.get_workflow_handle(f"refund:{case}").result()

    await newcomer.sees(lambda each: each.body.startswith("✅"), after=cancelled.message_id)
    back = await database.fetchval(
        "select sum(refunds.amount) from refunds join payments using (payment_id) "
        "join purchases using (purchase_id) where user_id = $1",
        newcomer.user_id,
    )
    assert back == Decimal(pending.value)
    assert Decimal("298.90") <= back <= Decimal("299.00"), "a second or two are used"
    assert f"{back:f}".removesuffix(".00") in cancelled.body


async def test_a_refused_refund_waits_for_staff_who_have_it_made(
    newcomer: Shopper,
    ledger: Ledger,
    database: Connection,
    conduct: YooKassaSandbox,
    telegram: TelegramSandbox,
    temporal: Client,
) -> None:
    await conduct.conduct(Conduct(refunds=RefundFate.CANCELED))
    await _cancels(newcomer, ledger)
    case = await _case(database, newcomer)
    alarm = await telegram.wait_for_message(
        ADMIN_CHAT, lambda each: case in each.body and bool(each.buttons)
    )
    await conduct.conduct(Conduct())
    data = next(each.callback_data for each in alarm.buttons if "retry" in each.callback_data)
    await telegram.press(alarm, data=data, user_id=STAFF)
    await temporal.get_workflow_handle(f"refund:{case}").result()
    status = await database.fetchval(
        "select p.status from payments p join purchases using (purchase_id) where user_id = $1",
        newcomer.user_id,
    )
    assert status in {"refunded", "partially_refunded"}


async def _cancels(customer: Shopper, ledger: Ledger) -> MessageView:
    """Buy, look at the offer, take it; the message that says so."""
    await customer.buys()
    await ledger.reaches(customer, "done")
    assert len(await ledger.peers(customer)) == 1
    menu = await customer.opens_menu()
    await customer.taps(menu, "open:mine")
    await customer.taps(await customer.sees_again(menu, "open:cancel"), "open:cancel")
    await customer.taps(await customer.sees_again(menu, "cancel:"), "cancel:")
    return await customer.sees_text(menu, "Cancelled")


async def _case(database: Connection, customer: Shopper) -> str:
    return str(
        await database.fetchval(
            "select refund_id from refund_cases where user_id = $1", customer.user_id
        )
    )


async def _peers_leave(customer: Shopper, ledger: Ledger, temporal: Client) -> None:
    device = await ledger.device_of(customer)
    # One that is told again after its end runs again, and finds nothing to do.
    removals = {
        each.id
        async for each in temporal.list_workflows("WorkflowType = 'PeerRemoval'")
        if device in each.id
    }
    assert len(removals) == 1
    await temporal.get_workflow_handle(removals.pop()).result()
    assert await ledger.peers(customer) == []


async def test_the_command_line_gives_a_part_back_and_the_access_shrinks_with_it(
    newcomer: Shopper, ledger: Ledger, database: Connection, shop: EmbeddedShop, temporal: Client
) -> None:
    await newcomer.buys()
    await ledger.reaches(newcomer, "done")
    purchase = await ledger.purchase_id(newcomer)
    asked = await shop.wgshop("refund", purchase, "149.50", "--actor", "alice")
    assert asked.exit_code == 0, asked.output
    case = await _case(database, newcomer)
    assert case in asked.output
    await temporal.get_workflow_handle(f"refund:{case}").result()
    assert await ledger.days_of_access(newcomer) == 15
    refused = await shop.wgshop("refund", purchase, "149.51")
    assert refused.exit_code == 1
    assert "only 149.50 RUB" in refused.output
