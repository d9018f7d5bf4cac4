"""VPN servers that are away, slow, or full; customers who cannot be reached."""

import pytest

from infra.postgres.pool import Connection
from sandbox.node.client import order
from sandbox.shop import ADMIN_CHAT, EmbeddedShop
from sandbox.shopper import Shopper
from sandbox.telegram.client import TelegramSandbox
from sandbox.telegram.views import MessageView
from sandbox.yookassa.client import YooKassaSandbox
from tests.e2e.conftest import STAFF
from tests.e2e.ledger import ONE_OF_EACH, Ledger

pytestmark = [pytest.mark.xdist_group("e2e"), pytest.mark.usefixtures("nodes_up")]


async def set_all(shop: EmbeddedShop, outage: str) -> None:
    for node in shop.nodes.values():
        await order(node, outage)


async def press_repair(telegram: TelegramSandbox, alarm: MessageView, action: str) -> None:
    (data,) = (
        each
        for each in (button.callback_data or "" for button in alarm.buttons)
        if f":{action}:" in each
    )
    await telegram.press(alarm, data=data, user_id=STAFF)


async def alarm_about(telegram: TelegramSandbox, purchase: str, *, after: int = 0) -> MessageView:
    return await telegram.wait_for_message(
        ADMIN_CHAT, lambda each: purchase in each.body and bool(each.buttons), after=after
    )


async def test_a_node_that_is_down_for_a_while_delays_the_purchase_and_says_so(
    newcomer: Shopper, ledger: Ledger, shop: EmbeddedShop
) -> None:
    await set_all(shop, "down")
    message = await newcomer.buys()
    await ledger.reaches(newcomer, "delayed")
    assert await newcomer.sees_text(message, "Nothing is lost")
    await set_all(shop, "up")
    await ledger.reaches(newcomer, "done")
    assert await ledger.outcome(newcomer) == ONE_OF_EACH


async def test_a_purchase_that_parks_calls_staff_and_goes_on_by_a_retry(
    newcomer: Shopper, ledger: Ledger, shop: EmbeddedShop, telegram: TelegramSandbox
) -> None:
    await set_all(shop, "down")
    await newcomer.buys()
    await ledger.reaches(newcomer, "stuck")
    purchase = await ledger.purchase_id(newcomer)
    alarm = await alarm_about(telegram, purchase)
    assert len(alarm.buttons) == 3
    await set_all(shop, "up")
    await press_repair(telegram, alarm, "retry")
    await ledger.reaches(newcomer, "done")
    assert await ledger.outcome(newcomer) == ONE_OF_EACH
    assert await ledger.repairs(newcomer) == [(f"telegram:{STAFF}", "repair:retry")]


async def test_a_purchase_moves_to_another_server_when_staff_say_so(
    newcomer: Shopper, ledger: Ledger, shop: EmbeddedShop, telegram: TelegramSandbox
) -> None:
    await set_all(shop, "down")
    await newcomer.buys()
    await ledger.reaches(newcomer, "stuck")
    (other,) = set(shop.nodes) - {await ledger.server_of(newcomer)}
    await order(shop.nodes[other], "up")
    purchase = await ledger.purchase_id(newcomer)
    alarm = await alarm_about(telegram, purchase)
    await press_repair(telegram, alarm, "other_server")
    await ledger.reaches(newcomer, "done")
    name, _ = await newcomer.gets_config()
    assert name == f"wg-{other}.conf"
    assert await ledger.outcome(newcomer) == ONE_OF_EACH


async def test_a_stuck_purchase_is_given_back_by_staff_and_leaves_no_peer(
    newcomer: Shopper,
    ledger: Ledger,
    shop: EmbeddedShop,
    telegram: TelegramSandbox,
    kassa: YooKassaSandbox,
) -> None:
    await set_all(shop, "down")
    message = await newcomer.buys()
    await ledger.reaches(newcomer, "stuck")
    purchase = await ledger.purchase_id(newcomer)
    alarm = await alarm_about(telegram, purchase)
    await press_repair(telegram, alarm, "refund")
    await ledger.reaches(newcomer, "refunded")
    await set_all(shop, "up")
    assert await newcomer.sees_text(message, "Refunded")
    outcome = await ledger.outcome(newcomer)
    assert (outcome.payments, outcome.grants, outcome.peers) == (1, 0, 0)
    newest, *_ = await kassa.refunds()
    assert newest.value == "299.00"


async def test_the_command_line_repairs_what_is_stuck_and_refuses_what_makes_no_sense(
    newcomer: Shopper, ledger: Ledger, shop: EmbeddedShop
) -> None:
    await set_all(shop, "down")
    await newcomer.buys()
    await ledger.reaches(newcomer, "stuck")
    purchase = await ledger.purchase_id(newcomer)
    await set_all(shop, "up")
    repaired = await shop.wgshop("repair", purchase, "retry", "--actor", "alice")
    assert repaired.exit_code == 0, repaired.output
    await ledger.reaches(newcomer, "done")
    assert await ledger.repairs(newcomer) == [("cli:alice", "repair:retry")]
    refused = await shop.wgshop("repair", purchase, "refund")
    assert refused.exit_code == 1
    assert "over" in refused.output or "not stuck" in refused.output


async def test_two_customers_at_once_get_the_last_address_once(
    newcomer: Shopper,
    second_newcomer: Shopper,
    ledger: Ledger,
    shop: EmbeddedShop,
    database: Connection,
    telegram: TelegramSandbox,
) -> None:
    # Both begin while there is room.
    pages = [await customer.reaches_payment_page() for customer in (newcomer, second_newcomer)]
    # One that nobody has is left; those that earlier customers left count as free too, some day.
    await database.execute(
        """
        with free as (
            select server_id, ipv4, device_id is not null as is_left
            from tunnel_addresses left join devices using (device_id)
            where device_id is null or not is_wanted
        )
        delete from tunnel_addresses
        where (server_id, ipv4) in (
            select server_id, ipv4 from free order by is_left, server_id, ipv4 offset 1)
        """
    )
    try:
        await newcomer.pays(pages[0])
        await second_newcomer.pays(pages[1])
        stages = {
            await ledger.reaches(customer, "done", "stuck")
            for customer in (newcomer, second_newcomer)
        }
        assert stages == {"done", "stuck"}
    finally:
        await shop.register_servers()
    loser = newcomer if await ledger.stage(newcomer) == "stuck" else second_newcomer
    purchase = await ledger.purchase_id(loser)
    alarm = await alarm_about(telegram, purchase)
    await press_repair(telegram, alarm, "retry")
    await ledger.reaches(loser, "done")
    for customer in (newcomer, second_newcomer):
        assert await ledger.outcome(customer) == ONE_OF_EACH


async def test_a_customer_who_blocked_the_bot_is_served_all_the_same(
    newcomer: Shopper, ledger: Ledger, telegram: TelegramSandbox
) -> None:
    message = await newcomer.reaches_payment_page()
    payment = await newcomer.payment_behind(message)
    await telegram.block(newcomer.user_id)
    await newcomer.pays_payment(payment)
    await ledger.reaches(newcomer, "done")
    assert await ledger.outcome(newcomer) == ONE_OF_EACH
    await telegram.unblock(newcomer.user_id)
    await newcomer.asks_for_config()
    name, _ = await newcomer.gets_config()
    assert name.endswith(".conf")
