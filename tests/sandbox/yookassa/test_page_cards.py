"""The official test cards, every one of them, through the page's own form."""

from datetime import timedelta

import pytest

from sandbox.yookassa.cards import PAID_THEN_DECLINED, TEST_CARDS, Party
from sandbox.yookassa.checkout import AfterDecline
from sandbox.yookassa.controls import Conduct

DECLINING = [card.number for card in TEST_CARDS.values() if card.decline]
OFFICIAL = {
    "paid_after_3ds": "5555555555554477 4793128161644804 2200000000000004",
    "paid": "5555555555554444 4111111111111111 2202474301322987",
    "payment_network: 3d_secure_failed": "5555555555554592 4839665499603842 2200000000000012",
    "payment_network: call_issuer": "5555555555554535 4926946416239025 2200000000000020",
    "payment_network: card_expired": "5555555555554543 4141435412630840 2200000000000038",
    "payment_network: fraud_suspected": "5555555555554568 4483274282299972 2200000000000046",
    "payment_network: general_decline": "5555555555554527 4889971706588753 2202202212312379",
    "payment_network: insufficient_funds": "5555555555554600 4562265587712390 2200000000000053",
    "payment_network: invalid_card_number": "5555555555554618 4951017853630544 2201382000000013",
    "payment_network: invalid_csc": "5555555555554626 4194180666146368 2200770212727079",
    "payment_network: issuer_unavailable": "5555555555554501 4654130848359150 2201382000000021",
    "payment_network: payment_method_limit_exceeded": (
        "5555555555554576 4565231022577548 2201382000000039"
    ),
    "payment_network: payment_method_restricted": (
        "5555555555554550 4233961169071671 2201382000000047"
    ),
    "yoo_money: country_forbidden": "5555555555554584 4969751510013864 2201382000000054",
    "yoo_money: fraud_suspected": "5555555555554634 4119098878796485 2201696981989955",
}
"""YooKassa's table, copied on its own: Mastercard, Visa and Mir for each result."""


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
    known = {
        card.number: f"{card.decline.party}: {card.scenario}" if card.decline else card.scenario
        for card in TEST_CARDS.values()
        if card.scenario != PAID_THEN_DECLINED
    }
    assert known == {
        number: result for result, numbers in OFFICIAL.items() for number in numbers.split()
    }
    assert len(known) == 15 * 3


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
