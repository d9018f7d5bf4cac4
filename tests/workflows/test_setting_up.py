"""A paid purchase whose VPN server does not help: it waits, parks, and is repaired."""

import pytest

from domain.errors import RepairRefused, ServerRefused, UnknownPurchase
from domain.ids import PurchaseId
from domain.purchases import (
    PurchaseOrder,
    PurchasePolicy,
    PurchaseStage,
    Repair,
    RepairAction,
    StuckReason,
)
from tests.workflows.fake_ledger import a_server
from tests.workflows.shop import SWIFT, Shop, an_order


async def test_a_server_that_is_away_for_a_moment_delays_nothing(shop: Shop) -> None:
    shop.peers.take_down("nl1")
    order = await shop.buy(an_order(policy=PurchasePolicy()))
    await shop.journal.until("ensure_peer")

    shop.peers.bring_back("nl1")

    assert await shop.rests(order) is PurchaseStage.DONE
    assert PurchaseStage.DELAYED not in shop.journal.all_of("stage")


async def test_a_server_that_stays_away_is_a_delay_first_and_then_a_call_for_a_person(
    shop: Shop,
) -> None:
    await _stuck(shop)

    stages = shop.journal.all_of("stage")
    assert stages[-3:] == [PurchaseStage.SETTING_UP, PurchaseStage.DELAYED, PurchaseStage.STUCK]
    alarm = shop.journal.all_of("alarm")[-1]
    assert alarm.reason is StuckReason.SERVER
    assert alarm.detail == "nl1: no route to host"


async def test_a_retry_finishes_once_the_server_is_back(shop: Shop) -> None:
    order = await _stuck(shop)
    shop.peers.bring_back("nl1")

    await shop.repair(order, RepairAction.RETRY)

    assert await shop.rests(order) is PurchaseStage.DONE
    assert len(shop.journal.all_of("alarm")) == 1
    assert shop.journal.all_of("record_repair") == [(RepairAction.RETRY, "telegram:42")]


async def test_while_a_retry_is_under_way_the_ledger_does_not_call_it_stuck(shop: Shop) -> None:
    order = await _stuck(shop)

    await shop.repair(order, RepairAction.RETRY)

    await shop.reaches(PurchaseStage.SETTING_UP, times=2)


async def test_each_parking_calls_once(shop: Shop) -> None:
    order = await _stuck(shop)

    await shop.repair(order, RepairAction.RETRY)
    await shop.reaches(PurchaseStage.STUCK, times=2)

    again = await shop.journal.until("alarm", times=2)
    assert [alarm.occasion for alarm in shop.journal.all_of("alarm")] == [1, 2]
    assert again.purchase_id == order.purchase_id


async def test_another_server_takes_the_customer_and_the_dead_one_holds_up_nothing(
    shop: Shop,
) -> None:
    order = await _stuck(shop)

    await shop.repair(order, RepairAction.OTHER_SERVER)

    assert await shop.rests(order) is PurchaseStage.DONE
    assert shop.peers.holders == {"nl2"}
    assert await shop.journal.until("remove_peer") == "nl1"


async def test_a_refund_gives_the_money_back_and_takes_the_access(shop: Shop) -> None:
    order = await _stuck(shop)
    shop.peers.bring_back("nl1")

    await shop.repair(order, RepairAction.REFUND)

    assert await shop.rests(order) is PurchaseStage.REFUNDED
    assert await shop.journal.until("peer_removed") == "nl1"
    assert shop.journal.all_of("delivered") == []


async def test_a_server_that_refuses_is_not_asked_again(shop: Shop) -> None:
    shop.peers.faults["nl1"] = ServerRefused("nl1 shows another host key than the pinned one")

    await shop.buy()

    await shop.reaches(PurchaseStage.STUCK)
    assert len(shop.journal.all_of("ensure_peer")) == 1
    assert PurchaseStage.DELAYED not in shop.journal.all_of("stage")


async def test_servers_without_room_are_a_call_for_a_person_at_once(shop: Shop) -> None:
    shop.ledger.servers = []
    order = await shop.buy()
    await shop.reaches(PurchaseStage.STUCK)
    assert (await shop.journal.until("alarm")).reason is StuckReason.CAPACITY

    shop.ledger.servers = [a_server(1)]
    await shop.repair(order, RepairAction.RETRY)

    assert await shop.rests(order) is PurchaseStage.DONE
    assert PurchaseStage.DELAYED not in shop.journal.all_of("stage")


async def test_a_server_found_late_can_be_left_like_any_other(shop: Shop) -> None:
    shop.ledger.servers = []
    order = await shop.buy()
    await shop.reaches(PurchaseStage.STUCK)
    shop.ledger.servers = [a_server(1), a_server(2)]
    shop.peers.take_down("nl1")
    await shop.repair(order, RepairAction.RETRY)
    await shop.reaches(PurchaseStage.STUCK, times=2)

    await shop.repair(order, RepairAction.OTHER_SERVER)

    assert await shop.rests(order) is PurchaseStage.DONE
    assert shop.peers.holders == {"nl2"}


async def test_when_nobody_comes_another_server_is_tried(shop: Shop) -> None:
    order = await _stuck(shop)

    await shop.forward(shop.purchase(order), SWIFT.park_patience)

    assert await shop.rests(order) is PurchaseStage.DONE
    assert shop.journal.all_of("record_repair") == [(RepairAction.OTHER_SERVER, "policy")]


async def test_when_nobody_comes_and_no_server_helps_the_money_goes_back(shop: Shop) -> None:
    shop.peers.take_none("nl1", "nl2")
    order = await shop.buy()
    await shop.reaches(PurchaseStage.STUCK)

    await shop.forward(shop.purchase(order), SWIFT.park_patience)
    await shop.reaches(PurchaseStage.STUCK, times=2)
    await shop.forward(shop.purchase(order), SWIFT.park_patience)

    assert await shop.rests(order) is PurchaseStage.REFUNDED
    decisions = [action for action, _ in shop.journal.all_of("record_repair")]
    assert decisions == [RepairAction.OTHER_SERVER, RepairAction.REFUND]


async def test_a_repair_of_a_purchase_that_is_not_stuck_is_refused(shop: Shop) -> None:
    order = await shop.begin()

    with pytest.raises(RepairRefused, match="not stuck: there is nothing to repair"):
        await shop.repair(order, RepairAction.REFUND)


async def test_of_two_repairs_at_once_the_second_is_refused(shop: Shop) -> None:
    order = await _stuck(shop)
    shop.ledger.outage = ConnectionError("the database restarts")  # type: ignore[assignment]

    await shop.repair(order, RepairAction.RETRY)
    with pytest.raises(RepairRefused, match="retry by telegram:42 is already under way"):
        await shop.repair(order, RepairAction.REFUND)


async def test_a_purchase_that_never_was_cannot_be_repaired(shop: Shop) -> None:
    nobody = PurchaseId(an_order().purchase_id)

    with pytest.raises(UnknownPurchase, match="is over, or never was"):
        await shop.starter.repair(nobody, Repair(action=RepairAction.RETRY, actor="cli:alice"))


async def _stuck(shop: Shop) -> PurchaseOrder:
    shop.peers.take_down("nl1")
    order = await shop.buy()
    await shop.reaches(PurchaseStage.STUCK)
    await shop.journal.until("alarm")
    return order
