"""The HTTP API's two questions that services ask most, one after the other and in parallel."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from time import perf_counter

from pydantic import SecretStr

from api.tokens import mint_service_token
from bench.doors import Doors
from bench.latencies import COLUMNS, Latencies
from bench.pacing import closed_loop, open_loop
from bench.tables import show
from sandbox.shop import EmbeddedShop

CLOSED = ((1, 400), (10, 1500))
"""Parallel callers, and calls in all."""
RATE, COUNT = 100.0, 1000

Act = Callable[[int], Awaitable[None]]


async def measure(shop: EmbeddedShop, doors: Doors, users: Sequence[int]) -> None:
    """Ask for the status of these users, who have bought, and of their payments."""
    secret = SecretStr(shop.secrets.jwt_secret)
    token = mint_service_token(secret, "bench", datetime.now(UTC))
    payments = [each["metadata"]["purchase_id"] for each in await doors.kassa("/payments")]
    rows = await _rows(doors, token, "/subscriptions/{}/status", [str(user) for user in users])
    rows += await _rows(doors, token, "/payments/{}", payments)
    show("HTTP API", ("GET /api/v1", "callers", "calls/s", *COLUMNS), rows)


async def _rows(doors: Doors, token: str, path: str, subjects: Sequence[str]) -> list[list[str]]:
    times: list[float] = []

    async def ask(number: int) -> None:
        began = perf_counter()
        await doors.ask_api(path.format(subjects[number % len(subjects)]), token)
        times.append(perf_counter() - began)

    rows = []
    for parallel, count in CLOSED:
        times.clear()
        took = await closed_loop(parallel, count, ask)
        rows.append([path, str(parallel), f"{count / took:.0f}", *Latencies.of(times).cells()])
    times.clear()
    await open_loop(RATE, COUNT, ask)
    rows.append([path, "open loop", f"{RATE:g}", *Latencies.of(times).cells()])
    return rows
