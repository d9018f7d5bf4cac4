"""Money on its way back."""

from datetime import timedelta

from domain.payments import RefundStatus
from domain.purchases import PurchaseOrder, PurchaseStage, RepairAction, StuckReason
from tests.workflows.fake_provider import REFUSED
from tests.workflows.shop import Shop

A_LOOK = timedelta(seconds=6)


async def test_a_pending_refund_is_looked_at_until_it_is_final(shop: Shop) -> None:
    order = await _refunding(shop, RefundStatus.PENDING)
    await shop.forward(shop.purchase(order), A_LOOK)
    await shop.journal.until("fetch_refund")

    shop.provider.settle_refunds(RefundStatus.SUCCEEDED)
    await shop.forward(shop.purchase(order), A_LOOK * 2)

    assert await shop.rests(order) is PurchaseStage.REFUNDED


async def test_a_cancelled_refund_parks_and_the_next_one_has_a_key_of_its_own(shop: Shop) -> None:
    order = await _refunding(shop, RefundStatus.CANCELED)
    alarm = await shop.journal.until("alarm", times=2)
    assert alarm.reason is StuckReason.REFUND
    assert "insufficient_funds" in alarm.detail

    shop.provider.refund_outcome = RefundStatus.SUCCEEDED
    await shop.repair(order, RepairAction.RETRY)

    assert await shop.rests(order) is PurchaseStage.REFUNDED
    _, refunds = shop.provider.keys
    assert refunds == {f"{order.purchase_id}:refund", f"{order.purchase_id}:refund:2"}


async def test_a_refused_refund_parks(shop: Shop) -> None:
    order = await _stuck(shop)
    shop.provider.outage = REFUSED

    await shop.repair(order, RepairAction.REFUND)

    alarm = await shop.journal.until("alarm", times=2)
    assert alarm.reason is StuckReason.REFUND
    assert alarm.detail == str(REFUSED)


async def test_a_refund_whose_end_cannot_be_learnt_is_never_made_twice(shop: Shop) -> None:
    order = await _refunding(shop, RefundStatus.PENDING)
    await shop.journal.until("refund")
    shop.provider.outage = REFUSED
    await shop.forward(shop.purchase(order), A_LOOK)
    await shop.journal.until("alarm", times=2)

    shop.provider.outage = None
    shop.provider.settle_refunds(RefundStatus.SUCCEEDED)
    await shop.repair(order, RepairAction.RETRY)

    assert await shop.rests(order) is PurchaseStage.REFUNDED
    _, refunds = shop.provider.keys
    assert refunds == {f"{order.purchase_id}:refund"}


async def _stuck(shop: Shop) -> PurchaseOrder:
    shop.peers.take_none("nl1")
    order = await shop.buy()
    await shop.reaches(PurchaseStage.STUCK)
    await shop.journal.until("alarm")
    return order


async def _refunding(shop: Shop, outcome: RefundStatus) -> PurchaseOrder:
    order = await _stuck(shop)
    shop.provider.refund_outcome = outcome
    await shop.repair(order, RepairAction.REFUND)
    return order
