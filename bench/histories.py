"""Where the time of a purchase goes, by the timestamps in its Temporal history."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from statistics import mean
from typing import NamedTuple

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from bench.latencies import Latencies
from bench.tables import show
from infra.keyring import KeyRing
from sandbox.shop import EmbeddedShop
from temporal.client import TemporalTarget, connect

WORKFLOW_TASK = "workflow task"


class Hop(NamedTuple):
    """A piece of work that Temporal handed to a worker; seconds."""

    what: str
    waited: float
    """From being scheduled to being started."""
    took: float
    """From being started to its end being written down."""


class Histories(NamedTuple):
    """The histories of many purchases."""

    events: Sequence[int]
    hops: Sequence[Hop]

    def report(self) -> None:
        """Print the mean number of events, and each hop's wait and length."""
        by_name: dict[str, list[Hop]] = defaultdict(list)
        for hop in self.hops:
            by_name[hop.what].append(hop)
        purchases = len(self.events)
        show(
            f"Hops of {purchases} purchases ({mean(self.events):.1f} events each)",
            ("hop", "a purchase", "waited p50 ms", "p95", "took p50 ms", "p95"),
            [_row(name, hops, purchases) for name, hops in by_name.items()],
        )


async def read_histories(shop: EmbeddedShop, since: datetime) -> Histories:
    """The purchases that began since then and are over."""
    client = await connect_to(shop)
    events: list[int] = []
    hops: list[Hop] = []
    async for history in _of_purchases(client, since):
        events.append(len(history))
        hops += _hops(history)
    return Histories(events, hops)


async def connect_to(shop: EmbeddedShop) -> Client:
    """The shop's own view of its Temporal server."""
    target = TemporalTarget(address=shop.addresses.temporal, namespace=shop.plan.namespace)
    return await connect(target, KeyRing.parse(shop.secrets.encryption_keys))


async def _of_purchases(client: Client, since: datetime) -> AsyncIterator[Sequence[HistoryEvent]]:
    query = f"WorkflowType = 'Purchase' and StartTime >= '{since.isoformat()}'"
    async for found in client.list_workflows(query):
        handle = client.get_workflow_handle(found.id, run_id=found.run_id)
        yield (await handle.fetch_history()).events


def _hops(history: Sequence[HistoryEvent]) -> Iterator[Hop]:
    """Every workflow task and activity from its three events."""
    by_id = {event.event_id: event for event in history}
    for event in history:
        ends = _ended_by(event)
        if ends is not None:
            scheduled, started = by_id[ends[0]], by_id[ends[1]]
            name = scheduled.activity_task_scheduled_event_attributes.activity_type.name
            yield Hop(name or WORKFLOW_TASK, _between(scheduled, started), _between(started, event))


def _ended_by(event: HistoryEvent) -> tuple[int, int] | None:
    """The ids of the scheduling and the start that this event completes."""
    if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
        task = event.workflow_task_completed_event_attributes
        return task.scheduled_event_id, task.started_event_id
    if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
        activity = event.activity_task_completed_event_attributes
        return activity.scheduled_event_id, activity.started_event_id
    return None


def _between(earlier: HistoryEvent, later: HistoryEvent) -> float:
    gap = later.event_time.ToDatetime() - earlier.event_time.ToDatetime()
    return gap.total_seconds()


def _row(name: str, hops: Sequence[Hop], purchases: int) -> list[str]:
    waited = Latencies.of([hop.waited for hop in hops])
    took = Latencies.of([hop.took for hop in hops])
    spans = (waited.p50, waited.p95, took.p50, took.p95)
    return [name, f"{len(hops) / purchases:.1f}", *(f"{value:.0f}" for value in spans)]
