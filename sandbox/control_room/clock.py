"""The clock: jumps of one workflow's own time, and of the payment hour.

A jump moves one workflow's clock on the Temporal server. The ledger, the bot's screens and YooKassa
go on reading this machine's: what that looks like is in docs/sandbox.md.
"""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import TimeSkipper

from sandbox.control_room.flights import Flights
from sandbox.control_room.views import (
    FlightBoard,
    JumpView,
    Moment,
    PaymentHourView,
    WorkflowView,
)
from sandbox.yookassa.client import YooKassaSandbox

SHORTLY = timedelta(seconds=5)
"""A jump ends so long before its moment, for whoever wants to watch it come."""
PAYMENT_HOUR = timedelta(hours=1)
"""How long YooKassa's payment pages live."""
JUMP_SECONDS = 20.0
_UNPAID = ("preparing", "awaiting_payment")


class CannotJump(Exception):
    """The clock cannot be turned so; the message says why."""


class Clock:
    """Turns workflows' clocks on the running server."""

    def __init__(self, client: Client, flights: Flights, kassa: YooKassaSandbox) -> None:
        self._client = client
        self._flights = flights
        self._kassa = kassa
        self._skipper = TimeSkipper(client)
        self.jumps: list[JumpView] = []
        """Every jump of one workflow so far."""

    async def jump(self, workflow_id: str, moment: Moment) -> JumpView:
        """Turn a workflow's clock to shortly before a moment.

        Raises:
            CannotJump: There is no such workflow, no such moment ahead, or it is busy.
        """
        workflow = await self._find(workflow_id)
        target = _target(workflow, moment)
        by = _distance(target - _its_now(workflow))
        await self._turn(workflow_id, by)
        turned = JumpView(
            workflow_id=workflow_id,
            moment=moment,
            target=target,
            skipped_seconds=by.total_seconds(),
        )
        self.jumps.append(turned)
        return turned

    async def skip_payment_hour(self, board: FlightBoard) -> PaymentHourView:
        """Let every open payment page's hour pass: on YooKassa's clock, and its purchase's own."""
        now = await self._kassa.advance(PAYMENT_HOUR)
        unpaid = [each.workflow_id for each in board.running if each.stage in _UNPAID]
        for workflow_id in unpaid:
            # Most are over by now: YooKassa told them that the page has expired.
            with suppress(CannotJump):
                await self._turn(workflow_id, PAYMENT_HOUR)
        return PaymentHourView(kassa_now=now, purchases=tuple(unpaid))

    async def _find(self, workflow_id: str) -> WorkflowView:
        try:
            workflow = await self._flights.find(workflow_id)
        except RPCError as error:
            raise CannotJump(f"Temporal knows nothing of {workflow_id}: {error.message}") from error
        if workflow.ended_at is not None:
            raise CannotJump(f"{workflow_id} is over")
        return workflow

    async def _turn(self, workflow_id: str, by: timedelta) -> None:
        handle = self._client.get_workflow_handle(workflow_id)
        try:
            async with asyncio.timeout(JUMP_SECONDS):
                await self._skipper.fast_forward(handle, by)
        except TimeoutError:
            raise CannotJump("it is busy: its clock moves only while it sleeps") from None
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise CannotJump(f"{workflow_id} is over") from error
            raise CannotJump(error.message) from error


def _distance(ahead: timedelta) -> timedelta:
    """How far to jump towards a moment that is so far ahead."""
    if ahead < timedelta(0):
        raise CannotJump("that moment has passed")
    if ahead <= SHORTLY:
        raise CannotJump("that moment is only seconds away: just watch it come")
    return ahead - SHORTLY


def _its_now(workflow: WorkflowView) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=workflow.ahead_seconds)


def _target(workflow: WorkflowView, moment: Moment) -> datetime:
    if moment is Moment.END:
        if workflow.paid_until is None:
            raise CannotJump("it has no end: PaidUntil is not among its search attributes")
        return workflow.paid_until
    if workflow.wakes_at is None:
        raise CannotJump("it waits for no timer now")
    if moment is Moment.REMINDER and _is_the_end(workflow):
        raise CannotJump("no reminder is ahead of the end: all were sent, or the time is too short")
    return workflow.wakes_at


def _is_the_end(workflow: WorkflowView) -> bool:
    """Whether its next timer is that of the end: it is cut to milliseconds, so not quite equal."""
    if workflow.paid_until is None or workflow.wakes_at is None:
        return True
    return workflow.wakes_at > workflow.paid_until - timedelta(seconds=1)
