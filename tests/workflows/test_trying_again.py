"""A purchase that rests unpaid may be tried again: the same purchase, another page."""

from domain.purchases import PurchaseStage
from tests.workflows.shop import LAST_LOOK, RARELY, WINDOW, Shop, an_order


async def test_a_declined_purchase_keeps_the_reason(shop: Shop) -> None:
    order = await shop.begin()

    await shop.decline(order, "card_expired")

    assert await shop.rests(order) is PurchaseStage.DECLINED
    cancellation = shop.ledger.cancellations[order.purchase_id]
    assert cancellation is not None
    assert cancellation.reason == "card_expired"
    assert shop.journal.all_of("shown")[-1].cancellation == cancellation


async def test_trying_again_makes_a_new_page_of_the_same_purchase(shop: Shop) -> None:
    order = await shop.begin()
    await shop.decline(order)
    await shop.rests(order)

    again = await shop.try_again(order)
    await shop.reaches(PurchaseStage.AWAITING_PAYMENT, times=2)
    await shop.pay(again)

    assert await shop.rests(order) is PurchaseStage.DONE
    pages, _ = shop.provider.keys
    assert pages == {f"{order.purchase_id}:create", f"{order.purchase_id}:create:2"}


async def test_trying_again_while_the_declined_run_still_closes_is_not_lost(shop: Shop) -> None:
    order = await shop.begin()
    shop.notices.take_down()
    await shop.decline(order)
    await shop.reaches(PurchaseStage.DECLINED)

    await shop.try_again(order)
    shop.notices.bring_back()

    await shop.reaches(PurchaseStage.AWAITING_PAYMENT, times=2)
    assert len(shop.provider.keys[0]) == 2


async def test_two_taps_on_try_again_make_one_page(shop: Shop) -> None:
    order = await shop.begin()
    await shop.decline(order)
    await shop.rests(order)

    await shop.try_again(order)
    again = await shop.try_again(order)
    await shop.reaches(PurchaseStage.AWAITING_PAYMENT, times=2)
    await shop.decline(again)

    assert await shop.rests(order) is PurchaseStage.DECLINED
    assert len(shop.provider.keys[0]) == 2


async def test_a_tap_repeated_after_the_next_page_was_declined_too_makes_none(shop: Shop) -> None:
    order = await shop.begin()
    await shop.decline(order)
    await shop.rests(order)
    again = await shop.try_again(order)
    await shop.reaches(PurchaseStage.AWAITING_PAYMENT, times=2)
    await shop.decline(again)
    await shop.rests(order)

    await shop.try_again(order)

    assert await shop.rests(order) is PurchaseStage.DECLINED
    assert len(shop.provider.keys[0]) == 2


async def test_trying_again_while_the_provider_calls_it_pending_opens_the_same_page(
    shop: Shop,
) -> None:
    order = await shop.begin(an_order(policy=RARELY))
    await shop.forward(shop.purchase(order), WINDOW)
    await shop.reaches(PurchaseStage.EXPIRED)

    await shop.try_again(order)
    await shop.reaches(PurchaseStage.AWAITING_PAYMENT, times=2)
    await shop.pay(order)

    assert await shop.rests(order) is PurchaseStage.DONE
    assert len(shop.provider.keys[0]) == 1


async def test_a_tap_repeated_while_the_page_is_open_does_not_open_it_after_its_time(
    shop: Shop,
) -> None:
    order = await shop.begin(an_order(policy=RARELY))
    await shop.journal.until("shown")
    await shop.try_again(order)

    await shop.forward(shop.purchase(order), WINDOW)
    await shop.reaches(PurchaseStage.EXPIRED)
    await shop.forward(shop.purchase(order), LAST_LOOK)

    assert await shop.rests(order) is PurchaseStage.EXPIRED
    assert shop.journal.all_of("stage").count(PurchaseStage.AWAITING_PAYMENT) == 1


async def test_trying_a_finished_purchase_again_sells_nothing(shop: Shop) -> None:
    order = await shop.buy()
    await shop.rests(order)

    await shop.try_again(order)

    assert await shop.rests(order) is PurchaseStage.DONE
    assert len(shop.provider.keys[0]) == 1
