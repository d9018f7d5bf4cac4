"""The payment page as people meet it: in Chromium, by keyboard and finger, with and without script.

A console error or an uncaught one fails the test that met it.
"""

import pytest
from playwright.async_api import expect

from sandbox.yookassa.cards import TEST_CARDS, card_for
from sandbox.yookassa.checkout import AfterDecline
from sandbox.yookassa.controls import Conduct
from sandbox.yookassa.faults import FaultKind, Operation
from sandbox.yookassa.page_texts import TEXTS
from sandbox.yookassa.payments import EXPIRED_ON_CONFIRMATION, Locale
from tests.browser.chromium import (
    CHROMIUM,
    Complaints,
    Language,
    Screen,
    Windows,
    chromium,
    in_each_language,
    on_each_screen,
)
from tests.sandbox.yookassa.shop_side import RETURN_URL

pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium"),
    pytest.mark.xdist_group("yookassa-page"),
]

LOCALES = {Language.ENGLISH: Locale.ENGLISH, Language.RUSSIAN: Locale.RUSSIAN}


@pytest.fixture(scope="module")
async def browser():
    async with chromium() as running:
        yield running


@pytest.fixture
async def windows(browser):
    complaints = Complaints()
    opened = Windows(browser, complaints)
    yield opened
    await opened.close()
    assert complaints.heard == []


@pytest.fixture
def screen():
    return Screen.DESKTOP


@pytest.fixture
def language():
    return Language.ENGLISH


@pytest.fixture
def words(language):
    """What the page says in its language."""
    return TEXTS[LOCALES[language]]


@pytest.fixture
async def payment(shop, language):
    confirmation = {"type": "redirect", "return_url": RETURN_URL, "locale": LOCALES[language]}
    return await shop.create(confirmation=confirmation)


@pytest.fixture
async def page(windows, payment, screen, language):
    """The payment's page in a browser."""
    opened = await windows.open(screen, language)
    await opened.route(RETURN_URL, lambda route: route.fulfill(body="The shop"))
    await opened.goto(payment["confirmation"]["confirmation_url"])
    return opened


@on_each_screen
@in_each_language
async def test_a_card_is_typed_without_the_mouse(shop, page, payment, words):
    await page.get_by_role("textbox", name=words["number_label"]).focus()
    await page.keyboard.type("2202474301322987")
    await expect(page.locator("#number")).to_have_value("2202 4743 0132 2987")
    await expect(page.locator(".network")).to_have_text(words["mir"])
    await page.keyboard.press("Tab")
    await page.keyboard.type("930")
    await expect(page.locator("#expiry")).to_have_value("09/30")
    await page.keyboard.press("Tab")
    await page.keyboard.type("123")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=words["paid_title"])).to_be_visible()
    assert (await shop.payment(payment["id"]))["payment_method"]["card"]["expiry_month"] == "09"
    await page.get_by_role("link", name=words["back"]).focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url(RETURN_URL)


@on_each_screen
@in_each_language
async def test_everything_fits_the_screen(page, screen, words):
    await page.get_by_text(words["all_cards"]).click()
    for number in TEST_CARDS:
        await expect(page.locator(f"button.network-card[value='{number}']")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == screen.value[0]


@in_each_language
async def test_what_is_wrong_is_said_before_anything_is_sent(kassa, page, words):
    await page.get_by_role("textbox", name=words["number_label"]).fill("4242424242424242")
    await page.get_by_role("textbox", name=words["expiry_label"]).fill("1219")
    await page.get_by_role("button", name=words["pay"]).click()
    for field in ("number", "expiry", "csc"):
        await expect(page.locator(f"#{field}-wrong")).to_have_text(words[f"{field}_wrong"])
        await expect(page.locator(f"#{field}")).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#number")).to_be_focused()
    await page.locator("#number").fill("5555555555554444")
    await expect(page.locator("#number-wrong")).to_be_empty()
    assert Operation.SUBMIT_PAGE not in await kassa.calls()


async def test_a_test_card_is_one_click_away(shop, page, payment, words):
    await page.get_by_role("button", name=words["card_paid"]).first.click()
    await expect(page.get_by_role("heading", name=words["paid_title"])).to_be_visible()
    assert (await shop.payment(payment["id"]))["status"] == "succeeded"


async def test_any_reason_is_a_few_keys_away(shop, page, payment, words):
    await page.get_by_text(words["all_cards"]).focus()
    await page.keyboard.press("Enter")
    wanted = card_for("issuer_unavailable")
    await page.locator(f"button.network-card[value='{wanted.number}']").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text(words["reason_issuer_unavailable"])).to_be_visible()
    details = (await shop.payment(payment["id"]))["cancellation_details"]
    assert details["reason"] == "issuer_unavailable"


@pytest.mark.parametrize(
    ("answer", "heading"),
    [("bank_confirm", "paid_title"), ("bank_refuse", "canceled_title")],
)
async def test_the_bank_asks_and_the_payer_answers(page, words, answer, heading):
    await page.get_by_role("button", name=words["card_paid_after_3ds"]).first.click()
    await expect(page.get_by_role("heading", name=words["bank_title"])).to_be_visible()
    await expect(page.get_by_text("•• 4477")).to_be_visible()
    await page.get_by_role("button", name=words[answer]).click()
    await expect(page.get_by_role("heading", name=words[heading])).to_be_visible()


async def test_a_declined_card_is_followed_by_another(kassa, page, words):
    await kassa.conduct(Conduct(after_decline=AfterDecline.RETRY))
    await page.locator(".quick .fails").click()
    await expect(page.get_by_role("alert")).to_contain_text(words["try_again"])
    await page.locator(".quick .works").first.click()
    await expect(page.get_by_role("heading", name=words["paid_title"])).to_be_visible()


async def test_paying_later_leads_back_to_the_shop(shop, page, payment, words):
    await page.get_by_role("link", name=words["later"]).click()
    await page.wait_for_url(RETURN_URL)
    assert (await shop.payment(payment["id"]))["status"] == "pending"


async def test_the_payer_agrees_to_saving_the_card(shop, page, payment, words):
    await page.get_by_label(words["offer_title"]).check()
    await page.locator(".quick .works").first.click()
    await expect(page.get_by_role("heading", name=words["paid_title"])).to_be_visible()
    assert (await shop.payment(payment["id"]))["payment_method"]["saved"] is True


async def test_an_impatient_payer_pays_once(kassa, page, words):
    await kassa.order_fault(Operation.SUBMIT_PAGE, FaultKind.DELAY, seconds=1)
    await page.locator("#number").fill("5555 5555 5555 4444")
    await page.locator("#expiry").fill("12/30")
    await page.locator("#csc").fill("123")
    button = await page.locator("#pay").bounding_box()
    place = (button["x"] + 20, button["y"] + 20)
    await page.mouse.click(*place)
    await kassa.wait_for_calls(Operation.SUBMIT_PAGE, 1)
    await page.mouse.click(*place)
    await expect(page.get_by_role("heading", name=words["paid_title"])).to_be_visible()
    assert (await kassa.calls())[Operation.SUBMIT_PAGE].count == 1


async def test_the_way_back_shows_no_form_that_was_paid(page, words):
    await page.locator(".quick .works").first.click()
    await expect(page.get_by_role("heading", name=words["paid_title"])).to_be_visible()
    await page.go_back()
    await expect(page.get_by_role("heading", name=words["paid_before_title"])).to_be_visible()


@pytest.mark.parametrize(
    ("happens", "heading"), [("expires", "expired_title"), ("is paid", "paid_before_title")]
)
async def test_an_open_page_notices_that_the_payment(kassa, page, payment, words, happens, heading):
    if happens == "expires":
        await kassa.cancel(payment["id"], EXPIRED_ON_CONFIRMATION)
    else:
        await kassa.pay(payment["id"])
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(page.get_by_role("heading", name=words[heading])).to_be_visible()


async def test_without_script_the_form_is_the_same(browser, shop, payment, words):
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(payment["confirmation"]["confirmation_url"])
    await page.locator("#number").fill("5555555555554477")
    await page.locator("#expiry").fill("12/2030")
    await page.locator("#csc").fill("123")
    await page.get_by_role("button", name=words["pay"]).click()
    await page.get_by_role("button", name=words["bank_confirm"]).click()
    await expect(page.get_by_role("heading", name=words["paid_title"])).to_be_visible()
    await context.close()
    assert (await shop.payment(payment["id"]))["status"] == "succeeded"
