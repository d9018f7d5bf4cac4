"""A thousand customers of one server move to another: first from one that lives, then from none."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import NamedTuple
from uuid import UUID, uuid4

import asyncpg

from bench.customer import Customer
from bench.doors import Doors
from bench.histories import connect_to
from bench.latencies import COLUMNS, Latencies
from bench.machine import load_now
from bench.pacing import open_loop
from bench.processor import ProcessorMeter, Usage
from bench.tables import say, show
from domain.evacuation import EvacuationOrder
from domain.ids import DeviceId
from infra.keyring import KeyRing
from infra.postgres.device_keys import DeviceKeyRing
from infra.postgres.pool import Connection
from infra.wireguard_keys import new_device_keys
from sandbox.node.client import order
from sandbox.shop import EmbeddedShop, ShopPlan
from temporal.evacuation import begin_or_join

CUSTOMERS = 1_000
ARRIVALS = 20.0
"""A second; not measured."""
PACE = 50
"""Devices a second: the most that may be asked for, to see what the machine bears."""
CAPACITY = 2 * CUSTOMERS + 100
_PATIENCE = timedelta(minutes=15)

_SELL = """
    insert into subscriptions (subscription_id, user_id, tariff_id, status, starts_at, expires_at)
    select gen_random_uuid(), user_id, (select min(tariff_id) from tariffs), 'active',
           now(), now() + interval '30 days'
    from users returning subscription_id
"""

_PLACE = """
    with customers as (select device_id, row_number() over () as n from devices),
         pool as (select server_id, ipv4, row_number() over (order by ipv4) as n
                  from tunnel_addresses join vpn_servers using (server_id)
                  where slug = 'nl1' and device_id is null)
    update tunnel_addresses a set device_id = c.device_id
    from pool p join customers c using (n)
    where (a.server_id, a.ipv4) = (p.server_id, p.ipv4)
"""

_MOVED = """
    select r.outcome, extract(epoch from r.settled_at - r.decided_at)::float8 as gap,
           extract(epoch from r.settled_at - e.begun_at)::float8 as moved_after
    from relocations r join evacuations e using (evacuation_id)
    join vpn_servers v on v.server_id = e.source_id where v.slug = $1
"""


class Move(NamedTuple):
    """An evacuation that is over."""

    what: str
    gaps: Sequence[float]
    """From the decision about a device until its new server held it: without a tunnel, at most."""
    moved_after: float
    """When the last device was on its new server."""
    done_after: float
    """When everybody had their file, too."""
    files: int
    usage: Usage


async def measure(data: Path) -> None:
    """There, from a server that lives, and back, from one that hangs."""
    plan = ShopPlan(data=data, nodes=("nl1", "nl2"), capacity=CAPACITY)
    async with EmbeddedShop(plan, say) as shop, Doors(shop) as doors:
        ledger = await asyncpg.connect(shop.database_url, timeout=10)
        try:
            await _settle_customers(shop, doors, ledger)
            say(f"evacuation; {load_now()}")
            there = await _evacuate(shop, ledger, "nl1", "nl2", "the old server lives")
            await order(shop.nodes["nl2"], "hang")
            back = await _evacuate(shop, ledger, "nl2", "nl1", "the old server hangs")
        finally:
            await ledger.close()
    _report([there, back], shop)


async def _settle_customers(shop: EmbeddedShop, doors: Doors, ledger: Connection) -> None:
    """Customers with a chat, a subscription, and a device that nl1 holds."""
    customers = [Customer(doors, 1_000_000 + number) for number in range(CUSTOMERS)]

    async def arrive(number: int) -> None:
        await customers[number].arrive()

    await open_loop(ARRIVALS, CUSTOMERS, arrive)
    keys = DeviceKeyRing(KeyRing.parse(shop.secrets.encryption_keys), new_device_keys)
    for sold in await ledger.fetch(_SELL):
        await keys.make_device(ledger, DeviceId(uuid4()), UUID(str(sold["subscription_id"])))
    await ledger.execute(_PLACE)
    await ledger.execute("update devices set held_revision = revision")
    result = await shop.wgshop("server", "reconcile", "nl1")
    say(result.output.strip())


async def _evacuate(
    shop: EmbeddedShop, ledger: Connection, source: str, target: str, what: str
) -> Move:
    client = await connect_to(shop)
    meter = ProcessorMeter(shop)
    began = perf_counter()
    watched = await begin_or_join(client, EvacuationOrder(source=source, target=target, pace=PACE))
    progress = await watched.result(rpc_timeout=_PATIENCE)
    took = perf_counter() - began
    say(progress.in_words)
    rows = await ledger.fetch(_MOVED, source)
    return Move(
        what=what,
        gaps=[row["gap"] for row in rows],
        moved_after=max(row["moved_after"] for row in rows),
        done_after=took,
        files=sum(row["outcome"] == "sent" for row in rows),
        usage=meter.lap(),
    )


def _report(moves: Sequence[Move], shop: EmbeddedShop) -> None:
    kind = next(iter(shop.nodes.values())).wireguard
    show(
        f"Evacuation of {CUSTOMERS} devices at {PACE} a second ({kind})",
        ("", *COLUMNS, "all moved s", "all told s", "files", "CPU ms each", "processors busy"),
        [
            (
                move.what,
                *Latencies.of(move.gaps).cells(),
                f"{move.moved_after:.0f}",
                f"{move.done_after:.0f}",
                str(move.files),
                f"{1000 * move.usage.total / len(move.gaps):.0f}",
                f"{move.usage.load:.2f}",
            )
            for move in moves
        ],
    )
