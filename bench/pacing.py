"""When the next thing begins: at a fixed rate whatever happens, or as soon as one ends."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic, perf_counter


class Overslept(Exception):
    """The driver itself was too late for its plan: the numbers would flatter the shop."""


LATEST_START = 0.5
"""Seconds; a driver this late is no longer an open loop."""


async def open_loop(rate: float, count: int, act: Callable[[int], Awaitable[None]]) -> None:
    """Begin `count` acts, `rate` a second, whether or not earlier ones have ended.

    Raises:
        Overslept: the driver could not keep the plan.
        ExceptionGroup: an act failed; the others are cancelled.
    """
    first = monotonic() + 0.05
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            planned = first + number / rate
            await asyncio.sleep(max(planned - monotonic(), 0))
            if monotonic() - planned > LATEST_START:
                raise Overslept(f"act {number} of {count} began too late at {rate:g}/s")
            group.create_task(_run(act, number))


async def closed_loop(parallel: int, count: int, act: Callable[[int], Awaitable[None]]) -> float:
    """Keep `parallel` acts under way until `count` have ended; the seconds that it took."""
    numbers = iter(range(count))

    async def one_after_the_other() -> None:
        for number in numbers:
            await act(number)

    began = perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(parallel):
            group.create_task(one_after_the_other())
    return perf_counter() - began


async def _run(act: Callable[[int], Awaitable[None]], number: int) -> None:
    await act(number)
