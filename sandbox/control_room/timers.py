"""When a workflow wakes next, from its history: timers stand plain beside sealed payloads."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowExecutionDescription


class Course(NamedTuple):
    """When a run began and when its timers ring, on its own clock."""

    began_at: datetime
    rings: tuple[datetime, ...]

    @property
    def next_ring(self) -> datetime | None:
        """The first of them."""
        return self.rings[0] if self.rings else None


class Timers:
    """Remembers what each run's history said, until the history grows."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, tuple[int, Course]] = {}

    async def of(self, described: WorkflowExecutionDescription) -> Course:
        """The run's course."""
        length = described.history_length
        known = self._known.get(described.run_id)
        if known is not None and known[0] == length:
            return known[1]
        handle = self._client.get_workflow_handle(described.id, run_id=described.run_id)
        course = _course((await handle.fetch_history()).events)
        self._known[described.run_id] = (length, course)
        return course

    def keep(self, run_ids: set[str]) -> None:
        """Forget all other runs."""
        self._known = {run: known for run, known in self._known.items() if run in run_ids}


def _course(events: Sequence[HistoryEvent]) -> Course:
    # The start event, not visibility: there the start of a run that continues one with a turned
    # clock is as far ahead again (server 1.32).
    rings: dict[str, datetime] = {}
    for event in events:
        match event.event_type:
            case EventType.EVENT_TYPE_TIMER_STARTED:
                timer = event.timer_started_event_attributes
                began = event.event_time.ToDatetime(UTC)
                rings[timer.timer_id] = began + timer.start_to_fire_timeout.ToTimedelta()
            case EventType.EVENT_TYPE_TIMER_FIRED:
                rings.pop(event.timer_fired_event_attributes.timer_id, None)
            case EventType.EVENT_TYPE_TIMER_CANCELED:
                rings.pop(event.timer_canceled_event_attributes.timer_id, None)
    return Course(events[0].event_time.ToDatetime(UTC), tuple(sorted(rings.values())))
