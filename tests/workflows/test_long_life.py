"""Three years of a subscription that renews by itself."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from domain.ids import SubscriptionId
from domain.purchases import PurchaseStage
from domain.renewals import RenewalNews
from tests.workflows.shop import Shop
from workflows.names import subscription_workflow_id
from workflows.subscription import SubscriptionWorkflow

MONTH = timedelta(days=30)
RENEWALS = 36

LONGEST_RUN = 150
"""Events: a period is announced, charged and continued, and nothing is carried on but the state."""


async def test_three_years_are_36_charges_36_words_ahead_and_no_history_that_grows(
    shop: Shop,
) -> None:
    subscription_id = SubscriptionId(uuid4())
    shop.ledger.sell(subscription_id, datetime.now(UTC), MONTH)
    shop.renewals.agree(subscription_id)
    began = shop.ledger.states[subscription_id].expires_at
    workflow_id = subscription_workflow_id(subscription_id)
    await shop.starter.open_or_extend(shop.ledger.states[subscription_id])
    running = shop.client.get_workflow_handle_for(SubscriptionWorkflow.run, workflow_id)

    turned = timedelta(0)
    for renewals in range(1, RENEWALS + 1):
        after_the_charge = shop.ledger.states[subscription_id].expires_at - timedelta(hours=23)
        ahead = after_the_charge - datetime.now(UTC) - turned
        await shop.forward(running, ahead)
        turned += ahead
        await shop.reaches(PurchaseStage.DONE, times=renewals)

    assert shop.ledger.states[subscription_id].expires_at == began + RENEWALS * MONTH
    assert len(shop.journal.all_of("create_invoice")) == RENEWALS
    assert len(set(shop.journal.all_of("create_invoice"))) == RENEWALS
    assert shop.journal.all_of("renewal") == [RenewalNews.AHEAD] * RENEWALS
    assert shop.journal.all_of("reminded") == []
    assert shop.journal.all_of("end_subscription") == []
    runs = [each async for each in shop.client.list_workflows(f"WorkflowId = '{workflow_id}'")]
    assert len(runs) >= RENEWALS
    assert max(each.history_length for each in runs) <= LONGEST_RUN
