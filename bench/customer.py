"""A customer from START to the file, through the doors only, as cheaply as can be."""

from collections.abc import Iterator
from datetime import datetime
from time import time
from typing import Any, NamedTuple

from bench.doors import LONGEST_WAIT, Doors
from sandbox.yookassa.cards import PAID, card_for

PLANS_BUTTON = "open:plans:0"
_CARD = card_for(PAID).number
_PATIENCE = 50
"""Seconds for the answer to a tap; under more load than the machine bears it takes long."""


class Unanswered(Exception):
    """The bot left a tap without an answer."""


class Story(NamedTuple):
    """What the customer's chat says happened when; seconds since 1970."""

    paid_at: float
    delivered_at: float | None
    """The `.conf` file is in the chat."""
    ready_at: float | None
    """The QR picture is there too."""


class Customer:
    """One chat. Steps must be taken in order."""

    def __init__(self, doors: Doors, user_id: int) -> None:
        self.user_id = user_id
        self.payment_url = ""
        self.paid_at = 0.0
        self._doors = doors
        self._chat = f"/chats/{user_id}/messages"
        self._version = 0

    async def arrive(self) -> int:
        """Press START and read the menu; its message id."""
        person = {"user_id": self.user_id, "first_name": "Anna", "language_code": "en"}
        await self._doors.telegram("/people", person)
        await self._doors.telegram("/start", {"user_id": self.user_id})
        return int((await self._button("open:"))["message_id"])

    async def choose_plan(self) -> None:
        """Three taps: START, plans, a price. Ends on the payment page."""
        menu = await self.arrive()
        await self.tap(menu, PLANS_BUTTON)
        plans = await self._button("buy:")
        await self.tap(menu, plans["callback_data"])
        self.payment_url = (await self._button("http"))["url"]

    async def pay(self) -> None:
        """Post the card form; the clock of "paid to delivered" starts."""
        self.paid_at = time()
        await self._doors.submit_card(self.payment_url, _CARD)

    async def tap(self, message_id: int, data: str) -> None:
        """Tap and wait until the bot has answered the tap."""
        press = {"user_id": self.user_id, "data": data, "wait": _PATIENCE}
        outcome = await self._doors.telegram(f"{self._chat}/{message_id}/press", press)
        if outcome.get("answer") is None:
            raise Unanswered(f"customer {self.user_id} got no answer to {data}")

    async def story(self) -> Story:
        """Read the whole chat, afterwards."""
        log = await self._doors.telegram(self._chat)
        return Story(self.paid_at, _first(log, "document"), _first(log, "photo"))

    async def looks(self, message_id: int) -> list[datetime]:
        """When the message was sent and each time it was edited."""
        log = await self._doors.telegram(self._chat)
        (message,) = (each for each in log["messages"] if each["message_id"] == message_id)
        return [datetime.fromisoformat(each["at"]) for each in message["revisions"]]

    async def _button(self, prefix: str) -> dict[str, Any]:
        """Wait for a button of the bot whose data or address begins so."""
        while True:
            query = f"?after={self._version}&wait={LONGEST_WAIT}" if self._version else ""
            log = await self._doors.telegram(self._chat + query)
            self._version = log["version"]
            for button in _buttons(log):
                said = button.get("callback_data") or button.get("url") or ""
                if said.startswith(prefix):
                    return button


def _buttons(log: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for message in log["messages"]:
        markup = message["revisions"][-1]["message"].get("reply_markup") or {}
        for row in markup.get("inline_keyboard", ()):
            for button in row:
                yield {**button, "message_id": message["message_id"]}


def _first(log: dict[str, Any], what: str) -> float | None:
    for message in log["messages"]:
        first = message["revisions"][0]
        if first["message"].get(what):
            return datetime.fromisoformat(first["at"]).timestamp()
    return None
