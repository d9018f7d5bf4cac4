"""Paid -> delivered, at a fixed rate: payments of open pages, and whole purchases from START."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import NamedTuple

from bench.customer import Customer, Story
from bench.doors import Doors
from bench.latencies import COLUMNS, Latencies
from bench.pacing import open_loop
from bench.processor import ProcessorMeter, Usage
from bench.tables import show

PATIENCE = 30.0
"""Seconds after the last payment; what is not delivered by then counts as lost."""

COUNTS = {1.0: 40, 3.0: 100, 5.0: 150, 10.0: 200}
"""How many purchases at each rate: enough for a p95, few enough for a coffee."""
USUAL_COUNT = 100

PAGES_A_SECOND = 4.0
"""How fast pages are opened before payments are measured: without a queue that would spill over."""


class Run(NamedTuple):
    """Purchases at one rate."""

    rate: float
    stories: Sequence[Story]
    usage: Usage

    @property
    def lost(self) -> int:
        """Paid and not delivered."""
        return sum(story.delivered_at is None for story in self.stories)

    @property
    def delivery(self) -> Latencies:
        """From the card form to the file."""
        return Latencies.of(
            [each.delivered_at - each.paid_at for each in self.stories if each.delivered_at]
        )


Runner = Callable[[float, int, Doors, ProcessorMeter, int], Awaitable[Run]]
"""Rate, count, doors, meter, first user id -> what came of it."""


async def buy_at(
    rate: float, count: int, doors: Doors, meter: ProcessorMeter, first_user: int
) -> Run:
    """Let `count` customers buy, `rate` of them beginning each second."""
    customers = _customers(count, doors, first_user)

    async def one(number: int) -> None:
        await customers[number].choose_plan()
        await customers[number].pay()

    meter.lap()
    await open_loop(rate, count, one)
    stories = await _stories(customers)
    return Run(rate, stories, meter.lap())


async def pay_at(
    rate: float, count: int, doors: Doors, meter: ProcessorMeter, first_user: int
) -> Run:
    """Let `count` customers, each with a payment page before them, pay `rate` each second."""
    customers = _customers(count, doors, first_user)
    await open_loop(PAGES_A_SECOND, count, lambda number: customers[number].choose_plan())
    meter.lap()
    await open_loop(rate, count, lambda number: customers[number].pay())
    stories = await _stories(customers)
    return Run(rate, stories, meter.lap())


def _customers(count: int, doors: Doors, first_user: int) -> list[Customer]:
    return [Customer(doors, first_user + number) for number in range(count)]


async def _stories(customers: Sequence[Customer]) -> list[Story]:
    """Every chat, once the last has its file or patience has run out."""
    deadline = monotonic() + PATIENCE
    while True:
        stories = [await customer.story() for customer in customers[::-1]][::-1]
        if all(story.ready_at for story in stories) or monotonic() > deadline:
            return stories
        await asyncio.sleep(0.5)


def report(what: str, runs: Sequence[Run]) -> None:
    """Print how long customers waited and what it cost."""
    show(
        f"Paid to delivered: {what}",
        ("a second", *COLUMNS, "lost", "processors busy"),
        [
            (f"{run.rate:g}", *run.delivery.cells(), str(run.lost), f"{run.usage.load:.2f}")
            for run in runs
        ],
    )
    names = sorted(runs[0].usage.cpu)
    show(
        f"CPU milliseconds of each, by process: {what}",
        ("a second", *names, "all"),
        [(f"{run.rate:g}", *_milliseconds(run, names)) for run in runs],
    )


def _milliseconds(run: Run, names: Sequence[str]) -> list[str]:
    each = 1000 / len(run.stories)
    used = [run.usage.cpu[name] for name in names]
    return [f"{seconds * each:.0f}" for seconds in (*used, run.usage.total)]
