"""A Telegram of one test's own, and a bot in it whose every move is made by hand."""

import asyncio
import json
from typing import Any

import httpx

from sandbox.telegram.client import TelegramSandbox

TOKEN = "123456:by-hand"
ANNA = 7001
_PATIENCE = 10.0


class HandBot:
    """Calls the Bot API, and takes one update at a time when the test wants it."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._offset = 0

    async def __call__(
        self, method: str, *, files: dict[str, tuple[str, bytes, str]] | None = None, **params: Any
    ) -> Any:
        """Call a method; what is no text travels as JSON, as bots' libraries send it."""
        form = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in params.items()
        }
        answer = await self._http.post(f"/bot{TOKEN}/{method}", data=form, files=files)
        body = answer.json()
        assert body["ok"], body
        return body["result"]

    async def says(self, chat_id: int, text: str, **params: Any) -> Any:
        """Send a text with HTML in it."""
        return await self("sendMessage", chat_id=chat_id, text=text, parse_mode="HTML", **params)

    async def hears(self, kind: str) -> Any:
        """Take updates until one of this kind comes.

        Args:
            kind: The field of the update, such as `callback_query`.
        """
        async with asyncio.timeout(_PATIENCE):
            while True:
                for update in await self("getUpdates", offset=self._offset, timeout=5, limit=1):
                    self._offset = update["update_id"] + 1
                    if kind in update:
                        return update[kind]


def buttons(*rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Inline buttons under a message, a list for each row."""
    return {"inline_keyboard": list(rows)}


def button(text: str, data: str = "tapped", **more: Any) -> dict[str, Any]:
    """A button that calls back."""
    return {"text": text, "callback_data": data, **more}


MENU = buttons([button("Prices", "prices")], [button("Help", "help")])


async def arrives(people: TelegramSandbox, name: str = "Anna", user_id: int = ANNA) -> None:
    """Somebody has pressed START already."""
    await people.introduce(user_id, name, language_code="en")
    await people.press_start(user_id)
