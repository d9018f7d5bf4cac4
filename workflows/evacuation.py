"""Every customer of a server moves to another one, however often that is interrupted.

What was decided is in the ledger, device by device, so a run needs to know nothing but the order:
it goes on from wherever the last one was. Deciding, setting up and telling go in small batches, at
the operator's pace. The old server lets go of its peers last, in a run of its own, for as long as
it takes: a dead one holds up nobody.

A server with a new key is the same story without the moving.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.evacuation import EvacuationActivities, RelocationActivities
    from domain.evacuation import (
        Evacuation,
        EvacuationCause,
        EvacuationOrder,
        EvacuationPhase,
        EvacuationProgress,
        NextBatch,
        NextUnfinished,
        Relocation,
        ServerToClear,
        Tally,
    )
    from domain.ids import DeviceId
    from workflows import options
    from workflows.clearing import start_clearing

BATCHES_PER_RUN = 20
"""Then a new run begins, so that no history grows old."""

A_SECOND = timedelta(seconds=1)
SETTLING = timedelta(seconds=30)
"""For a device on its new server, before the next ones are let wait for it."""
TELLING = timedelta(seconds=20)
"""For a customer, while others still have to move."""
PATIENCE = timedelta(minutes=2)
"""For either, once all are decided about."""
PAUSE = timedelta(seconds=30)
A_MOMENT = timedelta(seconds=3)
"""For an old server that answers; without one everything goes on all the same."""


@workflow.defn(name="Evacuation")
class EvacuationWorkflow:
    """One server's customers; run again, it goes on."""

    @workflow.init
    def __init__(self, order: EvacuationOrder) -> None:
        self._order = order
        self._progress = EvacuationProgress(order=order)
        self._tells = True
        """False once Telegram did not answer: files then follow when all have moved."""
        self._batches = 0

    @workflow.run
    async def run(self, order: EvacuationOrder) -> EvacuationProgress:
        """Move everybody, see that everybody knows, and let the old server go."""
        evacuation = await workflow.execute_activity_method(
            EvacuationActivities.begin_evacuation,
            order,
            summary=f"{order.cause}: {order.source} to {order.target}",
            **options.LEDGER,
        )
        if order.cause is EvacuationCause.EVACUATION:
            await self._move_everybody(evacuation)
        await self._finish_everybody(evacuation)
        await workflow.execute_activity_method(
            EvacuationActivities.finish_evacuation, evacuation.evacuation_id, **options.LEDGER
        )
        if order.cause is EvacuationCause.EVACUATION:
            await self._clear(evacuation)
        self._enter(EvacuationPhase.DONE)
        return self._progress

    @workflow.query
    def progress(self) -> EvacuationProgress:
        """How far it is, and what holds it up."""
        return self._progress

    async def _move_everybody(self, evacuation: Evacuation) -> None:
        number = evacuation.next_batch
        while True:
            wanted = NextBatch(evacuation=evacuation, number=number, limit=self._order.pace)
            decided = await workflow.execute_activity_method(
                EvacuationActivities.decide_batch, wanted, **options.LEDGER
            )
            self._show(decided.tally)
            if decided.batch.relocations:
                await self._carry_out(decided.batch.relocations)
                number += 1
            elif not decided.tally.waiting:
                return
            if decided.batch.is_full:
                full = f"{self._order.target} is full: give it a larger --capacity"
                await self._wait_out(full, PAUSE)
            self._begin_anew_where_long()

    async def _carry_out(self, relocations: tuple[Relocation, ...]) -> None:
        """Set up and tell, for no less than a second; where nothing works, nobody else is moved."""
        while True:
            self._publish(self._progress.model_copy(update={"hindrance": None}))
            results = await asyncio.gather(
                *(self._relocate(one, SETTLING, TELLING) for one in relocations),
                workflow.sleep(A_SECOND, summary="no faster than the pace"),
            )
            if any(results) or self._progress.hindrance is None:
                return
            await self._wait_out(self._progress.hindrance, PAUSE)
            self._begin_anew_where_long()

    async def _finish_everybody(self, evacuation: Evacuation) -> None:
        """Come back to those who could not be set up or told at first, until there are none."""
        self._tells = True
        while await self._look_after_the_rest(evacuation):
            self._enter(EvacuationPhase.FINISHING)
            await self._wait_out(self._progress.hindrance or "some are left", PAUSE)
            self._tells = True

    async def _look_after_the_rest(self, evacuation: Evacuation) -> bool:
        """Once through all of them; whether any is left."""
        after: DeviceId | None = None
        is_left = False
        while True:
            wanted = NextUnfinished(evacuation=evacuation, after=after, limit=self._order.pace)
            rest = await workflow.execute_activity_method(
                EvacuationActivities.unfinished_relocations, wanted, **options.LEDGER
            )
            if not rest:
                return is_left
            self._enter(EvacuationPhase.FINISHING)
            done = await asyncio.gather(
                *(self._relocate(one, PATIENCE, PATIENCE) for one in rest),
                workflow.sleep(A_SECOND, summary="no faster than the pace"),
            )
            is_left = is_left or done.count(True) < len(rest) or not self._tells
            await self._count(evacuation)
            self._begin_anew_where_long()
            after = rest[-1].turn.device_id

    async def _relocate(self, one: Relocation, settling: timedelta, telling: timedelta) -> bool:
        """Set it up, then tell its owner; whether it is set up."""
        try:
            await workflow.execute_activity_method(
                RelocationActivities.settle_relocation,
                one,
                summary=f"put it onto {self._order.target}",
                schedule_to_close_timeout=settling,
                **options.SERVER,
            )
        except ActivityError as error:
            self._note_hindrance(f"{self._order.target} does not take a device", error)
            return False
        if self._tells:
            await self._tell(one, telling)
        return True

    async def _tell(self, one: Relocation, budget: timedelta) -> None:
        try:
            await workflow.execute_activity_method(
                EvacuationActivities.hand_out_file,
                one,
                summary="hand out the new file, if it is another one",
                schedule_to_close_timeout=budget,
                **options.DELIVERY,
            )
        except ActivityError as error:
            self._note_hindrance("a file cannot be handed out yet", error)
            self._tells = False

    async def _clear(self, evacuation: Evacuation) -> None:
        """The old server lets go: at once where it answers, else when it is back."""
        server = ServerToClear(server_id=evacuation.source_id, slug=self._order.source)
        clearing = await start_clearing(server)
        if clearing is not None:
            with suppress(TimeoutError):
                await workflow.wait_condition(clearing.done, timeout=A_MOMENT)
        await self._count(evacuation)

    async def _count(self, evacuation: Evacuation) -> None:
        self._show(
            await workflow.execute_activity_method(
                EvacuationActivities.tally_evacuation, evacuation.evacuation_id, **options.LEDGER
            )
        )

    async def _wait_out(self, hindrance: str, pause: timedelta) -> None:
        self._publish(self._progress.model_copy(update={"hindrance": hindrance}))
        await workflow.sleep(pause, summary="until the next try")
        self._publish(self._progress.model_copy(update={"hindrance": None}))

    def _note_hindrance(self, what: str, error: ActivityError) -> None:
        """One that is over by itself: the ledger knows what is left to do."""
        if is_cancelled_exception(error):
            raise error
        workflow.logger.warning("%s: %s", what, error.cause)
        self._publish(self._progress.model_copy(update={"hindrance": f"{what}: {error.cause}"}))

    def _begin_anew_where_long(self) -> None:
        self._batches += 1
        if self._batches >= BATCHES_PER_RUN or workflow.info().is_continue_as_new_suggested():
            workflow.continue_as_new(self._order)

    def _enter(self, phase: EvacuationPhase) -> None:
        self._publish(self._progress.model_copy(update={"phase": phase}))

    def _show(self, tally: Tally) -> None:
        self._publish(self._progress.model_copy(update={"tally": tally}))

    def _publish(self, progress: EvacuationProgress) -> None:
        self._progress = progress
        workflow.set_current_details(progress.in_words)
