"""Renewal by itself in the ledger: a card is charged only as long, and as much, as was agreed."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from domain.ids import SavedMethodId, UserId
from domain.money import roubles
from domain.payments import Cancellation
from domain.ports import Sealer
from domain.purchases import PurchaseOrder, PurchasePolicy, PurchaseStage
from domain.renewals import Consent, RenewalTerms, StopReason, WantedCharge
from domain.subscriptions import Grant
from infra.postgres.auto_renewals import AutoRenewals
from tests.infra.postgres.shop import DAY, MONTH, NOW, Shop, payment_of

CARD = SavedMethodId("card-1")
CHARGE_TIME = NOW + MONTH - DAY


@pytest.fixture
def renewals(shop: Shop, key_ring: Sealer) -> AutoRenewals:
    return AutoRenewals(shop.pool, key_ring, PurchasePolicy())


def consent_to(order: PurchaseOrder) -> Consent:
    return Consent(
        purchase_id=order.purchase_id,
        user_id=order.user_id,
        plan_id=order.plan_id,
        price=order.price,
        wording_version="2026",
        wording="I agree to 299 roubles every 30 days.",
        given_at=NOW,
    )


async def agreed(shop: Shop, renewals: AutoRenewals, user_id: UserId, card: str = CARD) -> Grant:
    """A month, bought with a consent and a card that the provider keeps."""
    order = await shop.order(user_id)
    await renewals.note_consent(consent_to(order))
    payment = payment_of(order).model_copy(update={"saved_method": card})
    return await shop.ledger.record_payment_and_grant(order.purchase_id, payment, NOW)


def due(grant: Grant, attempt: int = 1) -> WantedCharge:
    return WantedCharge(
        subscription_id=grant.subscription_id,
        expires_at=grant.expires_at,
        attempt=attempt,
        now=CHARGE_TIME,
    )


async def test_a_card_is_kept_with_the_words_version_price_and_time_of_its_consent(
    shop: Shop, renewals: AutoRenewals
) -> None:
    await shop.server("nl1")
    user_id = await shop.customer()
    grant = await agreed(shop, renewals, user_id)

    standing = await renewals.standing_of(user_id)

    assert standing is not None
    assert (standing.method_id, standing.method_title) == (CARD, "Bank card *4477")
    assert standing.consent.price == roubles(299)
    assert standing.consent.given_at == NOW
    assert standing.consent.wording == "I agree to 299 roubles every 30 days."
    state = await shop.access.subscription_state(grant.subscription_id)
    assert state.renews_itself == RenewalTerms()
    sealed = await shop.pool.fetchval("select title_sealed from saved_methods")
    assert b"4477" not in sealed


async def test_without_consent_no_card_is_kept_even_if_the_provider_kept_it(
    shop: Shop, renewals: AutoRenewals
) -> None:
    await shop.server("nl1")
    user_id = await shop.customer()
    order = await shop.order(user_id)
    payment = payment_of(order).model_copy(update={"saved_method": CARD})
    await shop.ledger.record_payment_and_grant(order.purchase_id, payment, NOW)

    assert await renewals.standing_of(user_id) is None
    assert await shop.count("saved_methods") == 0


async def test_a_consent_without_a_card_charges_nothing(shop: Shop, renewals: AutoRenewals) -> None:
    await shop.server("nl1")
    order = await shop.order(await shop.customer())
    await renewals.note_consent(consent_to(order))
    grant = await shop.pay(order)

    assert await renewals.standing_of(order.user_id) is None
    assert (await renewals.decide_charge(due(grant))).order is None


async def test_a_due_charge_is_one_purchase_however_often_it_is_decided(
    shop: Shop, renewals: AutoRenewals
) -> None:
    await shop.server("nl1")
    grant = await agreed(shop, renewals, await shop.customer())

    decisions = await asyncio.gather(*(renewals.decide_charge(due(grant)) for _ in range(8)))

    orders = {each.order for each in decisions}
    (order,) = orders
    assert order is not None
    assert (order.charged_method, order.price, order.message) == (CARD, roubles(299), None)
    assert await shop.count("purchases") == 2


async def test_the_charge_extends_from_the_end_even_within_the_grace(
    shop: Shop, renewals: AutoRenewals
) -> None:
    await shop.server("nl1")
    grant = await agreed(shop, renewals, await shop.customer())
    order = (await renewals.decide_charge(due(grant, 3))).order
    assert order is not None

    paid = await shop.pay(order, grant.expires_at + timedelta(hours=20))

    assert paid.expires_at == grant.expires_at + MONTH


async def test_an_unlinked_card_is_charged_no_more(shop: Shop, renewals: AutoRenewals) -> None:
    await shop.server("nl1")
    user_id = await shop.customer()
    grant = await agreed(shop, renewals, user_id)
    before = await shop.access.subscription_state(grant.subscription_id)

    assert await renewals.unlink(user_id, NOW) == grant.subscription_id
    assert await renewals.unlink(user_id, NOW) is None, "a second tap finds nothing to do"

    assert await renewals.standing_of(user_id) is None
    assert (await renewals.decide_charge(due(grant))).order is None
    after = await shop.access.subscription_state(grant.subscription_id)
    assert after.renews_itself is None
    assert after.revision > before.revision


async def test_a_changed_price_stops_the_renewal_until_there_is_a_new_consent(
    shop: Shop, renewals: AutoRenewals
) -> None:
    await shop.server("nl1")
    user_id = await shop.customer()
    grant = await agreed(shop, renewals, user_id)
    await shop.pool.execute("update tariffs set price = 349 where slug = 'month'")

    decision = await renewals.decide_charge(due(grant))

    assert (decision.order, decision.stopped) == (None, StopReason.PRICE_CHANGED)
    assert await renewals.standing_of(user_id) is None
    assert (await renewals.decide_charge(due(grant))).stopped is None


async def test_a_subscription_that_was_extended_meanwhile_is_not_charged(
    shop: Shop, renewals: AutoRenewals
) -> None:
    await shop.server("nl1")
    user_id = await shop.customer()
    grant = await agreed(shop, renewals, user_id)
    await shop.buy(user_id)

    assert (await renewals.decide_charge(due(grant))).order is None


async def test_no_second_try_begins_before_the_first_is_decided(
    shop: Shop, renewals: AutoRenewals
) -> None:
    await shop.server("nl1")
    grant = await agreed(shop, renewals, await shop.customer())
    first = (await renewals.decide_charge(due(grant, 1))).order
    assert first is not None

    assert (await renewals.decide_charge(due(grant, 2))).order is None
    await _decline(shop, first, "insufficient_funds")
    assert (await renewals.note_failure(due(grant, 1))).stopped is None
    second = (await renewals.decide_charge(due(grant, 2))).order

    assert second is not None
    assert second.purchase_id != first.purchase_id
    assert (await renewals.decide_charge(due(grant, 1))).order is None, "a try is made once"


@pytest.mark.parametrize(
    ("reason", "stopped"),
    [
        ("permission_revoked", StopReason.PERMISSION_REVOKED),
        ("card_expired", StopReason.CARD_EXPIRED),
        ("insufficient_funds", None),
    ],
)
async def test_what_a_decline_means_for_later_tries(
    shop: Shop, renewals: AutoRenewals, reason: str, stopped: StopReason | None
) -> None:
    await shop.server("nl1")
    user_id = await shop.customer()
    grant = await agreed(shop, renewals, user_id)
    order = (await renewals.decide_charge(due(grant))).order
    assert order is not None
    await _decline(shop, order, reason)

    for _ in range(2):
        decision = await renewals.note_failure(due(grant))

    assert decision.stopped is stopped
    assert decision.cancellation == Cancellation(party="payment_network", reason=reason)
    assert (await renewals.standing_of(user_id) is None) == (stopped is not None)


async def test_a_newer_consent_takes_the_place_of_the_older(
    shop: Shop, renewals: AutoRenewals
) -> None:
    await shop.server("nl1")
    user_id = await shop.customer()
    await agreed(shop, renewals, user_id, "card-1")
    await agreed(shop, renewals, user_id, "card-2")

    standing = await renewals.standing_of(user_id)

    assert standing is not None
    assert standing.method_id == "card-2"
    assert await shop.count("live_consents") == 1
    with pytest.raises(asyncpg.UniqueViolationError):
        await shop.pool.execute(
            "update renewal_consents set withdrawn_at = null, withdrawn_why = null"
        )


async def test_a_subscription_that_ends_renews_nothing_any_more(
    shop: Shop, renewals: AutoRenewals
) -> None:
    await shop.server("nl1")
    user_id = await shop.customer()
    grant = await agreed(shop, renewals, user_id)

    await shop.end(grant, grant.expires_at + DAY)

    assert await renewals.standing_of(user_id) is None
    latest = await renewals.latest_of(user_id)
    assert latest is not None
    assert latest.method_id == CARD


async def _decline(shop: Shop, order: PurchaseOrder, reason: str) -> None:
    await shop.ledger.enter_stage(
        order.purchase_id,
        PurchaseStage.DECLINED,
        cancellation=Cancellation(party="payment_network", reason=reason),
    )
