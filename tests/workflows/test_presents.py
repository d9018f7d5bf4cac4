"""Purchases that cost nothing, and purchases for somebody else."""

from domain.errors import TelegramUnavailable
from domain.purchases import PurchaseKind, PurchaseStage, RepairAction
from tests.workflows.shop import Shop, a_trial, an_opening, an_order


async def test_a_trial_is_set_up_like_what_is_paid_for_and_asks_for_no_money(shop: Shop) -> None:
    order = await shop.take_for_free()

    assert await shop.rests(order) is PurchaseStage.DONE
    assert shop.peers.holders == {"nl1"}
    assert len(shop.journal.all_of("delivered")) == 1
    assert shop.provider.keys == (set(), set())
    assert shop.journal.all_of("giver_told") == []


async def test_a_second_tap_on_the_trial_gives_nothing_more(shop: Shop) -> None:
    order = a_trial()
    await shop.take_for_free(order)
    await shop.take_for_free(order)
    await shop.rests(order)
    await shop.take_for_free(order)

    assert await shop.rests(order) is PurchaseStage.DONE
    assert len(shop.journal.all_of("grant_free")) == 1


async def test_a_trial_survives_a_server_that_is_away(shop: Shop) -> None:
    shop.peers.take_down("nl1")
    order = await shop.take_for_free()
    await shop.reaches(PurchaseStage.STUCK)
    shop.peers.bring_back("nl1")
    await shop.journal.until("alarm")
    await shop.repair(order, RepairAction.RETRY)

    assert await shop.rests(order) is PurchaseStage.DONE


async def test_what_cannot_be_set_up_is_taken_back_without_a_refund(shop: Shop) -> None:
    shop.ledger.servers.clear()
    order = await shop.take_for_free()
    await shop.reaches(PurchaseStage.STUCK)
    await shop.journal.until("alarm")
    await shop.repair(order, RepairAction.REFUND)

    assert await shop.rests(order) is PurchaseStage.REFUNDED
    assert shop.journal.all_of("revoke_free") == [order.purchase_id]
    assert shop.journal.all_of("record_refund_and_revoke") == []
    assert shop.journal.all_of("shown")[-1].stage is PurchaseStage.REFUNDED


async def test_the_giver_learns_that_the_gift_was_opened(shop: Shop) -> None:
    order = await shop.take_for_free(an_opening())

    assert await shop.rests(order) is PurchaseStage.DONE
    assert shop.journal.all_of("giver_told") == [order.purchase_id]


async def test_a_paid_gift_becomes_a_link_and_gives_the_giver_no_access(shop: Shop) -> None:
    order = await shop.buy(an_order(kind=PurchaseKind.GIFT))

    assert await shop.rests(order) is PurchaseStage.DONE
    assert shop.journal.all_of("gift_handed_over") == [order.purchase_id]
    assert len(shop.journal.all_of("record_payment_and_wrap")) == 1
    assert (shop.peers.holders, shop.ledger.grants) == (set(), {})


async def test_the_link_comes_when_telegram_is_back(shop: Shop) -> None:
    order = await shop.begin(an_order(kind=PurchaseKind.GIFT))
    shop.notices.outage = TelegramUnavailable("502")
    await shop.pay(order)
    await shop.journal.until("record_payment_and_wrap")
    shop.notices.bring_back()

    assert await shop.rests(order) is PurchaseStage.DONE
    assert shop.journal.all_of("gift_handed_over") == [order.purchase_id]
