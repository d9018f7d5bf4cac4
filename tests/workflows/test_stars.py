"""Two providers behind one port, and money that was paid twice."""

from datetime import timedelta

from temporalio.client import WorkflowHandle

from domain.money import stars
from domain.payments import Provider
from domain.purchases import PurchaseOrder, PurchaseStage, RepairAction, StuckReason
from domain.stars import Surplus
from tests.workflows.fake_provider import REFUSED
from tests.workflows.shop import ANSWER, Shop, an_order
from tests.workflows.stories import paid_twice
from workflows.names import surplus_workflow_id
from workflows.surplus import SurplusRefundWorkflow


def in_stars() -> PurchaseOrder:
    return an_order(provider=Provider.STARS, price=stars(250))


def returning(shop: Shop, surplus: Surplus) -> WorkflowHandle[SurplusRefundWorkflow, None]:
    return shop.client.get_workflow_handle_for(
        SurplusRefundWorkflow.run, surplus_workflow_id(surplus.request.provider_payment_id)
    )


async def test_the_order_says_who_collects(shop: Shop) -> None:
    order = await shop.begin(in_stars())
    payment_id = shop.stars.pay(order.purchase_id)
    await shop.starter.payment_seen(order, payment_id)

    assert await shop.rests(order) is PurchaseStage.DONE
    assert shop.stars.keys == ({f"{order.purchase_id}:create"}, set())
    assert shop.provider.keys == (set(), set())


async def test_the_refund_goes_by_the_provider_that_collected(shop: Shop) -> None:
    shop.peers.take_none("nl1")
    order = await shop.begin(in_stars())
    await shop.starter.payment_seen(order, shop.stars.pay(order.purchase_id))
    await shop.reaches(PurchaseStage.STUCK)
    await shop.repair(order, RepairAction.REFUND)

    assert await shop.rests(order) is PurchaseStage.REFUNDED
    assert shop.stars.keys[1] == {f"{order.purchase_id}:refund"}
    assert shop.provider.keys[1] == set()


async def test_stars_that_differ_from_the_order_park(shop: Shop) -> None:
    order = await shop.begin(in_stars())
    payment_id = shop.stars.pay(order.purchase_id, {"amount": stars(1)})
    await shop.starter.payment_seen(order, payment_id)

    alarm = await shop.journal.until("alarm")
    assert alarm.reason is StuckReason.MISMATCH
    assert order.purchase_id not in shop.ledger.grants


async def test_a_second_payment_goes_back_once(shop: Shop) -> None:
    surplus = paid_twice(in_stars())
    for _ in range(2):
        await shop.starter.give_back(surplus)
    await returning(shop, surplus).result(rpc_timeout=ANSWER)
    await shop.starter.give_back(surplus)

    assert shop.journal.all_of("refund") == [f"{surplus.purchase_id}:refund"]


async def test_a_second_payment_that_is_refused_calls_a_person_and_is_tried_again(
    shop: Shop,
) -> None:
    shop.stars.outage = REFUSED
    surplus = paid_twice(in_stars())
    await shop.starter.give_back(surplus)
    alarm = await shop.journal.until("alarm")
    assert (alarm.reason, alarm.repairs) == (StuckReason.REFUND, ())
    assert "paid twice" in alarm.detail

    shop.stars.outage = None
    await shop.forward(returning(shop, surplus), timedelta(hours=1))
    await returning(shop, surplus).result(rpc_timeout=ANSWER)

    assert len(shop.journal.all_of("refund")) == 2
