"""The guided tour: five stories, each a few marks that tick themselves off by what really happens.

A mark is reached when the scene shows it, whoever brought that about and by whichever way: the
tour watches Temporal, YooKassa, Telegram and the processes, not the page's buttons.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from sandbox.control_room.views import (
    MarkView,
    Moment,
    OutageKind,
    ProcessName,
    Scene,
    StopView,
    TourView,
    WorkflowView,
)
from sandbox.supervision import Condition

Sees = Callable[[Scene, Scene], bool]
"""Whether a mark is reached: by the present scene, and the one in which its stop began."""

NODE_OUTAGES = (OutageKind.NODE_DOWN, OutageKind.NODE_HANGS)


class StopId(StrEnum):
    """The stories, in their order."""

    BUY = "buy"
    PARK = "park"
    KILL = "kill"
    CLOCK = "clock"
    RENEW = "renew"


class MarkId(StrEnum):
    """What there is to do or to see."""

    STARTED = "started"
    CHOSEN = "chosen"
    PAID = "paid"
    DELIVERED = "delivered"
    BROKEN = "broken"
    PARKED = "parked"
    MENDED = "mended"
    RETRIED = "retried"
    KILLED = "killed"
    REVIVED = "revived"
    TURNED = "turned"
    REMINDED = "reminded"
    RENEWED = "renewed"


class Mark(NamedTuple):
    """One thing to do or to see."""

    id: MarkId
    is_reached: Sees


class Stop(NamedTuple):
    """One story."""

    id: StopId
    marks: tuple[Mark, ...]


# What marks look at


def _purchases(scene: Scene) -> dict[str, WorkflowView]:
    """The newest run of each purchase."""
    newest_last = reversed((*scene.flights.running, *scene.flights.landed))
    return {each.workflow_id: each for each in newest_last if each.type == "Purchase"}


def _new_purchases(now: Scene, began: Scene) -> list[WorkflowView]:
    before = _purchases(began)
    return [each for key, each in _purchases(now).items() if key not in before]


def _new_purchase_is(*stages: str) -> Sees:
    return lambda now, began: any(each.stage in stages for each in _new_purchases(now, began))


def _somebody_started(now: Scene, began: Scene) -> bool:
    before = {each.user_id for each in began.customers if each.has_started}
    started = {each.user_id for each in now.customers if each.has_started}
    return bool(started - before) or _somebody_chose(now, began)


def _somebody_chose(now: Scene, began: Scene) -> bool:
    return bool(_new_purchases(now, began))


def _somebody_paid(now: Scene, began: Scene) -> bool:
    return bool(set(now.payments) - set(began.payments))


def _node_is_broken(now: Scene, _: Scene) -> bool:
    return now.is_on(*NODE_OUTAGES)


def _node_is_well(now: Scene, _: Scene) -> bool:
    return not now.is_on(*NODE_OUTAGES)


def _worker_died(now: Scene, began: Scene) -> bool:
    return now.process(ProcessName.WORKER).deaths > began.process(ProcessName.WORKER).deaths


def _worker_runs(now: Scene, _: Scene) -> bool:
    return now.process(ProcessName.WORKER).condition is Condition.RUNNING


def _clock_was_turned(now: Scene, began: Scene) -> bool:
    return any(each.moment is Moment.REMINDER for each in now.jumps[len(began.jumps) :])


def _reminder_was_sent(now: Scene, began: Scene) -> bool:
    """Its timer has rung, what it woke for is done, and it sleeps until its next one."""
    targets = {
        each.workflow_id: each.target
        for each in now.jumps[len(began.jumps) :]
        if each.moment is Moment.REMINDER
    }
    return any(
        each.workflow_id in targets
        and each.wakes_at is not None
        and each.wakes_at > targets[each.workflow_id]
        and not each.doing
        for each in now.flights.running
    )


def _delivered_and_under_way(now: Scene, began: Scene) -> bool:
    """The purchase is done, and its subscription has heard of it.

    Right after a worker's death that takes a few seconds more: Temporal first offers the news to
    the worker that had the subscription in memory. A jump before that would aim at yesterday's
    reminder.
    """
    before = {each.workflow_id: each.paid_until for each in began.flights.running}
    return _new_purchase_is("done")(now, began) and any(
        each.paid_until is not None and each.paid_until != before.get(each.workflow_id)
        for each in now.flights.running
    )


def _subscription_was_extended(now: Scene, began: Scene) -> bool:
    before = {each.workflow_id: each.paid_until for each in began.flights.running}
    return any(
        each.paid_until is not None and each.paid_until > end
        for each in now.flights.running
        if (end := before.get(each.workflow_id)) is not None
    )


ITINERARY = (
    Stop(
        StopId.BUY,
        (
            Mark(MarkId.STARTED, _somebody_started),
            Mark(MarkId.CHOSEN, _somebody_chose),
            Mark(MarkId.PAID, _somebody_paid),
            Mark(MarkId.DELIVERED, _new_purchase_is("done")),
        ),
    ),
    Stop(
        StopId.PARK,
        (
            Mark(MarkId.BROKEN, _node_is_broken),
            Mark(MarkId.PAID, _somebody_paid),
            Mark(MarkId.PARKED, _new_purchase_is("stuck")),
            Mark(MarkId.MENDED, _node_is_well),
            Mark(MarkId.RETRIED, _new_purchase_is("done", "refunded")),
        ),
    ),
    Stop(
        StopId.KILL,
        (
            Mark(MarkId.CHOSEN, _somebody_chose),
            Mark(MarkId.KILLED, _worker_died),
            Mark(MarkId.PAID, _somebody_paid),
            Mark(MarkId.REVIVED, _worker_runs),
            Mark(MarkId.DELIVERED, _delivered_and_under_way),
        ),
    ),
    Stop(
        StopId.CLOCK,
        (
            Mark(MarkId.TURNED, _clock_was_turned),
            Mark(MarkId.REMINDED, _reminder_was_sent),
        ),
    ),
    Stop(
        StopId.RENEW,
        (
            Mark(MarkId.PAID, _somebody_paid),
            Mark(MarkId.RENEWED, _subscription_was_extended),
        ),
    ),
)


class Tour:
    """Where the visitor is on the tour."""

    def __init__(self, itinerary: tuple[Stop, ...] = ITINERARY) -> None:
        self._itinerary = itinerary
        self._at = 0
        self._reached = 0
        self._began: Scene | None = None
        self._skipped: set[StopId] = set()

    def look(self, scene: Scene) -> TourView:
        """Tick off what the scene shows; marks are reached in their order."""
        while (stop := self._stop) is not None:
            if self._began is None:
                self._began = scene
            self._tick(stop, scene, self._began)
            if self._reached < len(stop.marks):
                break
            self._go_on()
        return self._view()

    def skip(self) -> None:
        """Leave the present stop."""
        if (stop := self._stop) is not None:
            self._skipped.add(stop.id)
            self._go_on()

    def restart(self) -> None:
        """Begin again."""
        self._at, self._reached, self._began = 0, 0, None
        self._skipped.clear()

    @property
    def _stop(self) -> Stop | None:
        return self._itinerary[self._at] if self._at < len(self._itinerary) else None

    def _tick(self, stop: Stop, scene: Scene, began: Scene) -> None:
        for mark in stop.marks[self._reached :]:
            if not mark.is_reached(scene, began):
                return
            self._reached += 1

    def _go_on(self) -> None:
        self._at, self._reached, self._began = self._at + 1, 0, None

    def _view(self) -> TourView:
        stop = self._stop
        return TourView(
            stops=tuple(self._show(at, each) for at, each in enumerate(self._itinerary)),
            stop=stop.id if stop else None,
            mark=stop.marks[self._reached].id if stop else None,
        )

    def _show(self, at: int, stop: Stop) -> StopView:
        reached = len(stop.marks) if at < self._at else self._reached if at == self._at else 0
        marks = tuple(
            MarkView(id=mark.id, is_reached=number < reached and stop.id not in self._skipped)
            for number, mark in enumerate(stop.marks)
        )
        return StopView(id=stop.id, marks=marks, is_skipped=stop.id in self._skipped)
