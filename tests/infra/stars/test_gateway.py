"""Stars behind the provider's port, on a Telegram that speaks the public Bot API."""

import asyncio

import pytest

from domain.errors import ProviderRefused, ProviderThrottled, ProviderUnavailable
from domain.ids import ProviderPaymentId, ProviderRefundId
from domain.money import roubles, stars
from domain.payments import PaymentStatus, RefundRequest, RefundStatus, mismatches
from infra.stars import listing
from sandbox.telegram.client import FaultKind
from tests.infra.stars.conftest import PRICE, Till, request_of


def refund_of(charge: ProviderPaymentId, amount: int = 250) -> RefundRequest:
    return RefundRequest(provider_payment_id=charge, amount=stars(amount), description="30 days")


async def test_an_invoice_that_was_noted_is_found_again(till: Till) -> None:
    order = await till.order()
    first = await till.invoice(order)
    assert first.confirmation_url.startswith("https://t.me/$")
    assert first.provider_payment_id == f"{order.purchase_id}:1"
    assert await till.gateway.create_invoice(request_of(order), key="k") == first


async def test_a_link_that_was_lost_leads_to_the_same_payment(till: Till) -> None:
    order = await till.order()
    lost = await till.gateway.create_invoice(request_of(order), key="k")
    noted = await till.invoice(order)
    assert lost.confirmation_url != noted.confirmation_url
    charge = await till.pays(lost.confirmation_url)
    payment = await till.gateway.fetch_payment(noted.provider_payment_id)
    assert (payment.status, payment.provider_payment_id) == (PaymentStatus.SUCCEEDED, charge)


async def test_a_long_plan_name_fits_telegrams_title(till: Till) -> None:
    order = (await till.order()).model_copy(update={"plan_name": "Очень длинный тариф " * 20})
    assert (await till.invoice(order)).confirmation_url


async def test_a_price_in_roubles_is_refused(till: Till) -> None:
    order = (await till.order()).model_copy(update={"price": roubles(299)})
    with pytest.raises(ProviderRefused, match="no price in Telegram Stars"):
        await till.gateway.create_invoice(request_of(order), key="k")


async def test_nobody_has_paid_yet(till: Till) -> None:
    invoice = await till.invoice(await till.order())
    payment = await till.gateway.fetch_payment(invoice.provider_payment_id)
    assert (payment.status, payment.amount) == (PaymentStatus.PENDING, PRICE)


async def test_what_telegrams_list_says_is_what_was_agreed(till: Till) -> None:
    order = await till.order()
    invoice = await till.invoice(order)
    await till.pays(invoice.confirmation_url)
    payment = await till.gateway.fetch_payment(invoice.provider_payment_id)
    agreed = {"purchase_id": order.purchase_id, "shop_id": till.gateway.shop_id}
    assert payment.captured_at is not None
    assert mismatches(payment, price=PRICE, **agreed) == ()
    assert mismatches(payment, price=stars(300), **agreed) == ("amount",)


async def test_a_payment_by_an_older_link_pays_the_purchase(till: Till) -> None:
    order = await till.order()
    older = await till.invoice(order)
    newer = await till.invoice(order.for_attempt(2))
    await till.pays(older.confirmation_url)
    payment = await till.gateway.fetch_payment(newer.provider_payment_id)
    assert payment.status is PaymentStatus.SUCCEEDED


async def test_an_update_alone_is_not_believed(till: Till) -> None:
    order = await till.order()
    invoice = await till.invoice(order)
    await till.book.note_told(till.charge(order.purchase_id, "forged"))
    with pytest.raises(ProviderUnavailable, match="does not have the payment yet"):
        await till.gateway.fetch_payment(invoice.provider_payment_id)


async def test_an_invoice_of_somebody_elses_is_refused(till: Till) -> None:
    with pytest.raises(ProviderRefused, match="no invoice"):
        await till.gateway.fetch_payment(ProviderPaymentId("6f1c2f4e:1"))


async def test_a_list_of_many_pages_is_read_once(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)
    links = [await till.invoice(await till.order()) for _ in range(5)]
    charges = [await till.pays(link.confirmation_url) for link in links]
    payments = [await till.gateway.fetch_payment(link.provider_payment_id) for link in links]
    assert [payment.provider_payment_id for payment in payments] == charges
    assert await till.book.lines_read(till.bot.id) == 5
    calls = (await till.telegram.stats()).calls["getStarTransactions"]
    assert calls == 3 + 4, "three pages, then only what is new"


async def test_who_asks_at_once_shares_a_reading(till: Till) -> None:
    # Two, or a few more where some come to the list only when the second has begun.
    invoice = await till.invoice(await till.order())
    await asyncio.gather(
        *(till.gateway.fetch_payment(invoice.provider_payment_id) for _ in range(20))
    )
    assert (await till.telegram.stats()).calls["getStarTransactions"] <= 5


async def test_stars_go_back_and_a_repeat_finds_them_gone(till: Till) -> None:
    charge = await _paid(till)
    first = await till.gateway.refund(refund_of(charge), key="k")
    again = await till.gateway.refund(refund_of(charge), key="k")
    assert first == again
    assert (first.status, first.provider_refund_id) == (RefundStatus.SUCCEEDED, charge)
    assert first.amount == PRICE


async def test_a_refund_whose_answer_was_lost_is_found_by_its_repeat(till: Till) -> None:
    charge = await _paid(till)
    await till.telegram.order_fault(FaultKind.DROP_AFTER, method="refundStarPayment")
    with pytest.raises(ProviderUnavailable):
        await till.gateway.refund(refund_of(charge), key="k")
    assert (await till.gateway.refund(refund_of(charge), key="k")).status is RefundStatus.SUCCEEDED


async def test_what_staff_gave_back_elsewhere_is_seen_in_the_list(till: Till) -> None:
    charge = await _paid(till)
    pending = await till.gateway.fetch_refund(ProviderRefundId(charge))
    await till.bot.refund_star_payment(till.anna, charge)
    done = await till.gateway.fetch_refund(ProviderRefundId(charge))
    assert (pending.status, done.status) == (RefundStatus.PENDING, RefundStatus.SUCCEEDED)


async def test_a_part_of_the_stars_cannot_go_back(till: Till) -> None:
    charge = await _paid(till)
    with pytest.raises(ProviderRefused, match="whole or not at all"):
        await till.gateway.refund(refund_of(charge, amount=100), key="k")


async def test_a_charge_that_nobody_made_cannot_go_back(till: Till) -> None:
    with pytest.raises(ProviderRefused, match="no payment in Stars"):
        await till.gateway.refund(refund_of(ProviderPaymentId("none")), key="k")
    order = await till.order()
    await till.book.note_told(till.charge(order.purchase_id, "forged"))
    with pytest.raises(ProviderRefused, match="CHARGE_NOT_FOUND"):
        await till.gateway.refund(refund_of(ProviderPaymentId("forged")), key="k")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (FaultKind.TOO_MANY_REQUESTS, ProviderThrottled),
        (FaultKind.SERVER_ERROR, ProviderUnavailable),
        (FaultKind.DROP_BEFORE, ProviderUnavailable),
    ],
)
async def test_a_telegram_that_does_not_answer_is_asked_again(
    till: Till, fault: FaultKind, error: type[Exception]
) -> None:
    invoice = await till.invoice(await till.order())
    await till.telegram.order_fault(fault, method="getStarTransactions")
    with pytest.raises(error):
        await till.gateway.fetch_payment(invoice.provider_payment_id)
    payment = await till.gateway.fetch_payment(invoice.provider_payment_id)
    assert payment.status is PaymentStatus.PENDING


async def _paid(till: Till) -> ProviderPaymentId:
    invoice = await till.invoice(await till.order())
    charge = await till.pays(invoice.confirmation_url)
    await till.gateway.fetch_payment(invoice.provider_payment_id)
    return charge
