"""A person is forgotten: no table knows them, the sums stay, and what refers to them still does."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from domain.customers import Introduction
from domain.errors import ErasureRefused
from domain.ids import ErasureId, ProviderPaymentId, RefundId, UserId
from domain.languages import Language
from domain.locations import LocationOrder
from domain.money import stars
from domain.privacy import ErasureOrder
from domain.purchases import PurchaseStage
from domain.refund_orders import CancelOrder
from domain.stars import StarCharge
from infra.keyring import KeyRing
from infra.postgres.erasure import PostgresPersonalData
from infra.postgres.former_customers import FormerCustomers
from infra.postgres.inbox import Inbox
from infra.postgres.notices import PostgresNoticeBook
from infra.postgres.pool import Pool
from infra.postgres.sessions import Sessions
from infra.postgres.stars import StarsBook
from tests.infra.postgres.shop import DAY, NOW, Shop, invoice_of

ANNA = UserId(7_000_000_123)
NAMES = ("Xenia-Annabella", "xenia_annabella", "Unforgettable", "anna@forget.example")
LATER = NOW + DAY


def erasure(user_id: UserId = ANNA) -> ErasureOrder:
    return ErasureOrder(erasure_id=ErasureId(uuid4()), user_id=user_id, language=Language.ENGLISH)


@pytest.fixture
def data(pool: Pool, key_ring: KeyRing) -> PostgresPersonalData:
    return PostgresPersonalData(pool, key_ring)


@pytest.fixture
async def anna(shop: Shop, key_ring: KeyRing) -> UserId:
    """Somebody who left traces wherever one can."""
    first_name, username, last_name, email = NAMES
    await shop.customers.greet(
        Introduction(user_id=ANNA, first_name=first_name, username=username, last_name=last_name),
        NOW,
    )
    await shop.customers.save_email(ANNA, email)
    await shop.server("nl1")
    grant = await shop.buy(ANNA)
    order = await shop.order(ANNA)
    await shop.ledger.record_invoice(order.purchase_id, 1, invoice_of(order))
    await shop.ledger.enter_stage(grant.purchase_id, PurchaseStage.DONE)
    await Sessions(shop.pool).write(
        f"telegram:{ANNA}:{ANNA}:default", "Receipt:email", {"button": "buy"}
    )
    book = PostgresNoticeBook(shop.pool)
    await book.claim(f"purchase:{grant.purchase_id}:config", ANNA)
    paid = f"pay-{order.purchase_id}-1"
    body = {"object": {"id": paid, "email": email}}
    await Inbox(shop.pool, key_ring).store_notification("payment.succeeded", paid, body, "::1", NOW)
    await StarsBook(shop.pool).note_told(
        StarCharge(
            charge_id=ProviderPaymentId("charge-1"),
            purchase_id=order.purchase_id,
            payer=ANNA,
            amount=stars(250),
            paid_at=NOW,
        )
    )
    await leave_promotional_traces(shop, ANNA)
    return ANNA


async def leave_promotional_traces(shop: Shop, user_id: UserId) -> None:
    friend = await shop.customer()
    for statement in (
        "insert into promo_codes (code, kind, worth) values ('SPRING', 'percent', 10)",
        "insert into promo_choices (user_id, promo_id) select {anna}, promo_id from promo_codes",
        "insert into invitations (user_id, code) values ({anna}, 'abc')",
        "insert into referrals (friend_id, referrer_id) values ({anna}, {friend})",
        """insert into referral_rewards (friend_id, purchase_id, days, due_at)
           select {anna}, purchase_id, 7, now() from purchases limit 1""",
        """insert into discount_uses
               (purchase_id, user_id, is_for_first_purchase, state, held_until)
           select purchase_id, user_id, true, 'spent', now() from purchases""",
        "insert into trials (user_id, purchase_id) values ({anna}, gen_random_uuid())",
        """insert into saved_methods (method_id, user_id, title_sealed, saved_at)
           values ('card-of-anna', {anna}, 'sealed', now())""",
        """insert into renewal_consents (purchase_id, user_id, tariff_id, price, currency,
               wording_version, wording, given_at, method_id)
           select purchase_id, user_id, tariff_id, price, currency, '1', 'I agree', now(),
               'card-of-anna'
           from purchases limit 1""",
        """insert into gifts (purchase_id, code, opened_by, opened_as, opened_at)
           select (select purchase_id from purchases order by purchase_id limit 1), 'gift', {anna},
                  (select purchase_id from purchases order by purchase_id desc limit 1), now()""",
    ):
        await shop.pool.execute(statement.format(anna=user_id, friend=friend))


async def places_that_hold(pool: Pool, *words: str) -> set[str]:
    """Every column of every table in which one of the words occurs, sealed or not."""
    columns = await pool.fetch(
        """
        select quote_ident(table_name) as t, quote_ident(column_name) as c
        from information_schema.columns join information_schema.tables using (table_name)
        where columns.table_schema = 'public' and table_type = 'BASE TABLE'
        """
    )
    assert len(columns) > 100
    return {
        f"{t}.{c}"
        for t, c in columns
        for word in words
        if await pool.fetchval(f"select exists (select from {t} where {c}::text like '%{word}%')")
    }


async def sums(pool: Pool) -> list[tuple[object, ...]]:
    rows = await pool.fetch(
        """
        select currency, status, sum(amount), count(*), count(distinct user_id)
        from payments join purchases using (purchase_id, currency) group by 1, 2 order by 1, 2
        """
    )
    return [tuple(row) for row in rows]


async def test_no_table_knows_the_person_any_more(
    shop: Shop, anna: UserId, data: PostgresPersonalData
) -> None:
    traces = (str(anna), *NAMES, "card-of-anna")
    before = await places_that_hold(shop.pool, *traces)
    assert before >= {
        *("users.first_name", "purchases.order_document", "user_sessions.session_key"),
        *("star_charges.payer", "referral_rewards.friend_id", "gifts.opened_by"),
    }
    order = erasure()
    await data.erase(order, LATER)
    assert await places_that_hold(shop.pool, *traces) == set()


async def test_where_their_devices_were_is_forgotten(
    shop: Shop, anna: UserId, data: PostgresPersonalData
) -> None:
    await shop.server("de1", location="de", network_v4="10.67.0.0/24")
    subscription = await shop.access.subscription_of(anna)
    assert subscription is not None
    order = LocationOrder(
        subscription_id=subscription.subscription_id,
        user_id=anna,
        device_id=subscription.device_id,
        revision=1,
        location="de",
    )
    await shop.devices.change_location(order, NOW)
    assert await shop.count("location_changes") == 1
    await data.erase(erasure(), LATER)
    assert await shop.count("location_changes") == 0


async def test_what_was_transferred_is_forgotten_once_servers_have_let_go(
    shop: Shop, anna: UserId, data: PostgresPersonalData
) -> None:
    await shop.pool.execute(
        "insert into subscription_traffic (subscription_id, period_since, used_bytes) "
        "select subscription_id, $2, 1 from subscriptions where user_id = $1",
        anna,
        NOW,
    )
    order = erasure()
    await data.erase(order, LATER)
    assert await shop.count("subscription_traffic") == 1
    await data.forget_devices(order.erasure_id, LATER)
    assert await shop.count("subscription_traffic") == 0


async def test_what_is_sealed_about_the_person_is_emptied(
    shop: Shop, anna: UserId, data: PostgresPersonalData
) -> None:
    await data.erase(erasure(), LATER)
    left = await shop.pool.fetchval(
        """
        select sum(length(metadata_sealed)) + (select sum(length(body_sealed))
                                               from provider_notifications)
             + (select sum(length(private_key_sealed) + length(preshared_key_sealed)) from devices)
        from payments
        """
    )
    assert left == 0


async def test_the_sums_of_payments_stay_and_belong_to_one_person(
    shop: Shop, anna: UserId, data: PostgresPersonalData
) -> None:
    before = await sums(shop.pool)
    await data.erase(erasure(), LATER)
    assert await sums(shop.pool) == before != []
    assert await shop.pool.fetchval("select bool_and(user_id < 0) from purchases")


async def test_access_ends_and_the_peer_has_to_leave(
    shop: Shop, anna: UserId, data: PostgresPersonalData
) -> None:
    order = erasure()
    departure = await data.erase(order, LATER)
    assert len(departure.subscriptions) == len(departure.removals) == 1
    ended = await shop.pool.fetchrow("select status, expires_at from subscriptions")
    assert ended is not None
    assert tuple(ended) == ("expired", LATER)
    assert await data.peers_left(order.erasure_id) == departure.removals
    (placed,) = departure.removals
    assert (await shop.access.removal(placed)).public_key, "the server has to be told which"


async def test_a_repeat_tells_the_same_and_leaves_a_newcomer_alone(
    shop: Shop, anna: UserId, data: PostgresPersonalData
) -> None:
    order = erasure()
    first = await data.erase(order, LATER)
    await shop.customers.greet(Introduction(user_id=anna, first_name="Back again"), LATER)
    await shop.buy(anna, LATER)
    assert await data.erase(order, LATER) == first
    back = await shop.customers.find(anna)
    assert back is not None
    assert back.first_name == "Back again"
    assert await shop.access.subscription_of(anna) is not None


async def test_once_servers_have_let_go_keys_and_addresses_are_forgotten(
    shop: Shop, anna: UserId, data: PostgresPersonalData
) -> None:
    key = await shop.pool.fetchval("select public_key from devices")
    order = erasure()
    for placed in (await data.erase(order, LATER)).removals:
        await shop.access.confirm_removal(placed)
    assert await data.peers_left(order.erasure_id) == ()
    for _ in range(2):
        await data.forget_devices(order.erasure_id, LATER)
    assert await places_that_hold(shop.pool, key) == set()
    assert await shop.pool.fetchval("select count(device_id) from tunnel_addresses") == 0
    assert await shop.pool.fetchval("select finished_at from erasures") == LATER


@pytest.mark.parametrize("stage", ["paid", "setting_up", "delayed", "refunding"])
async def test_while_a_paid_purchase_is_under_way_nobody_is_erased(
    shop: Shop, anna: UserId, data: PostgresPersonalData, stage: str
) -> None:
    await shop.ledger.enter_stage((await shop.order(anna)).purchase_id, PurchaseStage(stage))
    with pytest.raises(ErasureRefused, match="is paid and not over"):
        await data.erase(erasure(), LATER)
    customer = await shop.customers.find(anna)
    assert customer is not None
    assert customer.email == NAMES[-1], "nothing was done by halves"


async def test_while_money_is_on_its_way_back_nobody_is_erased(
    shop: Shop, anna: UserId, data: PostgresPersonalData
) -> None:
    await shop.buy_to_the_end(anna)
    found = await shop.refunds.offer(anna, NOW + DAY)
    assert found is not None
    order = CancelOrder(
        refund_id=RefundId(uuid4()),
        subscription_id=found[0],
        made_at=NOW + DAY,
        fingerprint=found[1].fingerprint,
    )
    await shop.refunds.decide(order, NOW + DAY)
    with pytest.raises(ErasureRefused, match="is not back yet"):
        await data.erase(erasure(), LATER)


async def test_a_payment_that_commits_first_is_seen(
    shop: Shop, anna: UserId, data: PostgresPersonalData
) -> None:
    order = await shop.order(anna)
    async with shop.paid_but_not_committed(order) as granting:
        erasing = asyncio.create_task(data.erase(erasure(), LATER))
    await granting
    with pytest.raises(ErasureRefused):
        await erasing


async def test_money_for_a_purchase_of_nobody_is_known_as_such(
    shop: Shop, anna: UserId, data: PostgresPersonalData
) -> None:
    order = await shop.order(anna)
    assert not await shop.ledger.is_erased(order.purchase_id)
    await data.erase(erasure(), LATER)
    assert await shop.ledger.is_erased(order.purchase_id)
    record = await shop.purchases.find(order.purchase_id)
    assert record is not None
    assert (record.order.user_id < 0, record.order.message) == (True, None)


async def test_a_former_customer_is_recognised_and_nobody_else(
    shop: Shop, anna: UserId, data: PostgresPersonalData, pool: Pool, key_ring: KeyRing
) -> None:
    former = FormerCustomers(pool, key_ring)
    assert not await former.knows(anna)
    await data.erase(erasure(), LATER)
    assert await former.knows(anna)
    assert not await former.knows(UserId(anna + 1))
    assert not await FormerCustomers(pool, KeyRing.parse(KeyRing.generate_entry("other"))).knows(
        anna
    ), "without the key the mark says nothing"


async def test_a_mark_is_recognised_after_the_keys_were_rotated(
    shop: Shop, anna: UserId, pool: Pool
) -> None:
    old = KeyRing.generate_entry("old")
    await PostgresPersonalData(pool, KeyRing.parse(old)).erase(erasure(), LATER)
    rotated = KeyRing.parse(f"{KeyRing.generate_entry('new')},{old}")
    assert await FormerCustomers(pool, rotated).knows(anna)


async def test_nobody_gets_a_second_trial_by_being_forgotten(
    shop: Shop, anna: UserId, data: PostgresPersonalData
) -> None:
    first = await shop.trials.purchase_of(anna)
    assert first is not None
    await data.erase(erasure(), LATER)
    await shop.customers.greet(Introduction(user_id=anna, first_name="Back again"), LATER)
    assert await shop.trials.purchase_of(anna) is None
    assert await places_that_hold(shop.pool, str(first)) == {"trials.purchase_id"}


async def test_whoever_never_had_access_leaves_no_mark(
    shop: Shop, data: PostgresPersonalData, pool: Pool, key_ring: KeyRing
) -> None:
    visitor = await shop.customer()
    await data.erase(erasure(visitor), LATER)
    assert await shop.count("former_customers") == 0


async def test_whoever_was_never_here_can_be_erased(data: PostgresPersonalData) -> None:
    departure = await data.erase(erasure(UserId(404)), LATER)
    assert (departure.subscriptions, departure.removals) == ((), ())


async def test_every_reference_to_a_customer_follows_an_erasure(pool: Pool) -> None:
    """A migration that adds one writes `on update cascade`, or calls `follow_erasures()`."""
    await pool.execute("create table late (user_id bigint references users)")
    await pool.execute("select follow_erasures()")
    rigid = await pool.fetch(
        """
        with recursive following as (
            select conrelid, conname, confupdtype, conkey from pg_constraint
            where contype = 'f' and confrelid = 'users'::regclass
            union
            select c.conrelid, c.conname, c.confupdtype, c.conkey
            from pg_constraint c join following f
              on c.confrelid = f.conrelid and c.confkey = f.conkey
            where c.contype = 'f'
        )
        select conrelid::regclass::text, conname from following where confupdtype <> 'c'
        """
    )
    assert rigid == []


async def test_the_newest_schema_needs_no_second_call(pool: Pool) -> None:
    count = "select count(*) from pg_constraint where contype = 'f' and confupdtype = 'c'"
    before = await pool.fetchval(count)
    await pool.execute("select follow_erasures()")
    assert await pool.fetchval(count) == before > 5


async def test_purchases_cannot_belong_to_a_number_that_is_nobodys(shop: Shop) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await shop.order(UserId(404))
