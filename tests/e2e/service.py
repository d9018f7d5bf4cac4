"""A program of the owner's, such as a web shop, that sells through the HTTP API."""

from typing import Any

import httpx

from sandbox.shopper import Shopper
from sandbox.yookassa.cards import PAID
from sandbox.yookassa.client import YooKassaSandbox
from sandbox.yookassa.controls import PaymentView
from tests.e2e.ledger import Ledger

Document = dict[str, Any]

MONTH = 1
"""The tariff that everybody orders."""
PRICE = "299.00"


class Service:
    """Orders for customers, who pay at YooKassa."""

    def __init__(self, http: httpx.AsyncClient, kassa: YooKassaSandbox, ledger: Ledger) -> None:
        self.get = http.get
        self.post = http.post
        self._kassa = kassa
        self._ledger = ledger

    async def creates(self, order: Document, **headers: str) -> httpx.Response:
        """Ask for a payment, whatever comes of it."""
        return await self.post("/api/v1/payments/create", json=order, headers=headers)

    async def orders(self, customer: Shopper) -> Document:
        """A new payment."""
        answer = await self.creates(order_of(customer))
        assert answer.status_code == 201, answer.text
        return document_of(answer)

    async def page(self, payment: Document) -> PaymentView:
        """What YooKassa knows of the payment that its address leads to."""
        address = payment["confirmation_url"]
        (found,) = (each for each in await self._kassa.payments() if each.page_url == address)
        return found

    async def pays(self, payment: Document, scenario: str = PAID) -> PaymentView:
        """Let the customer fill in the payment page."""
        return await self._kassa.pay((await self.page(payment)).id, scenario)

    async def sells(self, customer: Shopper) -> Document:
        """A payment that was made, with its access set up."""
        payment = await self.orders(customer)
        await self.pays(payment)
        await self._ledger.reaches(customer, "done")
        return payment

    async def payment(self, payment: Document) -> Document:
        """The payment as it stands."""
        return document_of(await self.get(f"/api/v1/payments/{payment['payment_id']}"))

    async def retries(self, payment: Document) -> httpx.Response:
        """Ask for another page."""
        return await self.post(f"/api/v1/payments/{payment['payment_id']}/retry")

    async def activates(
        self, customer: Shopper, payment: Document, **fields: Any
    ) -> httpx.Response:
        """Turn the payment into access."""
        terms = {"payment_id": payment["payment_id"], "duration_days": 30}
        body = order_of(customer) | terms | fields
        return await self.post("/api/v1/subscriptions/activate", json=body)

    async def status(self, customer: Shopper) -> httpx.Response:
        """Ask for the customer's subscription."""
        return await self.get(f"/api/v1/subscriptions/{customer.user_id}/status")

    async def links(self, customer: Shopper) -> Document:
        """The way to the customer's configuration."""
        return document_of(await self.get(f"/api/v1/subscriptions/{customer.user_id}/config"))


def order_of(customer: Shopper) -> Document:
    """What is sent to order."""
    return {"user_id": customer.user_id, "tariff_id": MONTH}


def document_of(answer: httpx.Response) -> Document:
    """An answer's JSON."""
    document: Document = answer.json()
    return document


def problem_of(answer: httpx.Response) -> tuple[int, str]:
    """The status and the stable name of a problem, which every error has to be."""
    assert answer.headers["content-type"] == "application/problem+json"
    document = document_of(answer)
    assert document["status"] == answer.status_code
    assert document["title"]
    return answer.status_code, document["type"].removeprefix("urn:wgshop:problem:")
