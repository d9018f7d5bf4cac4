"""The bot's own list of Stars: payments and refunds in the order in which they happened."""

import asyncio

import pytest

ANNA = 1001


def bill(number):
    return {
        "title": "30 days", "description": "VPN", "payload": f"order-{number}",
        "currency": "XTR", "prices": [{"label": "30 days", "amount": 250}],
    }  # fmt: skip


async def paid(bot, telegram, number):
    paying = asyncio.create_task(
        telegram.pay_link(await bot("createInvoiceLink", **bill(number)), ANNA)
    )
    asked = None
    while asked is None:
        for update in await bot("getUpdates", timeout=5):
            asked = update.get("pre_checkout_query", asked)
            await bot("getUpdates", offset=update["update_id"] + 1)
    await bot("answerPreCheckoutQuery", pre_checkout_query_id=asked["id"], ok=True)
    return (await paying).telegram_payment_charge_id


@pytest.fixture
async def anna(telegram):
    await telegram.introduce(ANNA, "Anna")
    await telegram.press_start(ANNA)


async def test_payments_and_refunds_are_listed_oldest_first(bot, telegram, anna):
    first, second = await paid(bot, telegram, 1), await paid(bot, telegram, 2)
    await bot("refundStarPayment", user_id=ANNA, telegram_payment_charge_id=first)

    lines = (await bot("getStarTransactions"))["transactions"]

    assert [line["id"] for line in lines] == [first, second, first]
    assert [("source" in line, "receiver" in line) for line in lines] == [
        (True, False), (True, False), (False, True)
    ]  # fmt: skip
    assert lines[0]["source"]["invoice_payload"] == "order-1"
    assert lines[0]["source"]["user"]["id"] == ANNA
    assert lines[0]["amount"] == 250


async def test_a_reader_goes_on_where_it_stopped(bot, telegram, anna):
    charges = [await paid(bot, telegram, number) for number in (1, 2, 3)]

    page = await bot("getStarTransactions", offset=1, limit=1)

    assert [line["id"] for line in page["transactions"]] == [charges[1]]
    assert (await bot("getStarTransactions", offset=3))["transactions"] == []


@pytest.mark.parametrize("odd", [{"limit": 0}, {"limit": 101}, {"offset": -1}])
async def test_a_page_out_of_bounds_is_refused(bot, telegram, odd):
    with pytest.raises(bot.refusal):
        await bot("getStarTransactions", **odd)
