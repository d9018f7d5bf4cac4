"""What makes repeats harmless: updates, notifications, notices, dialogues; and the audit log."""

import asyncio
import json
from uuid import uuid4

import pytest

from domain.ids import MessageId, ProviderPaymentId
from domain.notices import Claim, ClaimedNotice
from infra.keyring import KeyRing
from infra.postgres.inbox import Inbox
from infra.postgres.notices import PostgresNoticeBook
from infra.postgres.pool import Pool
from infra.postgres.sessions import Session, Sessions
from tests.infra.postgres.shop import DAY, NOW, Shop, invoice_of

FRESH = ClaimedNotice(claim=Claim.FRESH)
UNCERTAIN = ClaimedNotice(claim=Claim.UNCERTAIN)
BODY = {"event": "payment.succeeded", "object": {"description": "30 дней", "paid": True}}


@pytest.fixture
def inbox(pool: Pool, key_ring: KeyRing) -> Inbox:
    return Inbox(pool, key_ring)


@pytest.fixture
def book(pool: Pool) -> PostgresNoticeBook:
    return PostgresNoticeBook(pool)


async def test_an_update_is_done_only_once_it_was_handled_to_the_end(inbox: Inbox) -> None:
    assert not await inbox.update_is_done(7)
    for _ in range(2):
        await inbox.update_done(7, NOW)
    assert await inbox.update_is_done(7)
    assert not await inbox.update_is_done(8)


async def test_a_notification_is_stored_once_and_kept_as_it_first_came(
    inbox: Inbox, pool: Pool, key_ring: KeyRing
) -> None:
    later = {"event": "payment.succeeded", "object": {"forged": True}}
    for body, sender, at in ((BODY, "185.71.76.1", NOW), (later, "2a02:5180::1", NOW + DAY)):
        assert not await inbox.store_notification("payment.succeeded", "p1", body, sender, at)
    row = await pool.fetchrow("select *, host(sender) as ip from provider_notifications")
    assert row is not None
    assert (row["ip"], row["received_at"]) == ("185.71.76.1", NOW)
    assert b"description" not in row["body_sealed"], "it tells of the payer, so it is sealed"
    assert json.loads(key_ring.unseal(row["body_sealed"], context=b"p1")) == BODY


async def test_a_notification_is_known_as_handled_only_once_it_was(inbox: Inbox) -> None:
    await inbox.store_notification("payment.succeeded", "p1", BODY, "185.71.76.1", NOW)
    await inbox.notification_handled("payment.succeeded", "p1", NOW)
    assert await inbox.store_notification("payment.succeeded", "p1", BODY, "185.71.76.1", NOW)
    assert not await inbox.store_notification("payment.canceled", "p1", BODY, "185.71.76.1", NOW)


async def test_a_payment_page_leads_to_its_purchase(inbox: Inbox, shop: Shop) -> None:
    order = await shop.order(await shop.customer())
    invoice = invoice_of(order)
    await shop.ledger.record_invoice(order.purchase_id, 1, invoice)
    assert await inbox.purchase_for(invoice.provider_payment_id) == order.purchase_id
    assert await inbox.purchase_for(ProviderPaymentId(str(uuid4()))) is None


async def test_of_ten_claims_at_once_one_is_fresh(book: PostgresNoticeBook) -> None:
    claims = await asyncio.gather(*(book.claim("config:1", None) for _ in range(10)))
    assert sorted(claims, key=lambda claimed: claimed.claim) == [FRESH] + [UNCERTAIN] * 9


async def test_a_claim_without_an_outcome_is_uncertain(book: PostgresNoticeBook) -> None:
    await book.claim("config:1", None)
    assert await book.claim("config:1", None) == UNCERTAIN


async def test_a_released_notice_is_fresh_again(book: PostgresNoticeBook) -> None:
    await book.claim("config:1", None)
    for _ in range(2):
        await book.release("config:1")
    assert await book.claim("config:1", None) == FRESH


async def test_a_confirmed_notice_is_sent_as_that_message(
    book: PostgresNoticeBook, shop: Shop
) -> None:
    await book.claim("config:1", await shop.customer())
    await book.confirm("config:1", MessageId(42))
    sent = ClaimedNotice(claim=Claim.SENT, message_id=MessageId(42))
    assert await book.claim("config:1", None) == sent
    await book.release("config:1")
    assert await book.claim("config:1", None) == sent


async def test_notices_with_different_keys_do_not_touch_each_other(
    book: PostgresNoticeBook,
) -> None:
    assert [await book.claim(key, None) for key in ("config:1", "config:2")] == [FRESH, FRESH]


async def test_a_blocked_bot_is_noted_from_the_first_notice_of_it(
    book: PostgresNoticeBook, shop: Shop
) -> None:
    user_id = await shop.customer()
    await shop.customers.note_blocked(user_id, NOW)
    await book.note_unreachable(user_id)
    customer = await shop.customers.find(user_id)
    assert customer is not None
    assert customer.blocked_bot_at == NOW


async def test_a_dialogue_is_read_as_it_was_written_and_forgotten_when_it_is_over(
    pool: Pool,
) -> None:
    sessions = Sessions(pool)
    assert await sessions.read("telegram:1") == Session()
    await sessions.write("telegram:1", "asking_email", {"plan": 1})
    await sessions.write("telegram:1", "asking_email", {"plan": 2, "слово": ["да"]})
    assert await sessions.read("telegram:1") == Session(
        state="asking_email", data={"plan": 2, "слово": ["да"]}
    )
    assert await sessions.read("telegram:2") == Session()
    await sessions.write("telegram:1", None, {})
    assert await pool.fetchval("select count(*) from user_sessions") == 0


async def test_a_dialogue_without_a_question_may_still_remember(pool: Pool) -> None:
    sessions = Sessions(pool)
    await sessions.write("telegram:1", None, {"draft": "x"})
    assert await sessions.read("telegram:1") == Session(data={"draft": "x"})
