import re

import pytest

from sandbox.yookassa.cards import PAID_AFTER_3DS, TEST_CARDS
from sandbox.yookassa.checkout import AfterDecline
from sandbox.yookassa.controls import Conduct
from sandbox.yookassa.page_texts import TEXTS
from sandbox.yookassa.payments import Locale
from tests.sandbox.yookassa.shop_side import RETURN_URL

DECLINES = sorted({card.scenario for card in TEST_CARDS.values() if card.decline})


@pytest.fixture
async def payment(shop):
    return await shop.create(description="30 days <b>& more</b>")


@pytest.fixture
def page(payment):
    return payment["confirmation"]["confirmation_url"]


def filled(number="5555555555554444", expiry="12/30", csc="123"):
    return {"number": number, "expiry": expiry, "csc": csc}


async def test_the_page_says_how_much_and_what_for(shop, page):
    html = (await shop.http.get(page)).text
    assert "299,00\N{NO-BREAK SPACE}₽" in html
    assert "30 days &lt;b&gt;&amp; more&lt;/b&gt;" in html
    assert f'href="{RETURN_URL}"' in html


async def test_the_page_speaks_russian_unless_asked_for_english(shop):
    russian = await shop.create()
    confirmation = {"type": "redirect", "return_url": RETURN_URL, "locale": "en_US"}
    english = await shop.create(confirmation=confirmation)
    assert "Оплатить" in (await shop.http.get(_page(russian))).text
    html = (await shop.http.get(_page(english))).text
    assert '<html lang="en">' in html
    assert "Declined: insufficient funds" in html
    assert not re.search("[а-яА-Я]", html)


async def test_every_test_card_is_one_click_away(shop, page):
    html = (await shop.http.get(page)).text
    for number in TEST_CARDS:
        assert f'name="test_card" value="{number}"' in html


async def test_a_click_on_a_test_card_pays(shop, payment, page):
    answer = await shop.http.post(page, data={"test_card": "4111111111111111"})
    assert answer.status_code == 303
    paid = await shop.payment(payment["id"])
    assert paid["status"] == "succeeded"
    assert paid["payment_method"]["card"]["card_type"] == "Visa"


async def test_the_form_is_plain_html(shop, payment, page):
    answer = await shop.http.post(page, data=filled("5555 5555 5555 4444"), follow_redirects=True)
    assert "Оплачено" in answer.text
    assert RETURN_URL in answer.text
    assert (await shop.payment(payment["id"]))["status"] == "succeeded"


@pytest.mark.parametrize(
    "form",
    [
        filled(number="4242424242424242"),
        filled(expiry="12/20"),
        filled(expiry="13/30"),
        filled(csc="1"),
        {},
    ],
)
async def test_a_wrong_form_touches_nothing(shop, payment, page, form):
    answer = await shop.http.post(page, data=form)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert (await shop.payment(payment["id"]))["status"] == "pending"


@pytest.mark.parametrize("reason", DECLINES)
async def test_a_declining_card_names_its_reason(shop, kassa, payment, official, reason):
    await kassa.pay(payment["id"], reason)
    declined = await shop.payment(payment["id"])
    official.judge("Payment", declined)
    assert declined["status"] == "canceled"
    assert declined["cancellation_details"]["reason"] == reason


async def test_yookassa_itself_can_decline(shop, kassa, payment):
    await kassa.pay(payment["id"], "country_forbidden")
    details = (await shop.payment(payment["id"]))["cancellation_details"]
    assert details["party"] == "yoo_money"


async def test_the_page_of_a_declined_payment_leads_back_to_the_shop(shop, page):
    answer = await shop.http.post(page, data=filled("5555555555554600"), follow_redirects=True)
    assert "не хватает денег" in answer.text
    assert RETURN_URL in answer.text
    assert "<form" not in answer.text


async def test_a_declined_card_can_leave_the_payment_open_for_another(shop, kassa, payment, page):
    await kassa.conduct(Conduct(after_decline=AfterDecline.RETRY))
    answer = await shop.http.post(page, data=filled("5555555555554600"), follow_redirects=True)
    assert "Попробуйте другую карту" in answer.text
    assert (await shop.payment(payment["id"]))["status"] == "pending"
    assert await kassa.notifications(payment["id"]) == []
    await kassa.pay(payment["id"])
    assert (await shop.payment(payment["id"]))["status"] == "succeeded"


async def test_3d_secure_is_a_step_of_its_own(shop, payment, page):
    step = await shop.http.post(page, data=filled("5555555555554477"), follow_redirects=True)
    assert "3-D Secure" in step.text
    assert (await shop.payment(payment["id"]))["status"] == "pending"
    done = await shop.http.post(str(step.url), data={"code": "1"}, follow_redirects=True)
    assert "Оплачено" in done.text
    details = (await shop.payment(payment["id"]))["authorization_details"]
    assert details["three_d_secure"] == {"applied": True}


async def test_3d_secure_can_be_refused(shop, payment, page):
    step = await shop.http.post(page, data=filled("5555555555554477"), follow_redirects=True)
    await shop.http.post(str(step.url), data={"decision": "refuse"})
    details = (await shop.payment(payment["id"]))["cancellation_details"]
    assert details["reason"] == "3d_secure_failed"


async def test_the_client_passes_3d_secure_too(kassa, payment):
    assert (await kassa.pay(payment["id"], PAID_AFTER_3DS)).status == "succeeded"


async def test_the_page_of_a_paid_payment_takes_no_second_card(shop, kassa, payment, page):
    await kassa.pay(payment["id"])
    before = await shop.payment(payment["id"])
    await shop.http.post(page, data=filled("4111111111111111"))
    assert await shop.payment(payment["id"]) == before


async def test_an_unknown_page_says_so(shop):
    answer = await shop.http.get(f"{shop.base_url}/checkout/payments/v2/contract?orderId=nothing")
    assert answer.status_code == 404
    assert "Такого платежа нет" in answer.text


def _page(payment):
    return payment["confirmation"]["confirmation_url"]


def test_the_page_says_everything_in_both_languages():
    russian, english = TEXTS[Locale.RUSSIAN], TEXTS[Locale.ENGLISH]
    assert set(russian) == set(english)
    for reason in DECLINES:
        assert f"reason.{reason}" in russian
