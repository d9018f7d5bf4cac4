"""The payment page's address in one call: `Starter.invoice`."""

import asyncio
from datetime import timedelta

import pytest

from domain.errors import ProviderUnavailable, PurchaseRefused
from domain.payments import Invoice
from domain.purchases import PurchaseOrder, PurchaseStage
from tests.workflows.shop import ANSWER, RARELY, WINDOW, Shop, an_order


async def test_the_call_begins_the_purchase_and_answers_with_its_page(shop: Shop) -> None:
    order = an_order()

    page = await _page(shop, order)

    assert page.confirmation_url == f"https://pay.example/{order.purchase_id}:create"


async def test_every_repeat_is_answered_with_the_same_page(shop: Shop) -> None:
    order = an_order()

    first = await _page(shop, order)
    repeats = await asyncio.gather(*(_page(shop, order) for _ in range(3)))

    assert set(repeats) == {first}
    assert len(shop.journal.all_of("create_invoice")) == 1


async def test_a_repeat_after_the_purchase_is_done_gets_its_old_answer(shop: Shop) -> None:
    order = an_order()
    page = await _page(shop, order)
    await shop.pay(order)
    await shop.rests(order)

    assert await _page(shop, order) == page


async def test_a_finished_purchase_has_no_page_for_whoever_asks_first_now(shop: Shop) -> None:
    order = await shop.buy()
    await shop.rests(order)

    with pytest.raises(PurchaseRefused, match="is over"):
        await _page(shop, order)


async def test_a_paid_purchase_has_no_page_and_says_what_it_is(shop: Shop) -> None:
    shop.peers.take_down("nl1")
    order = await shop.buy()
    await shop.reaches(PurchaseStage.STUCK)

    with pytest.raises(PurchaseRefused, match=r"^there is no open payment page: .* is stuck$"):
        await _page(shop, order)


async def test_a_provider_that_is_down_leaves_the_question_open(shop: Shop) -> None:
    order = an_order(policy=RARELY.model_copy(update={"invoice_budget": timedelta(minutes=1)}))
    shop.provider.outage = ProviderUnavailable("no answer within 50 s")
    with pytest.raises(ProviderUnavailable, match="ask again"):
        await _page(shop, order, patience=timedelta(seconds=0.5))

    shop.provider.outage = None

    assert await _page(shop, order)


async def test_another_attempt_is_answered_with_another_page(shop: Shop) -> None:
    order = await shop.begin()
    await shop.decline(order)
    await shop.rests(order)

    page = await _page(shop, order.model_copy(update={"attempt": 2}))

    assert page.confirmation_url.endswith(":create:2")


async def test_another_attempt_while_the_payment_is_pending_is_answered_with_the_same_page(
    shop: Shop,
) -> None:
    order = an_order(policy=RARELY)
    page = await _page(shop, order)
    await shop.forward(shop.purchase(order), WINDOW)
    await shop.reaches(PurchaseStage.EXPIRED)

    assert await _page(shop, order.model_copy(update={"attempt": 2})) == page


async def test_another_attempt_while_the_declined_run_closes_is_asked_to_come_again(
    shop: Shop,
) -> None:
    order = await shop.begin()
    shop.notices.take_down()
    await shop.decline(order)
    await shop.reaches(PurchaseStage.DECLINED)
    again = order.model_copy(update={"attempt": 2})

    with pytest.raises(ProviderUnavailable, match="ask again"):
        await _page(shop, again)
    shop.notices.bring_back()
    await shop.reaches(PurchaseStage.AWAITING_PAYMENT, times=2)

    assert (await _page(shop, again)).confirmation_url.endswith(":create:2")


async def _page(shop: Shop, order: PurchaseOrder, patience: timedelta = ANSWER) -> Invoice:
    shop.ledger.open(order)
    return await shop.starter.invoice(order, patience)
