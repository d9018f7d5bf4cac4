"""What the database itself refuses, whoever asks; and that hot queries have their index."""

from contextlib import suppress
from datetime import timedelta
from itertools import product

import asyncpg
import pytest

from domain.subscriptions import TRANSITIONS, SubscriptionStatus
from infra.postgres.pool import Pool
from tests.infra.postgres.shop import NOW, Shop

_BECOME = """
    update subscriptions set status = $1::text,
                             frozen_at = case when $1::text = 'frozen' then starts_at end
"""


async def explained(pool: Pool, query: str) -> str:
    """The plan for tables too large to be read whole."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("set local enable_seqscan = off")
        return "\n".join(row[0] for row in await connection.fetch(f"explain {query}"))


async def test_every_table_with_a_time_of_change_keeps_it_itself(pool: Pool) -> None:
    without_trigger = await pool.fetch(
        """
        select table_name from information_schema.columns c
        where column_name = 'updated_at' and table_schema = 'public' and not exists (
            select from information_schema.triggers t
            where t.event_object_table = c.table_name and t.event_manipulation = 'UPDATE'
              and t.action_statement like '%set_updated_at%')
        """
    )
    assert without_trigger == []


async def test_a_change_moves_the_time_of_change(shop: Shop) -> None:
    user_id = await shop.customer()
    await shop.pool.execute("alter table users disable trigger users_updated")
    await shop.pool.execute("update users set updated_at = $1", NOW)
    await shop.pool.execute("alter table users enable trigger users_updated")
    await shop.customers.save_email(user_id, "anna@example.com")
    assert await shop.pool.fetchval("select updated_at > $1 from users", NOW)


@pytest.mark.parametrize(
    "change",
    [
        "amount = amount + 1",
        "currency = 'USD'",
        "provider_payment_id = 'other'",
        "captured_at = now()",
        "is_test = not is_test",
        "payment_id = default",
    ],
)
async def test_a_payment_cannot_be_changed(shop: Shop, change: str) -> None:
    order = await shop.order(await shop.customer())
    await shop.pay(order)
    with pytest.raises(asyncpg.RaiseError, match="kept for audit: only its status may change"):
        await shop.pool.execute(f"update payments set {change}")


async def test_a_payments_status_may_change(shop: Shop) -> None:
    await shop.buy(await shop.customer())
    assert await shop.pool.execute("update payments set status = 'refunding'") == "UPDATE 1"


async def test_a_payments_sealed_answer_may_be_sealed_anew_when_keys_rotate(shop: Shop) -> None:
    await shop.buy(await shop.customer())
    assert await shop.pool.execute("update payments set metadata_sealed = 'anew'") == "UPDATE 1"


@pytest.mark.parametrize("deed", ["delete from payments", "truncate payments cascade"])
async def test_a_payment_cannot_be_deleted(shop: Shop, deed: str) -> None:
    await shop.buy(await shop.customer())
    with pytest.raises(asyncpg.RaiseError, match="it is never deleted"):
        await shop.pool.execute(deed)


async def test_a_subscription_becomes_only_what_the_domain_says(shop: Shop) -> None:
    await shop.buy(await shop.customer())
    possible = set()
    for before, after in product(SubscriptionStatus, SubscriptionStatus):
        async with shop.pool.acquire() as connection:
            with suppress(asyncpg.RaiseError):
                async with connection.transaction():
                    await connection.execute("set local session_replication_role = replica")
                    await connection.execute(_BECOME, before)
                    await connection.execute("set local session_replication_role = origin")
                    await connection.execute(_BECOME, after)
                    possible.add((before, after))
    assert {step for step in possible if step[0] is not step[1]} == TRANSITIONS


async def test_a_customer_has_one_active_subscription(shop: Shop) -> None:
    await shop.buy(await shop.customer())
    with pytest.raises(asyncpg.UniqueViolationError, match="one_living_subscription_per_user"):
        await shop.pool.execute(
            """
            insert into subscriptions
                (subscription_id, user_id, tariff_id, status, starts_at, expires_at)
            select gen_random_uuid(), user_id, tariff_id, status, starts_at, expires_at
            from subscriptions
            """
        )


async def test_an_ended_subscription_may_stand_beside_an_active_one(shop: Shop) -> None:
    await shop.buy(await shop.customer())
    await shop.pool.execute(
        """
        insert into subscriptions
            (subscription_id, user_id, tariff_id, status, starts_at, expires_at)
        select gen_random_uuid(), user_id, tariff_id, 'expired', starts_at, expires_at
        from subscriptions
        """
    )
    assert await shop.count("subscriptions") == 2


@pytest.mark.parametrize(
    "columns", ["server_id, ipv4, 'fd66::ff'::inet", "server_id, '10.66.0.250'::inet, ipv6"]
)
async def test_a_server_has_each_address_once(shop: Shop, columns: str) -> None:
    await shop.server("nl1", capacity=1)
    with pytest.raises(asyncpg.UniqueViolationError):
        await shop.pool.execute(
            f"insert into tunnel_addresses (server_id, ipv4, ipv6) "
            f"select {columns} from tunnel_addresses"
        )


async def test_a_device_is_at_one_address(shop: Shop) -> None:
    await shop.server("nl1", capacity=2)
    grant = await shop.buy(await shop.customer())
    with pytest.raises(asyncpg.UniqueViolationError, match="one_address_per_device"):
        await shop.pool.execute("update tunnel_addresses set device_id = $1", grant.device_id)


@pytest.mark.parametrize("shared", ["purchase_id", "payment_id"])
async def test_a_payment_and_a_purchase_lead_to_one_grant(shop: Shop, shared: str) -> None:
    user_id = await shop.customer()
    await shop.buy(user_id)
    await shop.buy(user_id)
    with pytest.raises(asyncpg.UniqueViolationError, match=shared):
        await shop.pool.execute(
            f"update grants set {shared} = (select min({shared}::text) "
            f"from grants)::{'uuid' if shared == 'purchase_id' else 'bigint'}"
        )


@pytest.mark.parametrize("table", ["payments", "invoices"])
async def test_a_providers_payment_id_is_known_once(shop: Shop, table: str) -> None:
    columns = {
        "payments": "amount, currency, status, is_test, metadata_sealed",
        "invoices": "attempt, confirmation_url, expires_at, created_at",
    }[table]
    values = {
        "payments": "299, 'RUB', 'succeeded', false, ''",
        "invoices": "$2, 'https://pay.example', now(), now()",
    }[table]
    order = await shop.order(await shop.customer())
    insert = (
        f"insert into {table} (purchase_id, provider_payment_id, {columns}) "
        f"values ($1, 'same', {values})"
    )
    attempts = [(1,), (2,)] if table == "invoices" else [(), ()]
    await shop.pool.execute(insert, order.purchase_id, *attempts[0])
    with pytest.raises(asyncpg.UniqueViolationError, match="provider_payment_id"):
        await shop.pool.execute(insert, order.purchase_id, *attempts[1])


async def test_a_stuck_purchase_says_why(shop: Shop) -> None:
    await shop.order(await shop.customer())
    with pytest.raises(asyncpg.CheckViolationError):
        await shop.pool.execute("update purchases set stage = 'stuck'")


async def test_access_cannot_end_before_it_starts(shop: Shop) -> None:
    await shop.buy(await shop.customer())
    with pytest.raises(asyncpg.CheckViolationError):
        await shop.pool.execute("update subscriptions set expires_at = $1", NOW - timedelta(days=1))


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (
            "select * from purchases where user_id = 7 order by created_at desc limit 1",
            "purchases_of_user",
        ),
        (
            "select purchase_id from invoices where provider_payment_id = 'x'",
            "invoices_provider_payment_id_provider_key",
        ),
        (
            "select * from payments where provider_payment_id = 'x'",
            "payments_provider_payment_id_provider_key",
        ),
        ("select * from subscriptions where user_id = 7", "subscriptions_of_user"),
        (
            """
            select ipv4 from tunnel_addresses where server_id = 1 and device_id is null
            order by ipv4 limit 1
            """,
            "free_addresses",
        ),
        (
            """
            select * from tunnel_addresses
            where device_id = gen_random_uuid() and leaving_revision is null
            """,
            "one_address_per_device",
        ),
    ],
)
async def test_a_hot_query_has_its_index(pool: Pool, query: str, index: str) -> None:
    assert index in await explained(pool, query)
