"""The official test cards, every one of them, through the page's own form."""

from collections import Counter
from datetime import timedelta

import pytest

from sandbox.yookassa.cards import PAID_THEN_DECLINED, TEST_CARDS, Party
from sandbox.yookassa.checkout import AfterDecline
from sandbox.yookassa.controls import Conduct

DECLINING = [card.number for card in TEST_CARDS.values() if card.decline]
OFFICIAL = [card for card in TEST_CARDS.values() if card.scenario != PAID_THEN_DECLINED]


@pytest.fixture
async def payment(shop):
    return await shop.create()


@pytest.fixture
def page(payment):
    return payment["confirmation"]["confirmation_url"]


@pytest.mark.parametrize("number", TEST_CARDS)
async def test_every_official_test_card_leads_to_its_result(
    shop, receiver, payment, page, official, number
):
    card = TEST_CARDS[number]
    await _present(shop, page, number)
    ended = await shop.payment(payment["id"])
    official.judge("Payment", ended)
    assert ended["payment_method"]["card"]["card_type"] == card.card_type
    assert ended["payment_method"]["card"]["last4"] == number[-4:]
    if card.decline is None:
        assert ended["status"] == "succeeded"
        assert ended["authorization_details"]["three_d_secure"]["applied"] is card.three_d_secure
    else:
        assert ended["status"] == "canceled"
        assert ended["cancellation_details"] == card.decline.to_api()
    [told] = await receiver.wait_for(1)
    assert told["event"] == f"payment.{ended['status']}"


@pytest.mark.parametrize("number", DECLINING)
async def test_after_any_decline_the_payment_can_stay_open(shop, kassa, payment, page, number):
    await kassa.conduct(Conduct(after_decline=AfterDecline.RETRY))
    answer = await _present(shop, page, number)
    assert 'role="alert"' in answer.text
    pending = await shop.payment(payment["id"])
    assert pending["status"] == "pending"
    assert "cancellation_details" not in pending
    await _present(shop, page, "2202474301322987")
    paid = await shop.payment(payment["id"])
    assert paid["status"] == "succeeded"
    assert paid["payment_method"]["card"]["last4"] == "2987"


def test_the_official_table_is_whole():
    rows = Counter((card.scenario, card.decline and card.decline.party) for card in OFFICIAL)
    assert len(rows) == 15
    assert set(rows.values()) == {3}


async def test_two_declines_for_one_reason_are_told_apart(shop, kassa):
    for party in (Party.PAYMENT_NETWORK, Party.YOO_MONEY):
        payment = await shop.create()
        await kassa.pay(payment["id"], "fraud_suspected", party=party)
        details = (await shop.payment(payment["id"]))["cancellation_details"]
        assert details == {"party": party, "reason": "fraud_suspected"}


async def test_a_payment_that_stayed_open_after_a_decline_ends_with_its_hour(shop, kassa, payment):
    await kassa.conduct(Conduct(after_decline=AfterDecline.RETRY))
    await kassa.pay(payment["id"], "insufficient_funds")
    await kassa.advance(timedelta(hours=1))
    details = (await shop.payment(payment["id"]))["cancellation_details"]
    assert details["reason"] == "expired_on_confirmation"


async def _present(shop, page, number):
    """Enter a card, and the bank's code where one is asked for."""
    answer = await shop.http.post(
        page, data={"number": number, "expiry": "12/30", "csc": "123"}, follow_redirects=True
    )
    if "3ds" in str(answer.url):
        return await shop.http.post(str(answer.url), data={"code": "1234"}, follow_redirects=True)
    return answer
