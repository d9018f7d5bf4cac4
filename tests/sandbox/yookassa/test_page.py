import asyncio
import re
from datetime import timedelta

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
    assert 'aria-invalid="true"' in answer.text
    assert (await shop.payment(payment["id"]))["status"] == "pending"


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


async def test_browsers_keep_no_form_that_may_be_paid_by_then(shop, page):
    assert (await shop.http.get(page)).headers["cache-control"] == "no-store"


async def test_a_double_click_pays_once(shop, payment, page, receiver):
    clicks = (shop.http.post(page, data=filled()) for _ in range(4))
    answers = await asyncio.gather(*clicks)
    assert {answer.status_code for answer in answers} == {303}
    await receiver.wait_for(1)
    assert (await shop.payment(payment["id"]))["status"] == "succeeded"
    assert receiver.events() == ["payment.succeeded"]


async def test_the_payer_is_told_that_a_bill_is_paid_already(shop, payment, page):
    first = await shop.http.post(page, data=filled(), follow_redirects=True)
    again = await shop.http.post(page, data=filled(), follow_redirects=True)
    later = await shop.http.get(page)
    assert "Оплачено" in first.text
    assert "Этот счёт уже оплачен" in again.text
    assert "Этот счёт уже оплачен" in later.text
    assert "<form" not in later.text


async def test_the_page_of_a_refunded_payment_says_so(shop, kassa, payment, page):
    await kassa.pay(payment["id"])
    await shop.refund(payment["id"], "299.00")
    assert "Деньги возвращены" in (await shop.http.get(page)).text


async def test_the_page_says_when_its_hour_is_over(shop, kassa, page):
    await kassa.advance(timedelta(hours=1))
    html = (await shop.http.post(page, data=filled(), follow_redirects=True)).text
    assert "Время на оплату вышло" in html
    assert RETURN_URL in html


async def test_the_page_says_how_long_is_left(shop, kassa, page):
    assert "60 минут" in (await shop.http.get(page)).text
    await kassa.advance(timedelta(minutes=57, seconds=30))
    assert "На оплату осталось 3 минуты" in (await shop.http.get(page)).text


async def test_a_page_that_was_left_open_can_ask_whether_the_payment_went_on(shop, kassa, payment):
    address = f"{shop.base_url}/checkout/payments/v2/state?orderId={payment['id']}"
    assert (await shop.http.get(address)).json()["seen"] == "pending"
    await kassa.pay(payment["id"])
    assert (await shop.http.get(address)).json()["seen"] == "succeeded"


async def test_what_was_typed_stays_but_for_the_csc(shop, page):
    html = (await shop.http.post(page, data=filled(expiry="12/20"))).text
    assert 'value="5555555555554444"' in html
    assert 'value="12/20"' in html
    assert 'value="123"' not in html


async def test_the_page_warns_that_the_card_will_be_saved(shop):
    unconditional = await shop.create(save_payment_method=True)
    offered = await shop.create()
    neither = await shop.create(save_payment_method=False)
    warned = (await shop.http.get(_page(unconditional))).text
    assert "Карта сохранится" in warned
    assert 'type="checkbox"' not in warned
    assert (
        '<input type="checkbox" id="save" name="save" value="yes">'
        in (await shop.http.get(_page(offered))).text
    )
    assert 'id="save' not in (await shop.http.get(_page(neither))).text


async def test_a_shop_without_a_name_is_called_by_its_number(shop, page):
    assert "Магазин 100500" in (await shop.http.get(page)).text


@pytest.mark.parametrize(
    ("reads", "words"),
    [("ru-RU,ru", "Такого платежа нет"), ("en-GB,en;q=0.9", "There is no such payment")],
)
@pytest.mark.parametrize("address", ["contract", "3ds"])
async def test_an_unknown_page_says_so(shop, address, reads, words):
    answer = await shop.http.get(
        f"{shop.base_url}/checkout/payments/v2/{address}?orderId=nothing",
        headers={"Accept-Language": reads},
    )
    assert answer.status_code == 404
    assert words in answer.text


def _page(payment):
    return payment["confirmation"]["confirmation_url"]


def test_the_page_says_everything_in_both_languages():
    russian, english = TEXTS[Locale.RUSSIAN], TEXTS[Locale.ENGLISH]
    assert set(russian) == set(english)
    for reason in DECLINES:
        assert f"reason_{reason}" in russian
