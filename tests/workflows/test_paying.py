"""From the tap to the money, or to none."""

import asyncio
from datetime import timedelta

from domain.errors import ProviderUnavailable
from domain.ids import ProviderPaymentId
from domain.purchases import INVOICE_FAILED, PurchaseOrder, PurchasePolicy, PurchaseStage
from tests.workflows.fake_provider import REFUSED
from tests.workflows.shop import LAST_LOOK, RARELY, WINDOW, Shop, an_order

OUTAGE = ProviderUnavailable("no answer within 50 s")
JUST_AFTER_A_POLL = PurchasePolicy().first_poll + timedelta(seconds=1)


async def test_a_paid_purchase_ends_with_the_peer_on_a_server_and_the_file_in_the_chat(
    shop: Shop,
) -> None:
    order = await shop.buy()

    assert await shop.rests(order) is PurchaseStage.DONE
    assert shop.peers.holders == {"nl1"}
    ((delivery, file_name),) = shop.journal.all_of("delivered")
    assert (delivery.purchase_id, file_name) == (order.purchase_id, "wg-nl1.conf")
    assert shop.ledger.stages[order.purchase_id] is PurchaseStage.DONE


async def test_a_double_tap_is_one_purchase(shop: Shop) -> None:
    order = an_order()
    shop.ledger.open(order)

    await asyncio.gather(*(shop.starter.begin_purchase(order) for _ in range(3)))
    await shop.buy(order)
    await shop.rests(order)
    await shop.starter.begin_purchase(order)

    assert len(shop.journal.all_of("create_invoice")) == 1
    assert len(shop.journal.all_of("delivered")) == 1


async def test_a_lost_notification_is_made_up_for_by_asking(shop: Shop) -> None:
    order = await shop.begin()
    shop.provider.pay(order.purchase_id)

    await shop.forward(shop.purchase(order), JUST_AFTER_A_POLL)

    assert await shop.rests(order) is PurchaseStage.DONE


async def test_forged_news_changes_nothing_and_slows_no_polling(shop: Shop) -> None:
    order = await shop.begin()
    for looks in (1, 2, 3):
        await shop.starter.payment_seen(order, ProviderPaymentId("forged"))
        await shop.journal.until("fetch_payment", times=looks)
    assert shop.ledger.stages[order.purchase_id] is PurchaseStage.AWAITING_PAYMENT
    assert "forged" not in shop.journal.all_of("fetch_payment")

    shop.provider.pay(order.purchase_id)
    await shop.forward(shop.purchase(order), JUST_AFTER_A_POLL)

    assert await shop.rests(order) is PurchaseStage.DONE


async def test_news_before_the_page_is_known_leads_to_a_look_as_soon_as_it_is(shop: Shop) -> None:
    order = an_order(policy=RARELY.model_copy(update={"invoice_budget": timedelta(minutes=1)}))
    shop.ledger.open(order)
    shop.provider.outage = OUTAGE
    await shop.starter.begin_purchase(order)
    await shop.journal.until("create_invoice")

    await shop.starter.payment_seen(order, ProviderPaymentId("early"))
    shop.provider.outage = None

    await shop.journal.until("fetch_payment")


async def test_a_provider_that_was_down_when_the_money_came_is_asked_until_it_answers(
    shop: Shop,
) -> None:
    order = await shop.begin(an_order(policy=RARELY))
    shop.provider.outage = OUTAGE
    await shop.pay(order)
    await shop.journal.until("fetch_payment", times=2)

    shop.provider.outage = None

    assert await shop.rests(order) is PurchaseStage.DONE


async def test_no_payment_page_within_the_budget_is_a_decline_that_charged_nothing(
    shop: Shop,
) -> None:
    order = an_order()
    shop.ledger.open(order)
    shop.provider.outage = OUTAGE

    await shop.starter.begin_purchase(order)

    assert await shop.rests(order) is PurchaseStage.DECLINED
    assert shop.ledger.cancellations[order.purchase_id] == INVOICE_FAILED


async def test_a_refused_payment_page_is_not_asked_for_twice(shop: Shop) -> None:
    order = an_order()
    shop.ledger.open(order)
    shop.provider.outage = REFUSED

    await shop.starter.begin_purchase(order)

    assert await shop.rests(order) is PurchaseStage.DECLINED
    assert len(shop.journal.all_of("create_invoice")) == 1


async def test_a_late_payment_is_honoured_while_it_is_watched_for(shop: Shop) -> None:
    order = await shop.begin(an_order(policy=RARELY))
    await shop.forward(shop.purchase(order), WINDOW)
    await shop.reaches(PurchaseStage.EXPIRED)

    await shop.pay(order)

    assert await shop.rests(order) is PurchaseStage.DONE


async def test_a_payment_after_all_patience_is_honoured_when_news_of_it_comes(shop: Shop) -> None:
    order = await _expired(shop)

    await shop.pay(order)

    assert await shop.rests(order) is PurchaseStage.DONE
    assert len(shop.journal.all_of("create_invoice")) == 1


async def test_news_that_comes_while_the_purchase_comes_to_rest_is_not_lost(shop: Shop) -> None:
    order = await shop.begin(an_order(policy=RARELY))
    await shop.forward(shop.purchase(order), WINDOW)
    await shop.journal.until("try_to_show", PurchaseStage.EXPIRED)
    shop.notices.take_down()
    await shop.forward(shop.purchase(order), LAST_LOOK)
    await shop.journal.until("try_to_show", PurchaseStage.EXPIRED, times=2)

    await shop.pay(order)
    shop.notices.bring_back()

    await shop.reaches(PurchaseStage.DONE)


async def test_forged_news_of_an_expired_purchase_opens_no_page(shop: Shop) -> None:
    order = await _expired(shop)

    await shop.starter.payment_seen(order, ProviderPaymentId("forged"))
    await shop.journal.until("fetch_payment", times=3)
    await shop.forward(shop.purchase(order), LAST_LOOK)

    assert await shop.rests(order) is PurchaseStage.EXPIRED
    assert shop.journal.all_of("stage").count(PurchaseStage.AWAITING_PAYMENT) == 1


async def test_news_of_a_finished_purchase_makes_no_page_and_no_second_delivery(
    shop: Shop,
) -> None:
    order = await shop.buy()
    await shop.rests(order)

    await shop.starter.payment_seen(order, ProviderPaymentId("again"))
    await shop.journal.until("recall")

    assert await shop.rests(order) is PurchaseStage.DONE
    assert len(shop.journal.all_of("create_invoice")) == 1
    assert len(shop.journal.all_of("delivered")) == 1


async def test_news_of_a_purchase_without_a_page_makes_none(shop: Shop) -> None:
    order = an_order()
    shop.ledger.open(order)

    await shop.starter.payment_seen(order, ProviderPaymentId("forged"))
    await shop.rests(order)

    assert shop.journal.all_of("create_invoice") == []


async def _expired(shop: Shop) -> PurchaseOrder:
    order = await shop.begin(an_order(policy=RARELY))
    await shop.forward(shop.purchase(order), WINDOW)
    await shop.reaches(PurchaseStage.EXPIRED)
    await shop.forward(shop.purchase(order), LAST_LOOK)
    assert await shop.rests(order) is PurchaseStage.EXPIRED
    return order
