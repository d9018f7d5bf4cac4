"""Money that is not what was agreed: a person looks at it, and nothing is granted."""

from typing import Any

import pytest

from domain.errors import ProviderUnavailable, RepairRefused
from domain.money import Money, roubles
from domain.purchases import PurchaseOrder, PurchaseStage, RepairAction, StuckReason
from tests.workflows.shop import Shop

ANOTHER_SHOP = {"shop_id": "shop-2"}
TOO_LITTLE = {"amount": roubles(1)}


@pytest.mark.parametrize(
    ("mismatch", "oddity"),
    [
        ("amount", {"amount": roubles(1)}),
        ("currency", {"amount": Money(amount=roubles(299).amount, currency="KZT")}),
        ("shop", {"shop_id": "shop-2"}),
        ("purchase", {"purchase_id": "of somebody else"}),
    ],
)
async def test_a_payment_that_differs_is_stuck_and_grants_nothing(
    shop: Shop, mismatch: str, oddity: dict[str, Any]
) -> None:
    await shop.buy(oddity=oddity)

    await shop.reaches(PurchaseStage.STUCK)
    alarm = await shop.journal.until("alarm")
    assert alarm.reason is StuckReason.MISMATCH
    assert mismatch in alarm.detail
    assert len(shop.journal.all_of("record_payment")) == 1
    assert shop.ledger.grants == {}


async def test_a_retry_after_the_correction_grants(shop: Shop) -> None:
    order = await _stuck(shop, ANOTHER_SHOP)
    shop.provider.shop_id = "shop-2"

    await shop.repair(order, RepairAction.RETRY)

    assert await shop.rests(order) is PurchaseStage.DONE


async def test_a_retry_without_a_correction_parks_again_and_calls_again(shop: Shop) -> None:
    order = await _stuck(shop, ANOTHER_SHOP)

    await shop.repair(order, RepairAction.RETRY)

    again = await shop.journal.until("alarm", times=2)
    assert again.occasion == 2
    assert shop.ledger.grants == {}


async def test_a_refund_gives_back_what_came(shop: Shop) -> None:
    order = await _stuck(shop, TOO_LITTLE)

    await shop.repair(order, RepairAction.REFUND)

    assert await shop.rests(order) is PurchaseStage.REFUNDED
    (refund,) = shop.journal.all_of("record_refund_and_revoke")
    assert refund.amount == roubles(1)


async def test_another_server_is_refused_because_it_does_not_help(shop: Shop) -> None:
    order = await _stuck(shop, TOO_LITTLE)

    with pytest.raises(RepairRefused, match="other_server does not help against mismatch"):
        await shop.repair(order, RepairAction.OTHER_SERVER)


async def test_a_decision_during_the_second_look_is_refused_rather_than_kept_for_later(
    shop: Shop,
) -> None:
    order = await _stuck(shop, ANOTHER_SHOP)
    shop.provider.outage = ProviderUnavailable("no answer within 50 s")
    await shop.repair(order, RepairAction.RETRY)
    await shop.journal.until("fetch_payment", times=3)

    with pytest.raises(RepairRefused, match=r"retry by telegram:42 is already under way"):
        await shop.repair(order, RepairAction.REFUND)

    shop.provider.shop_id = "shop-2"
    shop.provider.outage = None
    assert await shop.rests(order) is PurchaseStage.DONE


async def _stuck(shop: Shop, oddity: dict[str, Any]) -> PurchaseOrder:
    order = await shop.buy(oddity=oddity)
    await shop.reaches(PurchaseStage.STUCK)
    await shop.journal.until("alarm")
    return order
