"""Opens the control room inside the process that owns the embedded shop."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from temporalio.client import Client
from temporalio.service import RetryConfig

from sandbox.control_room.app import build_app
from sandbox.control_room.clock import Clock
from sandbox.control_room.flights import Flights
from sandbox.control_room.outages.kassa import (
    KassaDown,
    KassaErrorAfter,
    NotificationsDoubled,
    NotificationsLost,
)
from sandbox.control_room.outages.machine import PostgresDown, ProcessDown, TemporalDown
from sandbox.control_room.outages.nodes import NodeDown, NodeHangs, NodeSlow
from sandbox.control_room.outages.outage import Outage
from sandbox.control_room.outages.telegram import BotBlocked, TelegramFlood
from sandbox.control_room.people import People
from sandbox.control_room.room import Parts, Room, Setting
from sandbox.control_room.views import OutageKind, Places, ProcessName
from sandbox.ports import IDLE_SECONDS
from sandbox.shop import ADMIN_CHAT, EmbeddedShop
from sandbox.supervision import Supervisor
from sandbox.telegram.client import TelegramSandbox
from sandbox.telegram.server import listen
from sandbox.yookassa.client import YooKassaSandbox

_GRACE = 2
"""Seconds that open requests get at the end."""
_IMPATIENT = RetryConfig(max_retries=2, max_elapsed_time_millis=1_000)
"""A Temporal server that was killed on purpose is shown as away at once."""


class RoomServer(uvicorn.Server):
    """Uvicorn, which says when it is ready, ends its streams, and leaves signals to its caller."""

    def __init__(self, room: Room) -> None:
        super().__init__(
            uvicorn.Config(
                build_app(room),
                ws="none",
                access_log=False,
                log_level="warning",
                timeout_graceful_shutdown=_GRACE,
                timeout_keep_alive=IDLE_SECONDS,
            )
        )
        self._room = room
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so; after a failed start it says so too, and is over."""
        try:
            await super().startup(sockets)
        finally:
            self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop; event streams are ended first, or they would be waited for."""
        self._room.close()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signals."""
        yield


@contextlib.asynccontextmanager
async def open_control_room(shop: EmbeddedShop, supervisor: Supervisor) -> AsyncIterator[str]:
    """Serve the room of a running shop whose staff has been invited.

    Yields:
        Its address.
    """
    address = shop.addresses.control_room
    async with (
        TelegramSandbox(shop.addresses.telegram) as telegram,
        YooKassaSandbox(shop.addresses.yookassa) as kassa,
    ):
        server = RoomServer(await _furnish(shop, supervisor, telegram, kassa))
        with contextlib.closing(listen("127.0.0.1", int(address.rsplit(":", 1)[1]))) as listening:
            serving = asyncio.create_task(server.serve([listening]))
            try:
                await server.ready.wait()
                yield address
            finally:
                server.should_exit = True
                await serving


async def _furnish(
    shop: EmbeddedShop, supervisor: Supervisor, telegram: TelegramSandbox, kassa: YooKassaSandbox
) -> Room:
    where = shop.addresses
    temporal = await Client.connect(
        where.temporal, namespace=shop.plan.namespace, retry_config=_IMPATIENT
    )
    flights = Flights(temporal, where.temporal_ui)
    people = People(telegram, ADMIN_CHAT)
    keepers = {name: supervisor.keepers[name] for name in ProcessName}
    parts = Parts(
        outages=_outages(shop, supervisor, telegram, kassa, people),
        keepers=keepers,
        flights=flights,
        clock=Clock(temporal, flights, kassa),
        people=people,
        kassa=kassa,
    )
    setting = Setting(
        places=Places(
            chat=f"{where.telegram}/chat",
            payment_page=where.yookassa,
            temporal_ui=where.temporal_ui,
            api_docs=f"{where.api}/docs",
        ),
        staff_chat=ADMIN_CHAT,
    )
    room = Room(parts, setting)
    await room.welcome()
    return room


def _outages(
    shop: EmbeddedShop,
    supervisor: Supervisor,
    telegram: TelegramSandbox,
    kassa: YooKassaSandbox,
    people: People,
) -> dict[OutageKind, Outage]:
    outages: list[Outage] = [
        *(kind(shop.nodes) for kind in (NodeDown, NodeHangs, NodeSlow)),
        *(
            kind(kassa)
            for kind in (KassaErrorAfter, KassaDown, NotificationsLost, NotificationsDoubled)
        ),
        TelegramFlood(telegram),
        BotBlocked(telegram, people),
        ProcessDown(OutageKind.WORKER_DOWN, supervisor.keepers[ProcessName.WORKER]),
        ProcessDown(OutageKind.API_DOWN, supervisor.keepers[ProcessName.API]),
        PostgresDown(shop.postgres),
    ]
    if "temporal" in shop.children:  # Else it is somebody else's, and not ours to kill.
        outages.append(TemporalDown(shop.children["temporal"]))
    return {outage.kind: outage for outage in outages}
