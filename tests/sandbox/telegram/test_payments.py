"""Paying inside Telegram: asked first, receipt after, refunds in Stars."""

import asyncio
from datetime import timedelta

import pytest

from sandbox.telegram.world import CHECKOUT_LIFETIME

ANNA = 1001
BILL = {
    "title": "30 days", "description": "VPN for 30 days", "payload": "order-1",
    "currency": "XTR", "prices": [{"label": "30 days", "amount": 250}],
}  # fmt: skip


async def answered(bot, **answer):
    (update,) = await bot("getUpdates", timeout=5)
    query = update["pre_checkout_query"]
    await bot("answerPreCheckoutQuery", pre_checkout_query_id=query["id"], **answer)
    await bot("getUpdates", offset=update["update_id"] + 1)
    return query


@pytest.fixture
async def invoice(bot, telegram):
    await bot("sendInvoice", chat_id=ANNA, **BILL)
    return await telegram.wait_for_message(ANNA, lambda m: m.current.invoice is not None)


async def test_a_payment_is_asked_first_and_then_arrives(bot, telegram, invoice):
    paying = asyncio.create_task(telegram.pay(invoice))
    query = await answered(bot, ok=True)
    outcome = await paying
    (update,) = await bot("getUpdates")
    receipt = update["message"]["successful_payment"]
    assert (query["invoice_payload"], query["total_amount"]) == ("order-1", 250)
    assert receipt["telegram_payment_charge_id"] == outcome.telegram_payment_charge_id
    assert (receipt["currency"], receipt["invoice_payload"]) == ("XTR", "order-1")


async def test_a_payment_the_bot_declines_does_not_happen(bot, telegram, invoice):
    paying = asyncio.create_task(telegram.pay(invoice))
    await answered(bot, ok=False, error_message="Sold out")
    outcome = await paying
    assert (outcome.is_paid, outcome.error_message) == (False, "Sold out")
    assert await bot("getUpdates") == []


async def test_a_checkout_answered_after_ten_seconds_is_too_old(bot, telegram, invoice):
    paying = asyncio.create_task(telegram.pay(invoice))
    (update,) = await bot("getUpdates", timeout=5)
    await telegram.advance_clock(11)
    with pytest.raises(bot.refusal, match="query is too old"):
        query_id = update["pre_checkout_query"]["id"]
        await bot("answerPreCheckoutQuery", pre_checkout_query_id=query_id, ok=True)
    paying.cancel()


async def test_a_link_leads_to_a_payment_and_stars_go_back_once(bot, telegram):
    link = await bot("createInvoiceLink", **BILL)
    paying = asyncio.create_task(telegram.pay_link(link, ANNA))
    await answered(bot, ok=True)
    charge = (await paying).telegram_payment_charge_id
    refund = {"user_id": ANNA, "telegram_payment_charge_id": charge}
    (paid,) = await bot("getUpdates")
    await bot("getUpdates", offset=paid["update_id"] + 1)
    assert await bot("refundStarPayment", **refund) is True
    (update,) = await bot("getUpdates")
    assert update["message"]["refunded_payment"] == {
        "currency": "XTR", "total_amount": 250, "invoice_payload": "order-1",
        "telegram_payment_charge_id": charge,
    }  # fmt: skip
    with pytest.raises(bot.refusal, match="CHARGE_ALREADY_REFUNDED"):
        await bot("refundStarPayment", **refund)


async def test_a_checkout_is_answered_once_and_a_no_says_why(bot, telegram, invoice):
    paying = asyncio.create_task(telegram.pay(invoice))
    (update,) = await bot("getUpdates", timeout=5)
    query = {"pre_checkout_query_id": update["pre_checkout_query"]["id"]}
    with pytest.raises(bot.refusal, match="error message must be non-empty"):
        await bot("answerPreCheckoutQuery", **query, ok=False)
    assert await bot("answerPreCheckoutQuery", **query, ok=True) is True
    with pytest.raises(bot.refusal, match="query is too old"):
        await bot("answerPreCheckoutQuery", **query, ok=True)
    assert (await paying).is_paid


async def test_an_invoices_first_button_pays(bot, telegram, invoice):
    assert invoice.buttons[0].pay
    other = {"inline_keyboard": [[{"text": "No", "callback_data": "no"}]]}
    with pytest.raises(bot.refusal, match="the first button of an invoice must be a Pay button"):
        await bot("sendInvoice", chat_id=ANNA, **BILL, reply_markup=other)


@pytest.mark.parametrize("details", [{"user_id": 31337}, {"telegram_payment_charge_id": "tg_x"}])
async def test_what_was_not_paid_is_not_given_back(bot, telegram, invoice, details):
    paying = asyncio.create_task(telegram.pay(invoice))
    await answered(bot, ok=True)
    charge = (await paying).telegram_payment_charge_id
    right = {"user_id": ANNA, "telegram_payment_charge_id": charge}
    with pytest.raises(bot.refusal, match="CHARGE_NOT_FOUND"):
        await bot("refundStarPayment", **{**right, **details})


async def test_an_invoice_in_a_chat_is_paid_once(bot, telegram, invoice):
    paying = asyncio.create_task(telegram.pay(invoice))
    await answered(bot, ok=True)
    assert (await paying).is_paid
    with pytest.raises(Exception, match="is paid already"):
        await telegram.pay(invoice)


async def test_a_checkout_without_an_answer_fails_after_ten_seconds(bot, telegram, invoice):
    assert timedelta(seconds=10) == CHECKOUT_LIFETIME
    paying = asyncio.create_task(telegram.pay(invoice))
    await bot("getUpdates", timeout=5)
    await telegram.advance_clock(11)
    outcome = await asyncio.wait_for(paying, 5)
    assert (outcome.is_paid, outcome.error_message) == (False, "the bot did not answer in time")


async def test_a_subscription_in_stars_says_until_when_it_runs(bot, telegram):
    month = 30 * 24 * 3600
    link = await bot("createInvoiceLink", **BILL, subscription_period=month)
    paying = asyncio.create_task(telegram.pay_link(link, ANNA))
    await answered(bot, ok=True)
    await paying
    (update,) = await bot("getUpdates")
    message = update["message"]
    receipt = message["successful_payment"]
    assert receipt["is_recurring"] is receipt["is_first_recurring"] is True
    assert receipt["subscription_expiration_date"] - message["date"] in (month, month - 1)


async def test_another_currency_is_paid_through_a_provider(bot, telegram):
    prices = [{"label": "30 days", "amount": 29900}]
    bill = {**BILL, "currency": "RUB", "prices": prices, "provider_token": "42:TEST:7"}
    await bot("sendInvoice", chat_id=ANNA, **bill)
    invoice = await telegram.wait_for_message(ANNA, lambda m: m.current.invoice is not None)
    assert invoice.buttons[0].text == "Pay 299.00 RUB"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"title": "x" * 33}, "INVOICE_TITLE_INVALID"),
        ({"description": ""}, "INVOICE_DESCRIPTION_INVALID"),
        ({"payload": "я" * 65}, "INVOICE_PAYLOAD_INVALID"),
        ({"currency": "stars"}, "CURRENCY_INVALID"),
        ({"currency": "RUB"}, "PAYMENT_PROVIDER_INVALID"),
        ({"prices": [{"label": "a", "amount": 1}] * 2}, "STARS_INVOICE_INVALID"),
        ({"subscription_period": 60}, "SUBSCRIPTION_PERIOD_INVALID"),
    ],
)
async def test_a_malformed_bill_is_refused(bot, telegram, change, reason):
    with pytest.raises(bot.refusal, match=reason):
        await bot("createInvoiceLink", **{**BILL, **change})
