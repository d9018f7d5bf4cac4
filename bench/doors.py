"""The shop's public doors and the sandboxes' control rooms, over a client that costs little.

The sandboxes' own typed clients are for tests: validating every chat with pydantic would take a
share of the two processors that are being measured.
"""

from types import TracebackType
from typing import Any, Self

import aiohttp
import pydantic_core

from sandbox.shop import EmbeddedShop

SECONDS = aiohttp.ClientTimeout(total=60)
LONGEST_WAIT = 30


class DoorClosed(Exception):
    """A sandbox refused; the message holds its answer."""


class Doors:
    """One HTTP client for everything that customers, YooKassa and services do."""

    def __init__(self, shop: EmbeddedShop) -> None:
        self._addresses = shop.addresses
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
        self.http = aiohttp.ClientSession(timeout=SECONDS, connector=connector, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.http.close()

    async def telegram(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask Telegram's control room: GET, or POST with a body."""
        url = f"{self._addresses.telegram}/control{path}"
        return await self._json("GET" if body is None else "POST", url, body)

    async def kassa(self, path: str) -> Any:
        """Ask YooKassa's control room."""
        return await self._json("GET", f"{self._addresses.yookassa}/control{path}", None)

    async def submit_card(self, page_url: str, number: str) -> None:
        """Send the payment page's form, without following it to the outcome."""
        form = {"number": number, "expiry": "12/99", "csc": "123"}
        async with self.http.post(page_url, data=form, allow_redirects=False) as answer:
            answer.raise_for_status()
            await answer.read()

    async def notify(self, notification: dict[str, Any]) -> int:
        """Send a notification as YooKassa does; the answer's status."""
        url = f"{self._addresses.api}/api/v1/payments/webhook"
        body = pydantic_core.to_json(notification)
        async with self.http.post(url, data=body, headers=_JSON) as answer:
            await answer.read()
            return answer.status

    async def ask_api(self, path: str, token: str) -> None:
        """Call the HTTP API as a service does; a refusal raises."""
        url = f"{self._addresses.api}/api/v1{path}"
        async with self.http.get(url, headers={"Authorization": f"Bearer {token}"}) as answer:
            answer.raise_for_status()
            await answer.read()

    async def _json(self, method: str, url: str, body: dict[str, Any] | None) -> Any:
        content = None if body is None else pydantic_core.to_json(body)
        async with self.http.request(method, url, data=content, headers=_JSON) as answer:
            said = await answer.read()
            if not answer.ok:
                raise DoorClosed(f"{method} {url}: {answer.status} {said.decode(errors='replace')}")
            return pydantic_core.from_json(said)


_JSON = {"Content-Type": "application/json"}
