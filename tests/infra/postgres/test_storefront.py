"""Customers, plans, purchases and servers, as the bot, the API and operators use them."""

from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from domain.customers import Introduction
from domain.ids import PlanId, PurchaseId, UserId
from domain.languages import Language
from domain.money import roubles
from domain.purchases import PurchaseOrder, PurchaseStage
from domain.servers import ServerState
from infra.postgres.customers import Customers
from infra.postgres.plans import Plans
from infra.postgres.pool import Pool
from infra.postgres.purchases import Purchases
from infra.postgres.servers import Servers
from tests.infra.postgres.shop import DAY, NOW, Shop, invoice_of, registration

ANNA = UserId(42)


def introduction(language_code: str | None = "ru", **names: str) -> Introduction:
    return Introduction(user_id=ANNA, language_code=language_code, **names)


# Customers


async def test_a_stranger_becomes_a_customer_in_telegrams_language(pool: Pool) -> None:
    customers = Customers(pool)
    assert await customers.find(ANNA) is None
    customer = await customers.greet(introduction("ru-RU", first_name="Anna"), NOW)
    assert (customer.language, customer.created_at) == (Language.RUSSIAN, NOW)
    assert await customers.find(ANNA) == customer


async def test_a_customer_keeps_the_language_they_chose_and_takes_on_new_names(
    pool: Pool,
) -> None:
    customers = Customers(pool)
    await customers.greet(introduction("ru", first_name="Anna"), NOW)
    await customers.choose_language(ANNA, Language.ENGLISH)
    again = await customers.greet(introduction("ru", first_name="Аня", username="anna"), NOW + DAY)
    assert (again.language, again.first_name, again.username) == (Language.ENGLISH, "Аня", "anna")
    assert again.created_at == NOW


async def test_a_customer_who_writes_again_is_no_longer_blocked(pool: Pool) -> None:
    customers = Customers(pool)
    await customers.greet(introduction(), NOW)
    await customers.note_blocked(ANNA, NOW)
    assert (await customers.greet(introduction(), NOW)).blocked_bot_at is None
    await customers.note_blocked(ANNA, NOW)
    await customers.note_unblocked(ANNA)
    customer = await customers.find(ANNA)
    assert customer is not None
    assert customer.blocked_bot_at is None


async def test_a_greeting_forgets_no_email(pool: Pool) -> None:
    customers = Customers(pool)
    await customers.greet(introduction(), NOW)
    await customers.save_email(ANNA, "anna@example.com")
    assert (await customers.greet(introduction(), NOW)).email == "anna@example.com"


# Plans


async def test_the_first_plans_are_for_sale_in_the_owners_order(pool: Pool) -> None:
    plans = await Plans(pool).for_sale()
    assert [(plan.slug, plan.price, plan.duration_days) for plan in plans] == [
        ("month", roubles("299.00"), 30),
        ("quarter", roubles("799.00"), 90),
        ("year", roubles("2490.00"), 365),
    ]


async def test_a_plan_taken_off_sale_is_neither_shown_nor_found(pool: Pool) -> None:
    plans = Plans(pool)
    month = (await plans.for_sale())[0]
    assert await plans.find(month.plan_id) == month
    await pool.execute("update tariffs set is_for_sale = false where slug = 'month'")
    assert [plan.slug for plan in await plans.for_sale()] == ["quarter", "year"]
    assert await plans.find(month.plan_id) is None
    assert await plans.find(PlanId(404)) is None


# Purchases


async def test_a_purchase_is_opened_once(shop: Shop) -> None:
    order = await shop.order(await shop.customer())
    assert not await shop.purchases.open(order, NOW + DAY)
    record = await shop.purchases.find(order.purchase_id)
    assert record is not None
    assert (record.order, record.stage) == (order, PurchaseStage.PREPARING)
    assert (record.attempt, record.confirmation_url, record.created_at) == (1, None, NOW)


async def test_opening_again_does_not_take_a_purchase_back_to_its_beginning(shop: Shop) -> None:
    order = await shop.order(await shop.customer())
    await shop.ledger.enter_stage(order.purchase_id, PurchaseStage.EXPIRED)
    await shop.purchases.open(order, NOW)
    record = await shop.purchases.find(order.purchase_id)
    assert record is not None
    assert record.stage is PurchaseStage.EXPIRED


async def test_a_purchase_shows_its_newest_payment_page(shop: Shop) -> None:
    order = await shop.order(await shop.customer())
    for attempt in (1, 2):
        page = invoice_of(order, attempt)
        await shop.ledger.record_invoice(order.purchase_id, attempt, page)
    record = await shop.purchases.find(order.purchase_id)
    assert record is not None
    assert (record.attempt, record.confirmation_url) == (2, "https://pay.example/2")
    assert record.expires_at == NOW + timedelta(hours=1)


async def test_an_order_comes_back_whole_with_the_email_that_the_customer_has_now(
    shop: Shop, pool: Pool
) -> None:
    user_id = await shop.customer()
    draft = (await shop.order(user_id)).model_dump()
    order = PurchaseOrder.model_validate(
        {**draft, "purchase_id": uuid4(), "receipt_email": "old@example.com"}
    )
    await shop.purchases.open(order, NOW)
    document = await pool.fetchval(
        "select order_document::text from purchases where purchase_id = $1", order.purchase_id
    )
    assert "example.com" not in document
    for email in ("new@example.com", None):
        await pool.execute("update users set email = $1", email)
        record = await shop.purchases.find(order.purchase_id)
        assert record is not None
        assert record.order == order.model_copy(update={"receipt_email": email})


async def test_the_latest_purchase_of_a_customer_is_their_own_newest(shop: Shop) -> None:
    anna, boris = await shop.customer(), await shop.customer()
    assert await shop.purchases.latest_of(anna) is None
    first = await shop.order(anna)
    second = first.model_copy(update={"purchase_id": PurchaseId(uuid4())})
    await shop.purchases.open(second, NOW + DAY)
    await shop.purchases.open(
        first.model_copy(update={"purchase_id": PurchaseId(uuid4()), "user_id": boris}),
        NOW + 2 * DAY,
    )
    latest = await shop.purchases.latest_of(anna)
    assert latest is not None
    assert latest.order == second


@pytest.mark.parametrize("abandoned", ["preparing", "awaiting_payment", "expired"])
async def test_the_latest_decided_purchase_is_no_abandoned_page(shop: Shop, abandoned: str) -> None:
    anna = await shop.customer()
    declined = await shop.order(anna)
    await shop.pool.execute("update purchases set stage = 'declined'")
    page = declined.model_copy(update={"purchase_id": PurchaseId(uuid4())})
    await shop.purchases.open(page, NOW + DAY)
    await shop.pool.execute(
        "update purchases set stage = $1 where purchase_id = $2", abandoned, page.purchase_id
    )
    decided = await shop.purchases.latest_decided_of(anna)
    assert decided is not None
    assert decided.order == declined


async def test_an_unknown_purchase_is_not_found(pool: Pool) -> None:
    assert await Purchases(pool).find(PurchaseId(uuid4())) is None


async def test_nobody_buys_who_was_never_introduced(shop: Shop) -> None:
    order = await shop.order(await shop.customer())
    stranger = order.model_copy(update={"purchase_id": PurchaseId(uuid4()), "user_id": UserId(404)})
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await shop.purchases.open(stranger, NOW)


# Servers


async def test_a_server_comes_with_its_addresses_but_its_own(pool: Pool) -> None:
    await Servers(pool).register(registration("nl1", capacity=3))
    rows = await pool.fetch("select host(ipv4), host(ipv6) from tunnel_addresses order by ipv4")
    assert [tuple(row) for row in rows] == [
        ("10.66.0.2", "fd66::2"),
        ("10.66.0.3", "fd66::3"),
        ("10.66.0.4", "fd66::4"),
    ]


async def test_a_small_network_holds_fewer_customers_than_wished_for(pool: Pool) -> None:
    await Servers(pool).register(registration("nl1", capacity=250, network_v4="10.66.0.0/29"))
    assert await pool.fetchval("select count(*) from tunnel_addresses") == 4


async def test_a_server_registered_again_is_the_same_server_brought_up_to_date(
    shop: Shop,
) -> None:
    first = await shop.server("nl1", host="old.example")
    await shop.buy(await shop.customer())
    assert await shop.server("nl1", host="new.example") == first
    (server,) = await shop.servers.all()
    assert (server.server_id, server.endpoint_host) == (first, "new.example")
    assert await shop.count("tunnel_addresses") == 4
    assert await shop.pool.fetchval("select count(device_id) from tunnel_addresses") == 1


async def test_a_server_registered_again_keeps_the_state_that_its_operator_gave(
    shop: Shop,
) -> None:
    await shop.server("nl1")
    await shop.pool.execute("update vpn_servers set state = 'draining'")
    await shop.server("nl1")
    (server,) = await shop.servers.all()
    assert server.state is ServerState.DRAINING


async def test_a_widened_server_holds_more_and_moves_nobody(shop: Shop) -> None:
    await shop.server("nl1", capacity=1)
    grant = await shop.buy(await shop.customer())
    address = await shop.address_of(grant.device_id)
    await shop.server("nl1", capacity=600, network_v4="10.66.0.0/22")
    assert await shop.count("tunnel_addresses") == 600
    assert await shop.address_of(grant.device_id) == address


async def test_a_server_with_another_network_gives_out_only_that_one(shop: Shop) -> None:
    await shop.server("nl1", capacity=2)
    settled = await shop.buy(await shop.customer())
    await shop.server("nl1", capacity=2, network_v4="10.77.0.0/24", network_v6="fd77::/64")
    newcomer = await shop.buy(await shop.customer())
    places = [await shop.address_of(grant.device_id) for grant in (settled, newcomer)]
    assert [str(place[1]) for place in places if place] == ["10.66.0.2", "10.77.0.2"]
    assert await shop.count("tunnel_addresses") == 3


async def test_servers_are_listed_by_name(shop: Shop) -> None:
    for slug in ("nl1", "de1"):
        await shop.server(slug)
    assert [server.slug for server in await shop.servers.all()] == ["de1", "nl1"]


async def test_locations_for_sale_are_those_of_selling_servers_once_each(shop: Shop) -> None:
    for slug, location in (("nl1", "nl"), ("nl2", "nl"), ("de1", "de"), ("fi1", "fi")):
        await shop.server(slug, location=location)
    await shop.pool.execute("update vpn_servers set state = 'draining' where slug = 'fi1'")
    assert await shop.servers.locations_for_sale() == ("de", "nl")
