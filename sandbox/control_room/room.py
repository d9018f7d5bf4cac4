"""The room: looks at everything, and tells whoever listens when it has changed."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

import httpx

from sandbox.control_room.clock import Clock
from sandbox.control_room.flights import Flights
from sandbox.control_room.outages.outage import Outage
from sandbox.control_room.people import People
from sandbox.control_room.tour import Tour
from sandbox.control_room.views import (
    Guest,
    OutageKind,
    OutageView,
    Places,
    ProcessName,
    ProcessView,
    RoomState,
    Scene,
)
from sandbox.supervision import Keeper
from sandbox.yookassa.client import YooKassaSandbox
from sandbox.yookassa.payments import PaymentStatus

PAUSE = 0.7
"""Seconds between two looks while somebody listens."""
FRESH = 0.25
"""Seconds for which one look serves everybody."""


@dataclass
class Parts:
    """What the room looks at and turns."""

    outages: Mapping[OutageKind, Outage]
    keepers: Mapping[ProcessName, Keeper]
    flights: Flights
    clock: Clock
    people: People
    kassa: YooKassaSandbox


@dataclass(frozen=True)
class Setting:
    """What does not change while the room is open."""

    places: Places
    staff_chat: int


class Room:
    """Everything behind the page and the API."""

    def __init__(self, parts: Parts, setting: Setting) -> None:
        self.parts = parts
        self.tour = Tour()
        self._setting = setting
        self._guests: tuple[Guest, ...] = ()
        self._looking = asyncio.Lock()
        self._seen: RoomState | None = None
        self._seen_at = 0.0
        self._nudge = asyncio.Event()
        self._is_closed = False

    async def welcome(self) -> None:
        """Begin the tour with customers whom the shop does not know, one for each language."""
        self._guests = await self.parts.people.invite_guests()
        self.tour.restart()
        self.stir()

    async def state(self) -> RoomState:
        """The room as it is, at most a moment ago."""
        async with self._looking:
            if self._seen is None or monotonic() - self._seen_at > FRESH:
                self._seen = await self._look()
                self._seen_at = monotonic()
            return self._seen

    async def states(self) -> AsyncIterator[RoomState | None]:
        """The present state, and each other one that follows; None when nothing has changed."""
        told: RoomState | None = None
        while not self._is_closed:
            nudge = self._nudge
            state = await self._state_if_any()
            is_news = state is not None and (told is None or not is_same(state, told))
            yield state if is_news else None
            told = state or told
            try:
                async with asyncio.timeout(PAUSE):
                    await nudge.wait()
            except TimeoutError:
                continue

    async def _state_if_any(self) -> RoomState | None:
        """The state, unless a sandbox is away for now."""
        try:
            return await self.state()
        except httpx.HTTPError:
            return None

    def stir(self) -> None:
        """Something was done: let everybody look at once."""
        self._seen = None
        self._nudge.set()
        self._nudge = asyncio.Event()

    def close(self) -> None:
        """End the streams."""
        self._is_closed = True
        self.stir()

    async def _look(self) -> RoomState:
        scene = await self._scene()
        return RoomState(
            **dict(scene),
            now=datetime.now(UTC),
            places=self._setting.places,
            guests=self._guests,
            staff_chat=self._setting.staff_chat,
            tour=self.tour.look(scene),
        )

    async def _scene(self) -> Scene:
        parts = self.parts
        board, customers, payments, outages = await asyncio.gather(
            parts.flights.board(),
            parts.people.customers(),
            parts.kassa.payments(),
            self._outages(),
        )
        return Scene(
            outages=outages,
            processes=tuple(
                ProcessView(name=name, condition=keeper.condition, deaths=keeper.deaths)
                for name, keeper in parts.keepers.items()
            ),
            flights=board,
            customers=customers,
            payments=tuple(each.id for each in payments if each.status is PaymentStatus.SUCCEEDED),
            jumps=tuple(parts.clock.jumps),
        )

    async def _outages(self) -> tuple[OutageView, ...]:
        views = await asyncio.gather(*(each.look() for each in self.parts.outages.values()))
        return tuple(views)


def is_same(one: RoomState, other: RoomState) -> bool:
    """Whether two looks differ in nothing but their moment."""
    return one.model_copy(update={"now": other.now}) == other
