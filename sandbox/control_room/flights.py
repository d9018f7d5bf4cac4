"""What is in flight, of every workflow type there is, from Temporal's visibility and `describe`.

Payloads are encrypted and stay so: what is shown is what an operator without the key sees.
"""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
)
from temporalio.service import RPCError

from sandbox.control_room.timers import Timers
from sandbox.control_room.views import FlightBoard, StepView, WorkflowView

ATTENTION = timedelta(seconds=3)
"""How long a question to Temporal may take."""
SHOWN_RUNNING = 60
SHOWN_LANDED = 40
_RUNNING = "ExecutionStatus = 'Running'"
_LANDED = "ExecutionStatus != 'Running' AND ExecutionStatus != 'ContinuedAsNew'"
_KNOWN = ("PurchaseStage", "VpnServer", "PaidUntil")
_TROUBLE = "TemporalReportedProblems"
"""The server's own search attribute for a workflow that a bug suspends."""


class Flights:
    """Looks at the workflows of one namespace."""

    def __init__(self, client: Client, ui: str | None) -> None:
        self._client = client
        self._ui = ui
        self._timers = Timers(client)
        self._of_earlier_futures: set[str] | None = None

    async def board(self) -> FlightBoard:
        """All that runs, newest first, and what closed lately."""
        try:
            running, landed, total = await asyncio.gather(
                self._list(_RUNNING, SHOWN_RUNNING),
                self._list(_LANDED, SHOWN_LANDED),
                self._client.count_workflows(_RUNNING, rpc_timeout=ATTENTION),
            )
            shown = await asyncio.gather(*(self.look(each) for each in running))
        except RPCError:
            return FlightBoard(is_reachable=False)
        self._timers.keep({each.run_id for each in running})
        return FlightBoard(
            is_reachable=True,
            running=shown,
            landed=tuple(self._view(each) for each in self._without_earlier_futures(landed)),
            running_total=total.count,
        )

    async def find(self, workflow_id: str) -> WorkflowView:
        """A workflow's present run. Raises `RPCError` where there is none."""
        handle = self._client.get_workflow_handle(workflow_id)
        return await self.look(await handle.describe(rpc_timeout=ATTENTION))

    async def look(self, execution: WorkflowExecution) -> WorkflowView:
        """A closer look: its clock, its timers, and what it is doing."""
        handle = self._client.get_workflow_handle(execution.id, run_id=execution.run_id)
        described = await handle.describe(rpc_timeout=ATTENTION)
        course = await self._timers.of(described)
        steps = described.raw_description.pending_activities
        return self._view(described).model_copy(
            update={
                "began_at": course.began_at,
                "ahead_seconds": _seconds_ahead(described),
                "wakes_at": course.next_ring,
                "doing": tuple(
                    StepView(activity=step.activity_type.name, attempt=max(step.attempt, 1))
                    for step in steps
                ),
            }
        )

    async def _list(self, query: str, limit: int) -> list[WorkflowExecution]:
        found = self._client.list_workflows(query, limit=limit, rpc_timeout=ATTENTION)
        return [each async for each in found]

    def _without_earlier_futures(
        self, landed: Iterable[WorkflowExecution]
    ) -> list[WorkflowExecution]:
        """Without those that an earlier demo ended in a turned future: newest for ever."""
        soon = datetime.now(UTC) + timedelta(minutes=5)
        ahead = {each.run_id for each in landed if each.close_time and each.close_time > soon}
        if self._of_earlier_futures is None:
            self._of_earlier_futures = ahead
        return [each for each in landed if each.run_id not in self._of_earlier_futures]

    def _view(self, execution: WorkflowExecution) -> WorkflowView:
        attributes = {
            pair.key.name: pair.value
            for pair in execution.typed_search_attributes.search_attributes
        }
        paid_until = attributes.get("PaidUntil")
        return WorkflowView(
            workflow_id=execution.id,
            run_id=execution.run_id,
            type=execution.workflow_type,
            status=_status(execution.status),
            stage=_text(attributes.get("PurchaseStage")),
            server=_text(attributes.get("VpnServer")),
            paid_until=paid_until if isinstance(paid_until, datetime) else None,
            attributes={
                name: str(value)
                for name, value in attributes.items()
                if name not in _KNOWN and _is_telling(name)
            },
            began_at=execution.start_time,
            ended_at=execution.close_time,
            link=self._link(execution),
        )

    def _link(self, execution: WorkflowExecution) -> str | None:
        if self._ui is None:
            return None
        place = f"{self._ui}/namespaces/{self._client.namespace}/workflows"
        return f"{place}/{quote(execution.id, safe='')}/{execution.run_id}/history"


def _is_telling(attribute: str) -> bool:
    """Whether it is the shop's, and not one that the server and the SDK keep for themselves."""
    return attribute == _TROUBLE or not attribute.startswith(("Temporal", "BuildIds"))


def _status(status: WorkflowExecutionStatus | None) -> str:
    return "unknown" if status is None else status.name.lower()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _seconds_ahead(described: WorkflowExecutionDescription) -> float:
    """How far its clock is ahead; tiny where it was never turned."""
    extended = described.raw_description.workflow_extended_info
    if not extended.HasField("time_skipping_info"):
        return 0
    ahead = moment(extended.time_skipping_info.current_time) - datetime.now(UTC)
    return round(max(ahead.total_seconds(), 0))


def moment(stamp: Timestamp) -> datetime:
    """A protobuf timestamp as an aware time."""
    return stamp.ToDatetime(UTC)
