"""The HTTP API's contract about payments, held by the real processes."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from sandbox.shopper import Shopper
from sandbox.yookassa.client import YooKassaSandbox
from sandbox.yookassa.faults import Operation
from tests.e2e.ledger import NOTHING, ONE_OF_EACH, Ledger
from tests.e2e.service import MONTH, PRICE, Document, Service, document_of, order_of, problem_of

pytestmark = pytest.mark.xdist_group("e2e")


class TestCustomersAndTariffs:
    """Who buys, and what is for sale."""

    async def test_a_customer_registers_twice_and_stays_one(
        self, service: Service, newcomer: Shopper
    ) -> None:
        person = {"telegram_id": newcomer.user_id, "first_name": "Anna", "language_code": "en"}
        first = await service.post("/api/v1/users/register", json=person)
        again = await service.post("/api/v1/users/register", json=person)
        assert (first.status_code, again.status_code) == (201, 201)
        assert document_of(first) == document_of(again)
        assert document_of(first)["user_id"] == newcomer.user_id

    async def test_the_tariffs_are_those_of_the_bot(self, service: Service) -> None:
        answer = await service.get("/api/v1/tariffs", headers={"Accept-Language": "en"})
        (month,) = (each for each in document_of(answer)["tariffs"] if each["id"] == MONTH)
        assert (month["slug"], month["name"]) == ("month", "30 days")
        assert (month["price"], month["currency"], month["duration_days"]) == (PRICE, "RUB", 30)


class TestOrdering:
    """From an order to a page where it can be paid."""

    async def test_an_order_is_answered_with_a_page_at_yookassa(
        self, service: Service, newcomer: Shopper
    ) -> None:
        payment = await service.orders(newcomer)
        assert payment["payment_status"] == "pending"
        made, closes = (datetime.fromisoformat(payment[at]) for at in ("created_at", "expires_at"))
        assert timedelta(minutes=55) < closes - made <= timedelta(minutes=65)
        page = await service.page(payment)
        assert (page.value, page.currency) == (PRICE, "RUB")

    async def test_a_price_in_agreement_is_accepted(
        self, service: Service, newcomer: Shopper
    ) -> None:
        agreed = {"amount": PRICE, "currency": "RUB", "telegram_username": "anna"}
        answer = await service.creates(order_of(newcomer) | agreed)
        assert answer.status_code == 201
        assert Decimal(document_of(answer)["amount"]) == Decimal(PRICE)

    @pytest.mark.parametrize(
        ("field", "problem"),
        [
            ({"amount": "1.00"}, (400, "price-mismatch")),
            ({"currency": "USD"}, (400, "price-mismatch")),
            ({"tariff_id": 999}, (400, "unknown-tariff")),
            ({"amount": "299.001"}, (422, "malformed")),
            ({"user_id": "anna"}, (422, "malformed")),
        ],
    )
    async def test_an_order_that_is_not_for_sale_is_refused(
        self, service: Service, newcomer: Shopper, field: Document, problem: tuple[int, str]
    ) -> None:
        answer = await service.creates(order_of(newcomer) | field)
        assert problem_of(answer) == problem

    async def test_a_repeat_with_the_same_key_is_the_same_payment(
        self, service: Service, newcomer: Shopper
    ) -> None:
        key = {"Idempotency-Key": uuid4().hex}
        first = await service.creates(order_of(newcomer), **key)
        again = await service.creates(order_of(newcomer), **key)
        assert (first.status_code, again.status_code) == (201, 201)
        assert document_of(first) == document_of(again)

    async def test_an_order_outlives_yookassas_absence(
        self, service: Service, kassa: YooKassaSandbox, newcomer: Shopper, ledger: Ledger
    ) -> None:
        key = {"Idempotency-Key": uuid4().hex}
        await kassa.go_down()
        away = await service.creates(order_of(newcomer), **key)
        assert problem_of(away) == (503, "provider-unavailable")
        assert int(away.headers["retry-after"]) >= 1
        await kassa.come_back()
        back = await service.creates(order_of(newcomer), **key)
        assert back.status_code == 201
        payment = document_of(back)
        assert payment["payment_id"] == await ledger.purchase_id(newcomer)
        assert (await service.page(payment)).value == PRICE


class TestPaying:
    """The payment as it stands, and the notification that tells us."""

    async def test_a_payment_is_pending_until_it_is_paid(
        self, service: Service, kassa: YooKassaSandbox, newcomer: Shopper, ledger: Ledger
    ) -> None:
        payment = await service.orders(newcomer)
        assert await service.payment(payment) == payment
        page = await service.pays(payment)
        told = await kassa.wait_for_notification(page.id)
        assert [each.status for each in told.attempts] == [200]
        await ledger.reaches(newcomer, "done")
        after = await service.payment(payment)
        assert (after["payment_status"], after["confirmation_url"]) == ("succeeded", None)
        assert await ledger.outcome(newcomer) == ONE_OF_EACH

    async def test_a_notification_that_comes_again_changes_nothing(
        self, service: Service, kassa: YooKassaSandbox, newcomer: Shopper, ledger: Ledger
    ) -> None:
        page = await service.pays(await service.orders(newcomer))
        await ledger.reaches(newcomer, "done")
        told = await kassa.wait_for_notification(page.id)
        again = await kassa.resend(told.id)
        assert again.attempts[-1].status == 200
        assert await ledger.outcome(newcomer) == ONE_OF_EACH

    async def test_a_forged_notification_buys_nothing(
        self, service: Service, kassa: YooKassaSandbox, newcomer: Shopper, ledger: Ledger
    ) -> None:
        payment = await service.orders(newcomer)
        subject = {"id": (await service.page(payment)).id, "status": "succeeded", "paid": True}
        forged = {"type": "notification", "event": "payment.succeeded", "object": subject}
        asked = (await kassa.calls())[Operation.GET_PAYMENT].count
        assert (await kassa.forge(forged)).status == 200
        await kassa.wait_for_calls(Operation.GET_PAYMENT, asked + 1)
        assert (await service.payment(payment))["payment_status"] == "pending"
        assert await ledger.outcome(newcomer) == NOTHING

    async def test_a_declined_payment_is_tried_again_on_a_new_page_and_a_paid_one_is_not(
        self, service: Service, newcomer: Shopper, ledger: Ledger
    ) -> None:
        payment = await service.orders(newcomer)
        await service.pays(payment, "insufficient_funds")
        await ledger.reaches(newcomer, "declined")
        declined = await service.payment(payment)
        assert declined["payment_status"] == "canceled"
        assert declined["failure_reason"] == "there was not enough money"

        again = await service.retries(payment)
        second = document_of(again)
        assert (again.status_code, second["payment_status"]) == (200, "pending")
        assert second["payment_id"] == payment["payment_id"]
        assert second["confirmation_url"] != payment["confirmation_url"]

        await service.pays(second)
        await ledger.reaches(newcomer, "done")
        assert problem_of(await service.retries(payment)) == (409, "already-paid")

    async def test_an_unknown_payment_is_404(self, service: Service) -> None:
        unknown = {"payment_id": str(uuid4())}
        answer = await service.get(f"/api/v1/payments/{unknown['payment_id']}")
        assert problem_of(answer) == (404, "not-found")
        assert problem_of(await service.retries(unknown)) == (404, "not-found")
