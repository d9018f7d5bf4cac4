"""The control room from Python, for tests.

async with ControlRoom("http://127.0.0.1:8083") as room:
    await room.break_it(OutageKind.NODE_DOWN)
    await room.wait_for(lambda state: any(w.stage == "stuck" for w in state.flights.running))
    await room.mend(OutageKind.NODE_DOWN)
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Self, TypeVar

import httpx
from pydantic import BaseModel

from sandbox.control_room.views import (
    Jump,
    JumpView,
    Moment,
    OutageKind,
    OutageOrder,
    OutageView,
    PaymentHourView,
    ProcessName,
    RoomState,
    TourView,
)

ViewT = TypeVar("ViewT", bound=BaseModel)
_SECONDS = 70.0
"""Bringing a process back takes some."""


class RoomRefused(Exception):
    """The room did not do it; the message says why."""


class ControlRoom:
    """A running control room."""

    def __init__(self, base_url: str) -> None:
        self._http = httpx.AsyncClient(base_url=base_url, timeout=_SECONDS, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    # Looking

    async def state(self) -> RoomState:
        """Everything at once."""
        return await self._ask(RoomState, "GET", "/state")

    async def states(self) -> AsyncIterator[RoomState]:
        """The present state, then each one that follows."""
        async with self._http.stream("GET", "/api/events") as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data: "):
                    yield RoomState.model_validate_json(line.removeprefix("data: "))

    async def wait_for(
        self,
        looks_right: Callable[[RoomState], bool],
        timeout: float = 60.0,  # noqa: ASYNC109 - one deadline for the whole stream
    ) -> RoomState:
        """Wait until the room looks as wanted.

        Raises:
            TimeoutError: It does not in time; the last look is in the message.
        """
        last: RoomState | None = None
        try:
            async with asyncio.timeout(timeout):
                async for state in self.states():
                    last = state
                    if looks_right(state):
                        return state
        except TimeoutError:
            raise TimeoutError(f"the room shows {last!r}") from None
        raise TimeoutError(f"the room closed; it showed {last!r}")

    # Breaking and mending

    async def break_it(self, kind: OutageKind) -> OutageView:
        """Begin an outage."""
        return await self._order(kind, is_on=True)

    async def mend(self, kind: OutageKind) -> OutageView:
        """End an outage."""
        return await self._order(kind, is_on=False)

    async def mend_all(self) -> None:
        """End every outage."""
        await self._call("DELETE", "/outages")

    async def kill(self, name: ProcessName) -> None:
        """SIGKILL a process; its supervisor brings it back."""
        await self._call("POST", f"/processes/{name}/kill")

    # The clock

    async def jump(self, workflow_id: str, moment: Moment) -> JumpView:
        """Turn a workflow's clock to five seconds before a moment."""
        jump = Jump(workflow_id=workflow_id, moment=moment)
        return await self._ask(JumpView, "POST", "/clock/jump", jump)

    async def skip_payment_hour(self) -> PaymentHourView:
        """Let the hour of every open payment page pass."""
        return await self._ask(PaymentHourView, "POST", "/clock/payment-hour")

    # The tour

    async def tour(self) -> TourView:
        """Where the visitor is."""
        return await self._ask(TourView, "GET", "/tour")

    async def skip_stop(self) -> TourView:
        """Leave the present stop."""
        return await self._ask(TourView, "POST", "/tour/skip")

    async def restart_tour(self) -> TourView:
        """Begin again."""
        return await self._ask(TourView, "POST", "/tour/restart")

    async def _order(self, kind: OutageKind, *, is_on: bool) -> OutageView:
        order = OutageOrder(is_on=is_on)
        return await self._ask(OutageView, "PUT", f"/outages/{kind}", order)

    async def _ask(
        self, view: type[ViewT], method: str, path: str, body: BaseModel | None = None
    ) -> ViewT:
        return view.model_validate_json(await self._call(method, path, body))

    async def _call(self, method: str, path: str, body: BaseModel | None = None) -> bytes:
        answer = await self._http.request(
            method, f"/api{path}", json=None if body is None else body.model_dump(mode="json")
        )
        if answer.is_error:
            raise RoomRefused(f"{method} {path}: {answer.text}")
        return answer.content
