"""A subscription that renews by itself: told ahead, charged once, tried again, stopped."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from temporalio.client import WorkflowHandle

from domain.errors import MethodRefused
from domain.ids import SubscriptionId, renewal_purchase_id
from domain.notices import ReminderKind
from domain.payments import Cancellation, PaymentStatus
from domain.purchases import PurchaseStage
from domain.renewals import RenewalNews, StopReason
from tests.workflows.shop import Shop
from workflows.names import subscription_workflow_id
from workflows.subscription import SubscriptionWorkflow

MONTH = timedelta(days=30)
HOUR = timedelta(hours=1)
A_MOMENT = timedelta(minutes=1)

Running = WorkflowHandle[SubscriptionWorkflow, None]


async def test_the_customer_is_told_a_day_before_and_then_the_card_is_charged_once(
    shop: Shop,
) -> None:
    subscription_id, running = await _renewing(shop)
    first_end = shop.ledger.states[subscription_id].expires_at

    await shop.forward(running, MONTH - 48 * HOUR + A_MOMENT)
    await shop.journal.until("renewal", RenewalNews.AHEAD)
    assert shop.journal.all_of("create_invoice") == []
    await shop.forward(running, 24 * HOUR)
    await shop.reaches(PurchaseStage.DONE)

    assert shop.ledger.states[subscription_id].expires_at == first_end + MONTH
    purchase_id = renewal_purchase_id(subscription_id, first_end, 1)
    assert shop.journal.all_of("create_invoice") == [f"{purchase_id}:create"]
    assert shop.journal.all_of("reminded") == []


async def test_a_card_unlinked_between_the_notice_and_the_charge_is_not_charged(
    shop: Shop,
) -> None:
    subscription_id, running = await _renewing(shop)
    await shop.forward(running, MONTH - 48 * HOUR + A_MOMENT)

    shop.renewals.unlink(subscription_id)
    await shop.starter.open_or_extend(shop.ledger.states[subscription_id])
    await shop.forward(running, 24 * HOUR)
    await shop.journal.until("reminded", ReminderKind.DAY_BEFORE)

    assert shop.journal.all_of("create_invoice") == []


async def test_a_card_unlinked_without_word_to_the_workflow_is_not_charged_either(
    shop: Shop,
) -> None:
    subscription_id, running = await _renewing(shop)
    shop.renewals.unlink(subscription_id)

    await shop.forward(running, MONTH - 24 * HOUR + A_MOMENT)
    await shop.forward(running, 20 * HOUR)

    assert shop.journal.all_of("create_invoice") == []


async def test_a_declined_charge_is_explained_and_tried_again_until_it_succeeds(
    shop: Shop,
) -> None:
    subscription_id, running = await _renewing(shop)
    end = shop.ledger.states[subscription_id].expires_at
    _decline(shop, "insufficient_funds")

    await shop.forward(running, MONTH - 24 * HOUR + A_MOMENT)
    await shop.journal.until("stage", PurchaseStage.DECLINED)
    await shop.journal.until("renewal", RenewalNews.FAILED)
    shop.provider.charges = {"status": PaymentStatus.SUCCEEDED}
    await shop.forward(running, 20 * HOUR)
    await shop.reaches(PurchaseStage.DONE)

    failed = shop.notices.renewal_news[-1]
    assert (failed.cancellation, failed.charge_at) == (
        Cancellation(party="payment_network", reason="insufficient_funds"),
        end - 4 * HOUR,
    )
    assert len(shop.journal.all_of("create_invoice")) == 2


async def test_when_every_try_fails_the_access_lasts_its_grace_and_ends(shop: Shop) -> None:
    _, running = await _renewing(shop)
    _decline(shop, "insufficient_funds")

    to_each_try = (MONTH - 24 * HOUR + A_MOMENT, 20 * HOUR, 24 * HOUR)
    for tries, ahead in enumerate(to_each_try, 1):
        await shop.forward(running, ahead)
        await shop.journal.until("stage", PurchaseStage.DECLINED, times=tries)
        assert shop.journal.all_of("end_subscription") == []
    await shop.journal.until("renewal", RenewalNews.STOPPED)
    await shop.forward(running, 4 * HOUR)

    await shop.journal.until("end_subscription")
    await shop.journal.until("reminded", ReminderKind.ENDED)


@pytest.mark.parametrize(
    ("reason", "stopped"),
    [
        ("permission_revoked", StopReason.PERMISSION_REVOKED),
        ("card_expired", StopReason.CARD_EXPIRED),
    ],
)
async def test_a_decline_that_no_later_try_can_change_stops_the_renewal(
    shop: Shop, reason: str, stopped: StopReason
) -> None:
    subscription_id, running = await _renewing(shop)
    _decline(shop, reason)

    await shop.forward(running, MONTH - 24 * HOUR + A_MOMENT)
    await shop.journal.until("renewal", RenewalNews.STOPPED)
    await shop.forward(running, 21 * HOUR)

    assert shop.notices.renewal_news[-1].stopped is stopped
    assert shop.ledger.states[subscription_id].renews_itself is None
    assert len(shop.journal.all_of("create_invoice")) == 1


async def test_a_provider_that_refuses_the_card_outright_stops_the_renewal(shop: Shop) -> None:
    _, running = await _renewing(shop)
    shop.provider.refused_method = MethodRefused("forbidden: the payer withdrew the consent")

    await shop.forward(running, MONTH - 24 * HOUR + A_MOMENT)
    await shop.journal.until("renewal", RenewalNews.STOPPED)

    assert shop.notices.renewal_news[-1].stopped is StopReason.PERMISSION_REVOKED


async def test_a_changed_price_is_not_charged_but_told(shop: Shop) -> None:
    _, running = await _renewing(shop)
    shop.renewals.objection = StopReason.PRICE_CHANGED

    await shop.forward(running, MONTH - 24 * HOUR + A_MOMENT)
    await shop.journal.until("renewal", RenewalNews.STOPPED)

    assert shop.notices.renewal_news[-1].stopped is StopReason.PRICE_CHANGED
    assert shop.journal.all_of("create_invoice") == []


async def test_a_purchase_by_hand_before_the_charge_leaves_nothing_to_charge(shop: Shop) -> None:
    subscription_id, running = await _renewing(shop)
    await shop.forward(running, MONTH - 48 * HOUR + A_MOMENT)

    shop.ledger.sell(subscription_id, datetime.now(UTC), MONTH)
    await shop.starter.open_or_extend(shop.ledger.states[subscription_id])
    await shop.forward(running, 30 * HOUR)

    assert shop.journal.all_of("create_invoice") == []


def _decline(shop: Shop, reason: str) -> None:
    shop.provider.charges = {
        "status": PaymentStatus.CANCELED,
        "cancellation": Cancellation(party="payment_network", reason=reason),
    }


async def _renewing(shop: Shop) -> tuple[SubscriptionId, Running]:
    subscription_id = SubscriptionId(uuid4())
    shop.ledger.sell(subscription_id, datetime.now(UTC), MONTH)
    shop.renewals.agree(subscription_id)
    await shop.starter.open_or_extend(shop.ledger.states[subscription_id])
    return subscription_id, shop.client.get_workflow_handle_for(
        SubscriptionWorkflow.run, subscription_workflow_id(subscription_id)
    )
