"""Paying inside Telegram: asked first, receipt after, refunds in Stars."""

import asyncio

import pytest

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
    assert await bot("refundStarPayment", **refund) is True
    with pytest.raises(bot.refusal, match="CHARGE_ALREADY_REFUNDED"):
        await bot("refundStarPayment", **refund)


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
