"""How soon YooKassa's webhook answers: news of payments that are still pending."""

from collections.abc import Sequence
from time import perf_counter
from typing import Any

from bench.customer import Customer
from bench.doors import Doors
from bench.latencies import COLUMNS, Latencies
from bench.pacing import open_loop
from bench.tables import show

PAYMENTS = 20
RATE = 5.0
COUNT = 150
OK = 200


class NotTaken(Exception):
    """The webhook did not answer 200."""


async def measure(doors: Doors, first_user: int) -> None:
    """Send each notification twice: as news, and as the repeat that YooKassa may send."""
    pending = await _pending_payments(doors, first_user)
    news = [_notification(pending[number % PAYMENTS], number) for number in range(COUNT)]
    rows = []
    for kind in ("new: stored, workflow signalled", "a repeat: recognised"):
        times = await _send(doors, news)
        rows.append([kind, f"{RATE:g}", *Latencies.of(times).cells()])
    show("YooKassa's webhook, time to the answer", ("notification", "a second", *COLUMNS), rows)


async def _pending_payments(doors: Doors, first_user: int) -> list[dict[str, Any]]:
    customers = [Customer(doors, first_user + number) for number in range(PAYMENTS)]

    async def choose(number: int) -> None:
        await customers[number].choose_plan()

    await open_loop(2, PAYMENTS, choose)
    ids = {customer.payment_url.rpartition("orderId=")[2] for customer in customers}
    return [each for each in await doors.kassa("/payments") if each["id"] in ids]


def _notification(payment: dict[str, Any], number: int) -> dict[str, Any]:
    """Each of another event, because event and payment together name a notification."""
    subject = {"id": payment["id"], "status": "pending", "metadata": payment["metadata"]}
    return {"type": "notification", "event": f"bench.{number}", "object": subject}


async def _send(doors: Doors, notifications: Sequence[dict[str, Any]]) -> list[float]:
    times: list[float] = []

    async def send(number: int) -> None:
        began = perf_counter()
        status = await doors.notify(notifications[number])
        times.append(perf_counter() - began)
        if status != OK:
            raise NotTaken(f"notification {number} was answered with {status}")

    await open_loop(RATE, len(notifications), send)
    return times
