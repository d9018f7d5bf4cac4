"""One VPN server hangs and many peers wait for it: how long those for the others take."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple
from uuid import uuid4

import psutil
from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter

from bench.arrangements import WORKFLOWS_QUEUE, Arrangement, BenchSetUp, PutPeer, SetUp, at_work
from bench.fleet import Fleet, running_fleet
from bench.latencies import COLUMNS, Latencies
from bench.machine import load_now
from bench.pacing import open_loop
from bench.tables import say, show
from infra.admission import LineLimits
from sandbox.node.client import order
from sandbox.ports import LOOPBACK, free_ports
from sandbox.temporal_server import temporal_child

WAITING = 200
"""Set-ups for the server that hangs."""
OTHERS = 40
RATE = 4.0
"""Set-ups a second for the two other servers together."""
SETTLING = 15.0
"""Seconds until the places are taken by whoever gets them."""
PATIENCE = 40.0
"""Seconds after the last one has begun; what is not there by then counts as blocked."""

_numbers = count(1)
"""Of peers: each has addresses of its own."""

BOUNDED = LineLimits()
WAYS = (
    Arrangement("one queue, 16 places", 16),
    Arrangement("one queue, 200 places", 200),
    Arrangement("fairness keys, 16 places", 16, is_fair=True),
    Arrangement("a queue per server, 16 places each", 16, queue_each=True),
    Arrangement("one queue, 16 places, short lines", 16, BOUNDED),
    Arrangement("one queue, 200 places, short lines", 200, BOUNDED),
)


class Outcome(NamedTuple):
    """How the others fared."""

    times: list[float]
    blocked: int
    cpu: float
    """Seconds a second, of this process and the Temporal server, while nobody else arrived."""
    tries: float
    """A second, for the server that hangs, in that time."""


async def measure(data: Path) -> None:
    """Each way, with a server that hangs; the first also without."""
    async with running_fleet(data, 3) as fleet:
        calm = await _run(WAYS[0], fleet, _folder(data / "calm"), waiting=0)
        rows = [("nothing hangs: " + WAYS[0].name, *_cells(calm))]
        for number, way in enumerate(WAYS):
            say(f"{way.name}; {load_now()}")
            await order(fleet.nodes[0], "hang")
            outcome = await _run(way, fleet, _folder(data / f"way{number}"), waiting=WAITING)
            await order(fleet.nodes[0], "up")
            rows.append((way.name, *_cells(outcome)))
    show(
        f"Peers on two servers while {WAITING} wait for a third that hangs ({fleet.kind})",
        ("arrangement", *COLUMNS, "not in time", "CPU s/s", "tries/s"),
        rows,
    )


async def _run(way: Arrangement, fleet: Fleet, data: Path, *, waiting: int) -> Outcome:
    async with _temporal(way, data) as (client, pid), at_work(way, client, fleet) as steps:
        stuck = [await _start(client, way, 0) for _ in range(waiting)]
        await asyncio.sleep(SETTLING if stuck else 0)
        cpu, tries = await _idle_cost(steps, pid) if stuck else (0.0, 0.0)
        times = await _others(client, way)
        for handle in stuck:
            await handle.terminate()
    return Outcome(times, OTHERS - len(times), cpu, tries)


async def _others(client: Client, way: Arrangement) -> list[float]:
    """Set peers up on the other two, in turn; how long each took that was there in time."""
    times: list[float] = []

    async def one(number: int) -> None:
        began = perf_counter()
        handle = await _start(client, way, 1 + number % 2)
        await handle.result()
        times.append(perf_counter() - began)

    try:
        async with asyncio.timeout(OTHERS / RATE + PATIENCE):
            await open_loop(RATE, OTHERS, one)
    except TimeoutError:
        say(f"  {OTHERS - len(times)} of {OTHERS} were not set up in time")
    return times


async def _idle_cost(steps: PutPeer, server_pid: int) -> tuple[float, float]:
    processes = [psutil.Process(os.getpid()), psutil.Process(server_pid)]

    def used() -> float:
        return sum(sum(process.cpu_times()[:2]) for process in processes)

    seconds, before, tries = 10.0, used(), steps.tries
    await asyncio.sleep(seconds)
    return (used() - before) / seconds, (steps.tries - tries) / seconds


async def _start(client: Client, way: Arrangement, server: int) -> WorkflowHandle[Any, None]:
    slug = f"nl{server + 1}"
    setup = SetUp(
        server=server,
        number=next(_numbers),
        queue=way.queue_of(slug),
        fairness_key=slug if way.is_fair else None,
    )
    return await client.start_workflow(
        BenchSetUp.run, setup, id=f"bench:{uuid4()}", task_queue=WORKFLOWS_QUEUE
    )


@asynccontextmanager
async def _temporal(way: Arrangement, data: Path) -> AsyncIterator[tuple[Client, int]]:
    """A Temporal server of the arrangement's own, with the demo's settings and those it needs."""
    (port,) = free_ports(0)
    child = temporal_child(
        data,
        port=port,
        ui_port=None,
        codec=None,
        log=data / "log",
        env={},
        more_config=way.dynamic_config,
    )
    await child.start()
    try:
        client = await Client.connect(f"{LOOPBACK}:{port}", data_converter=pydantic_data_converter)
        yield client, child.pid
    finally:
        await child.stop()


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _cells(outcome: Outcome) -> list[str]:
    numbers = Latencies.of(outcome.times).cells() if outcome.times else ["0", *"----"]
    return [*numbers, str(outcome.blocked), f"{outcome.cpu:.2f}", f"{outcome.tries:.0f}"]
