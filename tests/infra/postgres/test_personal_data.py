"""A customer's data in their hands: everything about them, nothing about anybody else."""

import json
import re
from pathlib import Path

from domain.customers import Introduction
from domain.ids import UserId
from infra.keyring import KeyRing
from infra.postgres.personal_data import PersonalDataExport
from infra.postgres.pool import Pool
from infra.postgres.sessions import Sessions
from tests.infra.postgres.shop import NOW, Shop, invoice_of

TOLD = set(re.findall(r"`(\w+)`", Path("docs/privacy.md").read_text()))
"""What the document names."""


async def a_life(shop: Shop, user_id: UserId) -> None:
    await shop.customers.save_email(user_id, f"{user_id}@mail.example")
    order = await shop.order(user_id)
    await shop.ledger.record_invoice(order.purchase_id, 1, invoice_of(order))
    await shop.pay(order)
    await shop.refund(order)
    await shop.buy(user_id)


async def test_everything_about_the_customer_is_in_it(
    shop: Shop, pool: Pool, key_ring: KeyRing
) -> None:
    await shop.server("nl1")
    anna = await shop.customer()
    await a_life(shop, anna)
    await Sessions(pool).write(f"telegram:{anna}:{anna}:default", "Receipt:email", {"k": 1})

    data = await PersonalDataExport(pool, key_ring).of(anna, NOW)

    counts = {table: len(rows) for table, rows in data.tables.items()}
    assert counts == {
        "users": 1, "purchases": 2, "invoices": 1, "payments": 2, "refunds": 1, "grants": 2,
        "subscriptions": 1, "subscription_events": 3, "devices": 1, "tunnel_addresses": 1,
        "user_sessions": 1,
    }  # fmt: skip
    assert data.tables["users"][0]["email"] == f"{anna}@mail.example"
    told = data.tables["payments"][0]["as_the_provider_told"]
    assert isinstance(told, dict)
    assert told["method_title"] == "Bank card *4477"
    assert "private_key_sealed" not in data.tables["devices"][0]
    assert json.loads(data.model_dump_json())["user_id"] == anna


async def test_nothing_about_anybody_else_is_in_it(
    shop: Shop, pool: Pool, key_ring: KeyRing
) -> None:
    await shop.server("nl1")
    anna, boris = UserId(700_100), UserId(700_200)
    for user_id, name in ((anna, "Anna"), (boris, "Boris")):
        await shop.customers.greet(Introduction(user_id=user_id, first_name=name), NOW)
        await a_life(shop, user_id)
    await pool.execute(
        "insert into referrals (friend_id, referrer_id) values ($1, $2)", boris, anna
    )
    await pool.execute(
        """
        insert into referral_rewards (friend_id, purchase_id, days, due_at)
        select $1, (select purchase_id from purchases where user_id = $1 limit 1), 7, now()
        """,
        boris,
    )

    text = (await PersonalDataExport(pool, key_ring).of(anna, NOW)).model_dump_json()

    assert "another customer" in text, "that somebody was invited is Anna's; who it was is not"
    assert str(boris) not in text
    assert "Boris" not in text


async def test_a_stranger_has_no_data(pool: Pool, key_ring: KeyRing) -> None:
    assert (await PersonalDataExport(pool, key_ring).of(UserId(404), NOW)).tables == {}


async def test_what_becomes_of_each_table_about_customers_is_written_down(pool: Pool) -> None:
    """A new table with customers' rows: decide in `infra/postgres/erasure.py`, then write it."""
    tables = await pool.fetch(
        """
        with recursive about as (
            select 'users'::regclass::oid as relation
            union
            select c.conrelid from pg_constraint c join about a on c.confrelid = a.relation
            where c.contype = 'f'
        )
        select relation::regclass::text as name from about
        """
    )
    assert {row["name"] for row in tables} - TOLD == set()
