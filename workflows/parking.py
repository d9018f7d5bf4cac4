"""A paid purchase that cannot go on by itself: it parks, calls a person, and waits."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.ledger import LedgerActivities, RecordRepair
    from activities.notices import NoticeActivities
    from domain.purchases import (
        Alarm,
        PurchaseStage,
        Repair,
        RepairAction,
        StuckReason,
        repair_refusal,
        repairs_for,
    )
    from workflows.options import ALARM, LEDGER
    from workflows.progress import Problem, Progress

_UNATTENDED = {
    StuckReason.SERVER: (RepairAction.OTHER_SERVER, RepairAction.REFUND),
    StuckReason.CAPACITY: (RepairAction.REFUND,),
}
"""What is done, in turn, when nobody comes. Doubts about money wait for a person."""

NOBODY = "policy"
"""The actor in the audit log when no person came in time."""


class Parking:
    """Waits for a person's decision; after the policy's patience it decides itself where it may."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._repair: Repair | None = None
        self._occasions = 0
        self._unattended = 0

    def refusal(self, repair: Repair) -> str | None:
        """Why the repair makes no sense now, or None when it does."""
        problem = self._progress.problem
        reason = problem.reason if problem else None
        if self._repair is not None and self._progress.stage is PurchaseStage.STUCK:
            return f"{self._repair.action} by {self._repair.actor} is already under way"
        return repair_refusal(self._progress.stage, reason, repair.action)

    def decide(self, repair: Repair) -> None:
        """Take a person's decision."""
        self._repair = repair

    async def decision(self, problem: Problem) -> RepairAction:
        """Park because of the problem until somebody decides."""
        self._occasions += 1
        self._repair = None
        self._progress.enter(PurchaseStage.STUCK, problem=problem)
        await self._progress.publish()
        alarm = workflow.start_activity_method(
            NoticeActivities.raise_alarm, self._alarm(problem), summary="alarm", **ALARM
        )
        repair = await self._decided(problem)
        alarm.cancel()
        await self._record(repair)
        return repair.action

    async def _record(self, repair: Repair) -> None:
        await workflow.execute_activity_method(
            LedgerActivities.record_repair,
            RecordRepair(
                purchase_id=self._progress.order.purchase_id, repair=repair, at=workflow.now()
            ),
            summary=f"{repair.action} by {repair.actor}",
            **LEDGER,
        )

    async def _decided(self, problem: Problem) -> Repair:
        try:
            await workflow.wait_condition(
                lambda: self._repair is not None,
                timeout=self._patience(problem),
                timeout_summary="wait for a repair",
            )
        except TimeoutError:
            self._repair = self._repair or self._unattended_repair(problem)
        assert self._repair is not None  # noqa: S101  # waited for, or made
        return self._repair

    def _patience(self, problem: Problem) -> timedelta | None:
        if problem.reason in _UNATTENDED:
            return self._progress.order.policy.park_patience
        return None

    def _unattended_repair(self, problem: Problem) -> Repair:
        steps = _UNATTENDED[problem.reason]
        step = steps[min(self._unattended, len(steps) - 1)]
        self._unattended += 1
        return Repair(action=step, actor=NOBODY)

    def _alarm(self, problem: Problem) -> Alarm:
        order = self._progress.order
        return Alarm(
            purchase_id=order.purchase_id,
            user_id=order.user_id,
            reason=problem.reason,
            detail=problem.detail,
            occasion=self._occasions,
            repairs=repairs_for(problem.reason),
        )
