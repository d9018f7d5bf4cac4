"""Many subscriptions: 1,000 that are due in the same second, and 10,000 that sleep."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from uuid import UUID

import asyncpg
import psutil

from bench.customer import Customer
from bench.doors import Doors
from bench.histories import connect_to
from bench.latencies import COLUMNS, Latencies
from bench.pacing import open_loop
from bench.processor import ProcessorMeter
from bench.tables import show
from domain.ids import SubscriptionId, UserId
from domain.subscriptions import SubscriptionState, SubscriptionStatus
from infra.postgres.pool import Connection
from sandbox.shop import EmbeddedShop
from temporal.starter import Starter

DUE = 1_000
SLEEPING = 10_000
_PARALLEL_STARTS = 16
_DAY = timedelta(days=1)
_PATIENCE = timedelta(minutes=5)

_SELL = """
    insert into subscriptions
        (subscription_id, user_id, tariff_id, status, starts_at, expires_at, end_set_at)
    select gen_random_uuid(), user_id, (select min(tariff_id) from tariffs), 'active', $2, $3, $2
    from users where user_id = any($1::bigint[])
    returning subscription_id, user_id
"""


async def measure_due(shop: EmbeddedShop, doors: Doors, first_user: int) -> None:
    """Let reminders fall due in one second; all of them arrive, once, and how late."""
    users = range(first_user, first_user + DUE)
    customers = [Customer(doors, user_id) for user_id in users]

    async def arrive(number: int) -> None:
        await customers[number].arrive()

    await open_loop(20, DUE, arrive)
    ledger = await asyncpg.connect(shop.database_url, timeout=10)
    try:
        await ledger.execute("update tariffs set reminder_leads = '{24 hours}'")
        due = datetime.now(UTC) + timedelta(seconds=60)
        sold = await ledger.fetch(_SELL, list(users), due - 29 * _DAY, due + _DAY)
        meter = ProcessorMeter(shop)
        await _open(shop, [_state(row, due + _DAY, due - 29 * _DAY) for row in sold])
        meter.lap()
        sent = await _reminders(ledger, users, due)
        usage = meter.lap()
    finally:
        await ledger.close()
    latest = max(sent)
    show(
        f"{DUE} reminders due in one second, spread over 30 s by the shop",
        ("sent", *COLUMNS[1:], "within the minute", "CPU ms each"),
        [
            (
                str(len(sent)),
                *Latencies.of(sent).cells()[1:],
                f"{sum(each <= 60 for each in sent)}",
                f"{1000 * usage.total / len(sent):.0f}",
            )
        ],
    )
    if latest > 60:
        show("Late", ("latest s",), [(f"{latest:.1f}",)])


async def measure_sleepers(shop: EmbeddedShop) -> None:
    """What sleeping subscriptions cost in memory and on disk."""
    before = _sizes(shop)
    began = perf_counter()
    end = datetime.now(UTC) + 40 * _DAY
    states = [
        SubscriptionState(
            subscription_id=SubscriptionId(UUID(int=number)),
            user_id=UserId(number),
            expires_at=end,
            end_set_at=end - 30 * _DAY,
            reminder_leads=(3 * _DAY, _DAY),
            win_backs=(3 * _DAY,),
        )
        for number in range(1, SLEEPING + 1)
    ]
    await _open(shop, states)
    took = perf_counter() - began
    after = _sizes(shop)
    show(
        f"{SLEEPING} sleeping subscriptions, opened at {SLEEPING / took:.0f} a second",
        ("what", "before MB", "after MB", "KB each"),
        [
            (
                name,
                f"{before[name]:.0f}",
                f"{after[name]:.0f}",
                f"{1000 * (after[name] - before[name]) / SLEEPING:.1f}",
            )
            for name in before
        ],
    )


async def _open(shop: EmbeddedShop, states: Sequence[SubscriptionState]) -> None:
    starter = Starter(await connect_to(shop))
    gate = asyncio.Semaphore(_PARALLEL_STARTS)

    async def open_one(state: SubscriptionState) -> None:
        async with gate:
            await starter.open_or_extend(state)

    await asyncio.gather(*map(open_one, states))


async def _reminders(ledger: Connection, users: range, due: datetime) -> list[float]:
    """How late each reminder was, in seconds, once all have been sent; each exactly once."""
    deadline = asyncio.get_running_loop().time() + _PATIENCE.total_seconds()
    while True:
        rows = await ledger.fetch(
            """
            select user_id, sent_at from notifications
            where user_id = any($1::bigint[]) and notice_key like 'subscription:%'
            """,
            list(users),
        )
        sent = [(row["sent_at"] - due).total_seconds() for row in rows if row["sent_at"]]
        if len(sent) >= len(users):
            if len({row["user_id"] for row in rows}) != len(rows):
                raise RuntimeError("a customer was reminded twice")
            return sent
        if asyncio.get_running_loop().time() > deadline:
            raise TimeoutError(f"{len(users) - len(sent)} reminders were not sent")
        await asyncio.sleep(1)


def _state(row: asyncpg.Record, end: datetime, began: datetime) -> SubscriptionState:
    return SubscriptionState(
        subscription_id=SubscriptionId(row["subscription_id"]),
        user_id=UserId(row["user_id"]),
        expires_at=end,
        status=SubscriptionStatus.ACTIVE,
        end_set_at=began,
        reminder_leads=(_DAY,),
    )


def _sizes(shop: EmbeddedShop) -> dict[str, float]:
    """Resident memory of the server and the worker, and the server's files, in megabytes."""
    files = shop.plan.data.glob("temporal*")
    return {
        "Temporal server, memory": _memory(shop, "temporal"),
        "worker, memory": _memory(shop, "worker"),
        "Temporal server, files": sum(map(_size, files)) / 1e6,
    }


def _memory(shop: EmbeddedShop, name: str) -> float:
    root = psutil.Process(shop.children[name].pid)
    return sum(each.memory_info().rss for each in (root, *root.children(recursive=True))) / 1e6


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
