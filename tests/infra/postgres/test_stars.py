"""What is remembered of payments in Stars: the first of a purchase pays it, and only that."""

import asyncio

from domain.ids import ProviderPaymentId, PurchaseId, UserId
from domain.money import stars
from domain.payments import Provider
from domain.stars import StarCharge, invoice_payload
from infra.postgres.stars import ListedRefund, StarsBook
from tests.infra.postgres.shop import NOW, Shop, invoice_of, payment_of, refund_of, stray_order

BOT = 42


def charge(purchase_id: PurchaseId, charge_id: str = "c1", amount: int = 250) -> StarCharge:
    return StarCharge(
        charge_id=ProviderPaymentId(charge_id),
        purchase_id=purchase_id,
        payer=UserId(1001),
        amount=stars(amount),
        paid_at=NOW,
    )


async def an_order(shop: Shop) -> PurchaseId:
    return (await shop.order(await shop.customer())).purchase_id


async def test_a_charge_that_is_told_twice_is_one(shop: Shop) -> None:
    book, purchase_id = StarsBook(shop.pool), await an_order(shop)
    assert [await book.note_told(charge(purchase_id)) for _ in range(2)] == [False, False]
    assert await shop.count("star_charges") == 1


async def test_of_charges_told_at_once_one_pays_and_the_rest_go_back(shop: Shop) -> None:
    book, purchase_id = StarsBook(shop.pool), await an_order(shop)
    told = (charge(purchase_id, f"c{number}") for number in range(6))
    surplus = await asyncio.gather(*map(book.note_told, told))
    assert sorted(map(bool, surplus)) == [False] + [True] * 5


async def test_what_was_told_first_pays_even_where_the_list_has_another_first(shop: Shop) -> None:
    book, purchase_id = StarsBook(shop.pool), await an_order(shop)
    await book.note_told(charge(purchase_id, "told"))
    untold = await book.note_listed(
        BOT, [charge(purchase_id, "listed"), charge(purchase_id, "told")], [], 2
    )
    known = await book.charge_of(purchase_id)
    assert known is not None
    assert (known.charge.charge_id, known.is_listed) == ("told", True)
    assert untold == ("listed",)


async def test_the_list_corrects_what_an_update_told(shop: Shop) -> None:
    book, purchase_id = StarsBook(shop.pool), await an_order(shop)
    await book.note_told(charge(purchase_id, amount=9999))
    await book.note_listed(BOT, [charge(purchase_id)], [], 1)
    known = await book.charge_of(purchase_id)
    assert known is not None
    assert known.charge.amount == stars(250)


async def test_a_reader_that_lags_behind_does_not_turn_the_page_back(shop: Shop) -> None:
    book = StarsBook(shop.pool)
    for read in (0, 200, 100):
        await book.note_listed(BOT, [], [], read)
    assert await book.lines_read(BOT) == 200
    assert await book.lines_read(BOT + 1) == 0, "another bot has another list"


async def test_lines_of_purchases_that_are_not_ours_are_passed_over(shop: Shop) -> None:
    book, stray = StarsBook(shop.pool), stray_order().purchase_id
    assert await book.note_told(charge(stray)) is None
    await book.note_listed(BOT, [charge(stray)], [ListedRefund(charge_id="c9", refunded_at=NOW)], 2)
    assert await shop.count("star_charges") == 0


async def test_payment_invoice_and_refund_in_stars_are_kept_as_such(shop: Shop) -> None:
    await shop.server("nl1")
    drawn = await shop.order(await shop.customer())
    order = drawn.model_copy(update={"provider": Provider.STARS, "price": stars(250)})
    await shop.pool.execute(
        "update purchases set order_document = $1", order.model_dump(mode="json")
    )
    payload = invoice_payload(order.purchase_id, 1)
    invoice = invoice_of(order).model_copy(update={"provider_payment_id": payload})
    await shop.ledger.record_invoice(order.purchase_id, 1, invoice)
    await shop.ledger.record_payment_and_grant(order.purchase_id, payment_of(order), NOW)
    await shop.ledger.record_refund_and_revoke(order.purchase_id, refund_of(order), NOW)
    paid = await shop.pool.fetchrow("select provider, amount, currency, status from payments")
    assert paid is not None
    assert tuple(paid) == ("stars", 250, "XTR", "refunded")
    asked = await StarsBook(shop.pool).invoice(payload)
    assert asked is not None
    assert asked.invoice == invoice
