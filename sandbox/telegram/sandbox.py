"""The parts of one running sandbox, put together; and a call of the Bot API going through them."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

from sandbox.telegram.checkout import Checkout
from sandbox.telegram.delivery import Courier
from sandbox.telegram.errors import ApiError, too_many_requests
from sandbox.telegram.faults import ConnectionLost, Fault, FaultKind, Faults
from sandbox.telegram.limits import FloodLimits
from sandbox.telegram.methods import (  # noqa: F401 - importing them registers the methods
    callbacks,
    chats,
    editing,
    files,
    passing_on,
    payments,
    profile,
    sending,
    stars,
    topics,
    updates,
)
from sandbox.telegram.methods.registry import find_method
from sandbox.telegram.people import Phones
from sandbox.telegram.world import World


class Sandbox:
    """A Telegram with one bot."""

    def __init__(self, token: str, data: Path) -> None:
        self.world = World(token, data)
        self.phones = Phones(self.world)
        self.checkout = Checkout(self.world, self.phones)
        self.faults = Faults()
        self.limits = FloodLimits(self.world.clock.now)
        self.courier = Courier(self.world, self._call_from_answer)
        self.calls: Counter[str] = Counter()
        self.faults_met = 0

    def reset(self) -> None:
        """Forget people, chats, faults and counts; the webhook and the bot's profile stay."""
        self.world.reset()
        self.faults.clear()
        self.limits.clear()
        self.limits.enabled = False
        self.courier.resume()
        self.courier.attempts = 0
        self.calls.clear()
        self.faults_met = 0

    async def call(self, name: str, raw: dict[str, Any]) -> Any:
        """Carry out a call, or let it meet the fault that waits for it.

        Raises:
            ApiError: The refusal.
            ConnectionLost: A fault cuts the connection.
        """
        method = find_method(name)
        self.calls[method.name] += 1
        chat_id = str(raw["chat_id"]) if "chat_id" in raw else None
        self.limits.admit(name.lower(), chat_id)
        fault = self.faults.take(name.lower(), chat_id)
        if fault is not None:
            await self._strike(fault)
        result = await method.call(self.world, raw)
        if fault is not None and fault.kind is FaultKind.DROP_AFTER:
            raise ConnectionLost
        return result

    async def _strike(self, fault: Fault) -> None:
        self.faults_met += 1
        if fault.kind is FaultKind.TOO_MANY_REQUESTS:
            raise too_many_requests(fault.retry_after)
        if fault.kind is FaultKind.SERVER_ERROR:
            raise ApiError(fault.status, "Bad Gateway")
        if fault.kind is FaultKind.DROP_BEFORE:
            raise ConnectionLost
        if fault.kind is FaultKind.DELAY:
            await asyncio.sleep(fault.seconds)

    async def _call_from_answer(self, call: dict[str, Any]) -> Any:
        return await self.call(str(call["method"]), call)
