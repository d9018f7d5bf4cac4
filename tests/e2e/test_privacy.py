"""A customer takes their data away, and is forgotten: seen in the chat, the ledger, on the node."""

import asyncio
import json

import pytest

from infra.postgres.pool import Connection
from sandbox.shop import EmbeddedShop
from sandbox.shopper import Shopper
from sandbox.telegram.client import TelegramSandbox
from sandbox.telegram.views import MessageView
from tests.e2e.ledger import ONE_OF_EACH, Ledger

pytestmark = pytest.mark.xdist_group("e2e")

FINISHED = "select count(*) from erasures where finished_at is not null"


async def my_data(newcomer: Shopper, telegram: TelegramSandbox) -> MessageView:
    asked = await telegram.send_text(newcomer.user_id, "/privacy")
    return await newcomer.sees(lambda message: bool(message.buttons), after=asked.message_id)


async def until_finished(database: Connection, erasures: int) -> None:
    async with asyncio.timeout(60):
        while await database.fetchval(FINISHED) < erasures:
            await database.fetchval("select pg_sleep(0.05)")


async def test_a_customer_gets_everything_that_is_kept_about_them(
    newcomer: Shopper, ledger: Ledger, telegram: TelegramSandbox
) -> None:
    await newcomer.buys()
    await ledger.reaches(newcomer, "done")
    page = await my_data(newcomer, telegram)
    await newcomer.taps(page, "open:export")
    name, content = await newcomer.gets_config(after=page.message_id)
    data = json.loads(content)
    assert (name, data["user_id"]) == ("my-data.json", newcomer.user_id)
    assert data["tables"]["payments"][0]["amount"] == "299.00"
    assert data["tables"]["payments"][0]["as_the_provider_told"]["method_title"]


async def test_a_customer_who_is_forgotten_leaves_sums_and_no_peer(
    newcomer: Shopper, ledger: Ledger, telegram: TelegramSandbox, database: Connection
) -> None:
    await newcomer.buys()
    await ledger.reaches(newcomer, "done")
    key = (await ledger.peers(newcomer))[0].public_key
    purchase = await ledger.purchase_id(newcomer)
    before = await database.fetchval(FINISHED)
    page = await my_data(newcomer, telegram)
    await newcomer.taps(page, "open:erasure")
    question = await newcomer.sees_text(page, "paid time is lost")
    await newcomer.taps(question, "forget:")
    assert await newcomer.sees_text(page, "Erased")
    await until_finished(database, before + 1)

    assert await ledger.peers_with(key) == []
    assert await database.fetchval(
        "select amount from payments where purchase_id = $1::uuid", purchase
    )
    for column in ("users.user_id", "purchases.order_document", "user_sessions.session_key"):
        table, _, name = column.partition(".")
        assert not await database.fetchval(
            f"select exists (select from {table} where {name}::text like '%{newcomer.user_id}%')"
        )

    await newcomer.buys_again()
    await ledger.reaches(newcomer, "done")
    assert await ledger.outcome(newcomer) == ONE_OF_EACH, "a new customer, with nothing of the old"


async def test_support_exports_and_erases_from_the_command_line(
    newcomer: Shopper, ledger: Ledger, shop: EmbeddedShop, database: Connection
) -> None:
    await newcomer.buys()
    await ledger.reaches(newcomer, "done")
    who = str(newcomer.user_id)
    exported = await shop.wgshop("customer", "export", who)
    assert json.loads(exported.output)["user_id"] == newcomer.user_id
    before = await database.fetchval(FINISHED)

    erased = await shop.wgshop("customer", "erase", who, "--actor", "alice", "--yes")
    assert (erased.exit_code, "erased" in erased.output) == (0, True)
    await until_finished(database, before + 1)
    (actor,) = await database.fetchrow("select actor from admin_logs where action = 'erase'") or ()
    assert actor == "cli:alice"
    again = await shop.wgshop("customer", "export", who)
    assert (again.exit_code, f"no customer {who}" in again.output) == (1, True)
