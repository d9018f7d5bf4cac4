"""Tap -> reply: customers turn the bot's pages at a fixed rate, through the webhook."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from time import perf_counter, time
from typing import NamedTuple

from bench.customer import Customer
from bench.doors import Doors
from bench.latencies import COLUMNS, Latencies
from bench.pacing import open_loop
from bench.processor import ProcessorMeter, Usage
from bench.tables import show

CUSTOMERS = 200
"""At 100 taps a second each of them taps every two seconds."""

PAGES = ("open:plans:0", "open:menu:0", "open:help:0", "open:menu:0")
"""A round from the menu to the menu."""


class Run(NamedTuple):
    """Taps at one rate; seconds."""

    rate: float
    edits: Sequence[float]
    """From the tap to the edited message in the chat."""
    answers: Sequence[float]
    """From the tap to the end of the button's spinner: the webhook's answer follows at once."""
    usage: Usage


async def crowd(doors: Doors, first_user: int) -> list[tuple[Customer, int]]:
    """Customers with a menu each, and the menu's message id."""
    customers = [Customer(doors, first_user + number) for number in range(CUSTOMERS)]
    menus = [0] * CUSTOMERS

    async def arrive(number: int) -> None:
        menus[number] = await customers[number].arrive()

    await open_loop(25, CUSTOMERS, arrive)
    return list(zip(customers, menus, strict=True))


async def tap_at(
    rate: float, count: int, meter: ProcessorMeter, guests: Sequence[tuple[Customer, int]]
) -> Run:
    """Let the crowd tap in turn; a multiple of `len(PAGES) * CUSTOMERS` ends at the menus."""
    tapped: dict[int, list[float]] = {customer.user_id: [] for customer, _ in guests}
    seen = {customer.user_id: len(await customer.looks(menu)) for customer, menu in guests}
    turns = {customer.user_id: asyncio.Lock() for customer, _ in guests}
    answers: list[float] = []

    async def tap(number: int) -> None:
        customer, menu = guests[number % CUSTOMERS]
        page = PAGES[number // CUSTOMERS % len(PAGES)]
        planned, began = time(), perf_counter()
        # A button is there once its page is; the wait for a page that is late counts.
        async with turns[customer.user_id]:
            tapped[customer.user_id].append(planned)
            await customer.tap(menu, page)
        answers.append(perf_counter() - began)

    meter.lap()
    await open_loop(rate, count, tap)
    usage = meter.lap()
    edits: list[float] = []
    for customer, menu in guests:
        looks = (await customer.looks(menu))[seen[customer.user_id] :]
        edits += _gaps(tapped[customer.user_id], looks)
    return Run(rate, edits, answers, usage)


def _gaps(taps: Sequence[float], looks: Sequence[datetime]) -> list[float]:
    """The first tap led to the first new look, and so on."""
    return [look.timestamp() - tap for tap, look in zip(taps, looks, strict=True)]


def report(runs: Sequence[Run]) -> None:
    """Print the times and who worked for them."""
    show(
        "Tap to reply, through the webhook",
        ("taps/s", "until", *COLUMNS, "processors busy"),
        [row for run in runs for row in _rows(run)],
    )
    names = sorted(runs[0].usage.cpu)
    show(
        "CPU milliseconds of a tap, by process",
        ("taps/s", *names),
        [
            (f"{run.rate:g}", *(f"{1000 * run.usage.cpu[each] / len(run.edits):.1f}"
                                for each in names))
            for run in runs
        ],
    )  # fmt: skip


def _rows(run: Run) -> list[list[str]]:
    load = f"{run.usage.load:.2f}"
    rate = f"{run.rate:g}"
    return [
        [rate, "the page is turned", *Latencies.of(run.edits).cells(), load],
        [rate, "the tap is answered", *Latencies.of(run.answers).cells(), load],
    ]
