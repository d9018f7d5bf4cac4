"""A payment and all that it gives, decided in one transaction and only once."""

import asyncio
import json
from datetime import timedelta

import pytest

from domain.errors import NotPaid, PurchaseRefused, UnknownPurchase
from domain.ids import grant_id_of
from domain.payments import Cancellation, PaymentStatus
from domain.purchases import PurchaseStage, RepairAction, StuckReason
from domain.servers import DeviceKeys
from domain.subscriptions import SubscriptionStatus
from infra.keyring import KeyRing
from infra.postgres.payments import Payments
from infra.postgres.pool import OUTAGES, Pool
from infra.wireguard_keys import new_device_keys
from tests.infra.postgres.shop import (
    DAY,
    MONTH,
    NOW,
    Shop,
    invoice_of,
    lock_waiters,
    payment_of,
    refund_of,
    stray_order,
)


async def assert_nothing_granted(shop: Shop) -> None:
    for table in ("payments", "grants", "subscriptions", "devices", "subscription_events"):
        assert await shop.count(table) == 0, table
    assert await shop.pool.fetchval("select count(device_id) from tunnel_addresses") == 0


async def test_a_first_purchase_gives_a_month_from_now_on_a_server(shop: Shop) -> None:
    await shop.server("nl1")
    user_id = await shop.customer()
    order = await shop.order(user_id)
    grant = await shop.pay(order)
    assert grant.grant_id == grant_id_of(order.purchase_id)
    assert (grant.user_id, grant.server, grant.is_renewal) == (user_id, "nl1", False)
    assert (grant.starts_at, grant.expires_at) == (NOW, NOW + MONTH)


async def test_a_year_is_365_days_whatever_the_session_thinks_of_years(shop: Shop) -> None:
    grant = await shop.pay(await shop.order(await shop.customer(), "year"))
    assert grant.expires_at == NOW + timedelta(days=365)


async def test_the_purchase_is_then_being_set_up(shop: Shop) -> None:
    order = await shop.order(await shop.customer())
    await shop.pay(order)
    record = await shop.purchases.find(order.purchase_id)
    assert record is not None
    assert record.stage is PurchaseStage.SETTING_UP


async def test_the_payment_is_kept_with_the_providers_whole_answer_sealed(
    shop: Shop, key_ring: KeyRing
) -> None:
    order = await shop.order(await shop.customer())
    await shop.pay(order)
    row = await shop.pool.fetchrow("select * from payments")
    assert row is not None
    assert (row["amount"], row["currency"], row["status"]) == (
        order.price.amount,
        "RUB",
        "succeeded",
    )
    assert b"4477" not in row["metadata_sealed"]
    context = f"payment:{row['provider_payment_id']}".encode()
    answer = json.loads(key_ring.unseal(row["metadata_sealed"], context=context))
    assert answer["method_title"] == "Bank card *4477"


async def test_a_repeat_returns_the_identical_grant_even_later(shop: Shop) -> None:
    await shop.server("nl1")
    order = await shop.order(await shop.customer())
    grant = await shop.pay(order)
    assert await shop.pay(order, NOW + DAY) == grant
    assert await shop.count("subscription_events") == 1


async def test_a_repeat_does_not_take_a_finished_purchase_back_to_its_setting_up(
    shop: Shop,
) -> None:
    order = await shop.order(await shop.customer())
    await shop.pay(order)
    await shop.ledger.enter_stage(order.purchase_id, PurchaseStage.DONE)
    await shop.pay(order)
    record = await shop.purchases.find(order.purchase_id)
    assert record is not None
    assert record.stage is PurchaseStage.DONE


async def test_ten_workers_at_once_make_one_grant_one_payment_one_device(shop: Shop) -> None:
    await shop.server("nl1")
    order = await shop.order(await shop.customer())
    grants = await asyncio.gather(*(shop.pay(order) for _ in range(10)))
    assert len(set(grants)) == 1
    for table in ("grants", "payments", "devices", "subscriptions"):
        assert await shop.count(table) == 1, table
    assert await shop.pool.fetchval("select count(device_id) from tunnel_addresses") == 1


async def test_a_repeat_waits_for_the_first_and_returns_its_grant(shop: Shop) -> None:
    await shop.server("nl1")
    order = await shop.order(await shop.customer())
    async with shop.paid_but_not_committed(order) as granting:
        repeating = asyncio.create_task(shop.pay(order))
        await lock_waiters(shop.pool, 2)
    assert await repeating == await granting


async def test_a_second_purchase_counts_from_the_end_that_the_first_is_deciding(
    shop: Shop,
) -> None:
    user_id = await shop.customer()
    first, second = await shop.order(user_id), await shop.order(user_id)
    async with shop.paid_but_not_committed(first) as granting:
        following = asyncio.create_task(shop.pay(second))
        await lock_waiters(shop.pool, 2)
    assert (await following).starts_at == (await granting).expires_at


async def test_purchases_of_one_customer_at_once_add_up(shop: Shop) -> None:
    await shop.server("nl1")
    user_id = await shop.customer()
    orders = [await shop.order(user_id) for _ in range(6)]
    grants = await asyncio.gather(*(shop.pay(order) for order in orders))
    assert sorted(grant.expires_at for grant in grants) == [
        NOW + MONTH * months for months in range(1, 7)
    ]
    assert len({grant.device_id for grant in grants}) == 1
    assert sum(not grant.is_renewal for grant in grants) == 1


async def test_a_renewal_extends_from_the_present_end_not_from_today(shop: Shop) -> None:
    user_id = await shop.customer()
    first = await shop.buy(user_id)
    second = await shop.buy(user_id, NOW + 10 * DAY)
    assert second.is_renewal
    assert (second.starts_at, second.expires_at) == (NOW + MONTH, NOW + 2 * MONTH)
    assert second.subscription_id == first.subscription_id


async def test_a_renewal_leaves_the_peer_as_it_is(shop: Shop) -> None:
    await shop.server("nl1")
    user_id = await shop.customer()
    before = await shop.access.placed_peer((await shop.buy(user_id)).device_id)
    after = await shop.access.placed_peer((await shop.buy(user_id)).device_id)
    assert after == before


async def test_a_renewal_of_another_plan_changes_the_plan(shop: Shop) -> None:
    user_id = await shop.customer()
    await shop.buy(user_id)
    await shop.pay(await shop.order(user_id, "year"))
    subscription = await shop.access.subscription_of(user_id)
    assert subscription is not None
    assert subscription.plan_name_en == "365 days"


async def test_a_purchase_after_the_end_counts_from_today(shop: Shop) -> None:
    user_id = await shop.customer()
    first = await shop.buy(user_id)
    await shop.leave(first, NOW + MONTH)
    later = NOW + MONTH + 5 * DAY
    second = await shop.buy(user_id, later)
    assert (second.starts_at, second.expires_at) == (later, later + MONTH)
    subscription = await shop.access.subscription_of(user_id)
    assert subscription is not None
    assert (subscription.status, subscription.starts_at) == (SubscriptionStatus.ACTIVE, later)


async def test_a_purchase_after_the_end_restores_the_same_keys_and_address(shop: Shop) -> None:
    await shop.server("nl1")
    user_id = await shop.customer()
    first = await shop.buy(user_id)
    config = await shop.access.client_config(first.device_id)
    before = await shop.access.placed_peer(first.device_id)
    await shop.leave(first, NOW + MONTH)
    second = await shop.buy(user_id, NOW + 2 * MONTH)
    assert await shop.access.client_config(second.device_id) == config
    assert (await shop.access.placed_peer(second.device_id)).revision > before.revision


async def test_a_payment_that_has_not_succeeded_grants_nothing(shop: Shop) -> None:
    order = await shop.order(await shop.customer())
    pending = payment_of(order, PaymentStatus.PENDING)
    with pytest.raises(NotPaid):
        await shop.ledger.record_payment_and_grant(order.purchase_id, pending, NOW)
    await assert_nothing_granted(shop)


async def test_one_payment_does_not_pay_for_two_purchases(shop: Shop) -> None:
    user_id = await shop.customer()
    mine, other = await shop.order(user_id), await shop.order(user_id)
    await shop.ledger.record_payment(mine.purchase_id, payment_of(mine))
    with pytest.raises(PurchaseRefused, match="has paid for another purchase"):
        await shop.ledger.record_payment_and_grant(other.purchase_id, payment_of(mine), NOW)
    assert await shop.count("grants") == 0


async def test_a_payment_noted_as_a_mismatch_can_still_be_granted(shop: Shop) -> None:
    order = await shop.order(await shop.customer())
    await shop.ledger.record_payment(order.purchase_id, payment_of(order))
    await shop.ledger.record_payment(order.purchase_id, payment_of(order))
    assert await shop.count("grants") == 0
    await shop.pay(order)
    assert (await shop.count("payments"), await shop.count("grants")) == (1, 1)


async def test_an_unknown_purchase_is_named_so_by_every_step(shop: Shop) -> None:
    order = stray_order()
    unknown, ledger = order.purchase_id, shop.ledger
    for step in (
        ledger.record_invoice(unknown, 1, invoice_of(order)),
        ledger.enter_stage(unknown, PurchaseStage.DONE),
        ledger.record_payment(unknown, payment_of(order)),
        ledger.record_payment_and_grant(unknown, payment_of(order), NOW),
        ledger.record_refund_and_revoke(unknown, refund_of(order), NOW),
        ledger.recall(unknown, 1),
    ):
        with pytest.raises(UnknownPurchase, match=str(unknown)):
            await step


# Interrupted


async def test_an_error_in_the_middle_leaves_nothing(pool: Pool, key_ring: KeyRing) -> None:
    def break_down() -> DeviceKeys:
        raise RuntimeError("no randomness today")

    shop = Shop(pool, key_ring, break_down)
    await shop.server("nl1")
    order = await shop.order(await shop.customer())
    with pytest.raises(RuntimeError):
        await shop.pay(order)
    await assert_nothing_granted(shop)
    record = await shop.purchases.find(order.purchase_id)
    assert record is not None
    assert record.stage is PurchaseStage.PREPARING


async def test_a_connection_killed_before_the_commit_leaves_nothing_and_a_repeat_succeeds(
    shop: Shop,
) -> None:
    await shop.server("nl1")
    order = await shop.order(await shop.customer())
    async with shop.paid_but_not_committed(order) as granting:
        (pid,) = await lock_waiters(shop.pool, 1)
        await shop.pool.execute("select pg_terminate_backend($1)", pid)
        with pytest.raises(OUTAGES):
            await granting
    await assert_nothing_granted(shop)
    assert (await shop.pay(order)).server == "nl1"


async def test_a_worker_cancelled_before_the_commit_leaves_nothing(shop: Shop) -> None:
    order = await shop.order(await shop.customer())
    async with shop.paid_but_not_committed(order) as granting:
        granting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await granting
    await assert_nothing_granted(shop)


async def test_an_end_that_comes_during_a_renewal_does_not_end_it(shop: Shop) -> None:
    user_id = await shop.customer()
    grant = await shop.buy(user_id)
    async with shop.paid_but_not_committed(await shop.order(user_id)) as renewing:
        ending = asyncio.create_task(
            shop.access.end_subscription(grant.subscription_id, NOW + MONTH)
        )
        await lock_waiters(shop.pool, 2)
    assert not (await ending).ended
    assert (await ending).expires_at == (await renewing).expires_at == NOW + 2 * MONTH


async def test_a_renewal_that_comes_during_the_end_brings_the_device_back(shop: Shop) -> None:
    await shop.server("nl1")
    user_id = await shop.customer()
    grant = await shop.buy(user_id)
    order = await shop.order(user_id)
    async with shop.pool.acquire() as bystander, bystander.transaction():
        # The end waits for the device, with the subscription's row in its hands.
        await bystander.execute("select from devices for no key update")
        ending = asyncio.create_task(shop.end(grant, NOW + MONTH))
        await lock_waiters(shop.pool, 1)
        renewing = asyncio.create_task(shop.pay(order, NOW + MONTH + DAY))
        await lock_waiters(shop.pool, 2)
    assert len(await ending) == 1
    renewal = await renewing
    assert (renewal.starts_at, renewal.server) == (NOW + MONTH + DAY, "nl1")
    await shop.access.placed_peer(renewal.device_id)
    subscription = await shop.access.subscription_of(user_id)
    assert subscription is not None
    assert subscription.starts_at == renewal.starts_at


# Pages and stages


async def test_a_payment_page_makes_the_purchase_await_its_payment(shop: Shop) -> None:
    order = await shop.order(await shop.customer())
    await shop.ledger.record_invoice(order.purchase_id, 1, invoice_of(order))
    known = await shop.ledger.recall(order.purchase_id, 1)
    assert known.stage is PurchaseStage.AWAITING_PAYMENT
    assert known.invoice == invoice_of(order)


async def test_a_payment_page_noted_again_changes_nothing(shop: Shop) -> None:
    order = await shop.order(await shop.customer())
    await shop.ledger.record_invoice(order.purchase_id, 1, invoice_of(order))
    await shop.pay(order)
    await shop.ledger.record_invoice(order.purchase_id, 1, invoice_of(order))
    assert (await shop.ledger.recall(order.purchase_id, 1)).stage is PurchaseStage.SETTING_UP
    assert await shop.count("invoices") == 1


async def test_another_attempt_has_a_page_of_its_own_and_forgets_why_the_first_failed(
    shop: Shop,
) -> None:
    order = await shop.order(await shop.customer())
    ledger, purchase_id = shop.ledger, order.purchase_id
    await ledger.record_invoice(purchase_id, 1, invoice_of(order, 1))
    declined = Cancellation(party="payment_network", reason="insufficient_funds")
    await ledger.enter_stage(purchase_id, PurchaseStage.DECLINED, cancellation=declined)
    record = await shop.purchases.find(purchase_id)
    assert record is not None
    assert record.cancellation == declined
    await ledger.record_invoice(purchase_id, 2, invoice_of(order, 2))
    record = await shop.purchases.find(purchase_id)
    assert record is not None
    assert (record.stage, record.cancellation) == (PurchaseStage.AWAITING_PAYMENT, None)
    assert (await ledger.recall(purchase_id, 1)).invoice == invoice_of(order, 1)


async def test_a_purchase_without_a_page_is_recalled_without_one(shop: Shop) -> None:
    order = await shop.order(await shop.customer())
    known = await shop.ledger.recall(order.purchase_id, 1)
    assert (known.stage, known.invoice) == (PurchaseStage.PREPARING, None)


async def test_a_stuck_purchase_tells_its_reason_until_it_goes_on(shop: Shop) -> None:
    order = await shop.order(await shop.customer())
    for stage, reason in (
        (PurchaseStage.STUCK, StuckReason.CAPACITY),
        (PurchaseStage.SETTING_UP, None),
    ):
        await shop.ledger.enter_stage(order.purchase_id, stage, stuck_reason=reason)
        record = await shop.purchases.find(order.purchase_id)
        assert record is not None
        assert (record.stage, record.stuck_reason) == (stage, reason)


async def test_a_repair_is_in_the_audit_log_once(shop: Shop) -> None:
    order = await shop.order(await shop.customer())
    for _ in range(2):
        await shop.ledger.record_repair(order.purchase_id, RepairAction.REFUND, "telegram:42", NOW)
    (row,) = await shop.pool.fetch("select actor, action, subject from admin_logs")
    assert tuple(row) == ("telegram:42", "repair:refund", f"purchase:{order.purchase_id}")


# Seen by those who only read


async def test_readers_see_the_newest_page_and_the_grant_until_it_is_taken_back(
    shop: Shop,
) -> None:
    payments = Payments(shop.pool)
    order = await shop.order(await shop.customer())
    assert await payments.payment_of(order.purchase_id) is None
    assert await payments.grant_of(order.purchase_id) is None
    for attempt in (1, 2):
        page = invoice_of(order, attempt)
        await shop.ledger.record_invoice(order.purchase_id, attempt, page)
        assert await payments.payment_of(order.purchase_id) == page.provider_payment_id
    grant = await shop.pay(order)
    assert await payments.grant_of(order.purchase_id) == grant
    await shop.refund(order)
    assert await payments.grant_of(order.purchase_id) is None


async def test_each_device_has_keys_of_its_own(shop: Shop) -> None:
    first, second = await shop.buy(await shop.customer()), await shop.buy(await shop.customer())
    assert first.device_id != second.device_id
    assert await shop.pool.fetchval("select count(distinct public_key) from devices") == 2
    assert new_device_keys() != new_device_keys()
