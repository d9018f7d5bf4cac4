"""`python -m bench [part ...]`: start an embedded shop of its own, measure, stop it."""

import argparse
import asyncio
import signal
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from bench import (
    calls,
    configs,
    evacuation,
    notifications,
    peers,
    purchases,
    servers,
    subscriptions,
    taps,
)
from bench.doors import Doors
from bench.histories import read_histories
from bench.machine import load_now, machine
from bench.processor import ProcessorMeter
from bench.tables import say
from sandbox.shop import EmbeddedShop, ShopPlan

SHOPLESS = ("configs", "peers", "servers", "evacuation")
"""Parts that do not measure the shop that the others share."""
PARTS = (
    *SHOPLESS,
    *("payments", "purchases", "taps", "notifications", "calls", "due", "sleepers"),
)
WARM_UP = 10
ADDRESSES = 3000
TAPS = taps.CUSTOMERS * len(taps.PAGES) * 2
_crowds = count(1_000_000, 10_000)
"""The first user id of each group of customers."""


async def bench(parts: Sequence[str], rates: Sequence[float], data: Path) -> None:
    """Run the parts one after the other, in their order; SIGTERM stops the shop in order, too."""
    this = asyncio.current_task()
    assert this is not None  # noqa: S101  # asyncio runs this in a task
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    say(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC. {machine()}. At the start: {load_now()}.")
    if "configs" in parts:
        configs.measure()
    if "peers" in parts:
        await peers.measure(data / "peers")
    if "servers" in parts:
        await servers.measure(data / "servers")
    if "evacuation" in parts:
        await evacuation.measure(data / "evacuation")
    if set(parts) <= set(SHOPLESS):
        return
    async with (
        EmbeddedShop(ShopPlan(data=data / "shop", capacity=ADDRESSES), say) as shop,
        Doors(shop) as doors,
    ):
        await _measure(parts, rates, shop, doors)
    say(f"\nAt the end: {load_now()}.")


async def _measure(
    parts: Sequence[str], rates: Sequence[float], shop: EmbeddedShop, doors: Doors
) -> None:
    meter = ProcessorMeter(shop)
    warm = next(_crowds)
    # Connections, statement caches and pydantic's models are made at their first use.
    await purchases.buy_at(2, WARM_UP, doors, meter, warm)
    if "payments" in parts:
        await _at_rates(purchases.pay_at, "payments of open pages", rates, doors, meter)
    if "purchases" in parts:
        since = datetime.now(UTC)
        await _at_rates(purchases.buy_at, "whole purchases", rates, doors, meter)
        (await read_histories(shop, since)).report()
    if "taps" in parts:
        guests = await taps.crowd(doors, next(_crowds))
        taps.report([await taps.tap_at(rate, TAPS, meter, guests) for rate in (20.0, 100.0)])
    if "notifications" in parts:
        await notifications.measure(doors, next(_crowds))
    if "calls" in parts:
        await calls.measure(shop, doors, range(warm, warm + WARM_UP))
    if "due" in parts:
        await subscriptions.measure_due(shop, doors, next(_crowds))
    if "sleepers" in parts:
        await subscriptions.measure_sleepers(shop)


async def _at_rates(
    run: purchases.Runner, what: str, rates: Sequence[float], doors: Doors, meter: ProcessorMeter
) -> None:
    runs = []
    for rate in rates:
        say(f"{what}, {rate:g} a second; {load_now()}")
        number = purchases.COUNTS.get(rate, purchases.USUAL_COUNT)
        runs.append(await run(rate, number, doors, meter, next(_crowds)))
    purchases.report(what, runs)


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=PARTS, help="all, if none is named")
    parser.add_argument("--rates", nargs="+", type=float, default=list(purchases.COUNTS))
    chosen = parser.parse_args()
    # Not readable by its owner only: PostgreSQL does not run as root and becomes another user.
    with TemporaryDirectory(prefix="wgshop-bench-") as folder:
        Path(folder).chmod(0o755)
        uvloop.run(bench(chosen.parts or PARTS, chosen.rates, Path(folder)))


if __name__ == "__main__":
    main()
