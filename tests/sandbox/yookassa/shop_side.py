"""A shop as YooKassa meets it: it calls the API and receives notifications. Plain HTTP."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

SHOP_ID = "100500"
SECRET_KEY = "test_secret"
RETURN_URL = "https://t.me/shop_bot"


def rubles(value: str) -> dict[str, str]:
    return {"value": value, "currency": "RUB"}


def order(**changes: Any) -> dict[str, Any]:
    """The body of a usual payment; a change to None leaves the field out."""
    body = {
        "amount": rubles("299.00"),
        "capture": True,
        "description": "30 days",
        "confirmation": {"type": "redirect", "return_url": RETURN_URL},
        "metadata": {"purchase_id": "p-1"},
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


class ShopSide:
    """Calls the API with the shop's credentials."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.http = httpx.AsyncClient(
            base_url=f"{base_url}/v3",
            auth=(SHOP_ID, SECRET_KEY),
            timeout=20,
            trust_env=False,
            verify=False,  # plain HTTP; reading the authorities would take longer than the test
        )

    async def post(self, path: str, body: Any = None, key: str | None = None) -> httpx.Response:
        headers = {"Idempotence-Key": key or str(uuid4())}
        return await self.http.post(path, json=body, headers=headers)

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.http.get(path, params=query)

    async def create(self, key: str | None = None, **changes: Any) -> dict[str, Any]:
        return _succeeded(await self.post("/payments", order(**changes), key))

    async def payment(self, payment_id: str) -> dict[str, Any]:
        return _succeeded(await self.get(f"/payments/{payment_id}"))

    async def refund(self, payment_id: str, value: str) -> httpx.Response:
        return await self.post("/refunds", {"payment_id": payment_id, "amount": rubles(value)})


def _succeeded(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return answer.json()


@dataclass
class Receiver:
    """The shop's notification address."""

    url: str
    answer: int = 200
    open: asyncio.Event = field(default_factory=asyncio.Event)
    """While it is not set, notifications arrive and get no answer."""
    received: list[dict[str, Any]] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    _more: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, body: dict[str, Any], sender: str) -> int:
        async with self._more:
            self.received.append(body)
            self.senders.append(sender)
            self._more.notify_all()
        await self.open.wait()
        return self.answer

    async def wait_for(self, count: int) -> list[dict[str, Any]]:
        async with self._more:
            await asyncio.wait_for(self._more.wait_for(lambda: len(self.received) >= count), 10)
        return self.received

    def events(self) -> list[str]:
        return [body["event"] for body in self.received]

    def clear(self) -> None:
        self.answer = 200
        self.open.set()
        self.received.clear()
        self.senders.clear()
