"""The tour ticks off what really happened, in its order, whoever brought it about."""

from datetime import UTC, datetime, timedelta

from sandbox.control_room.tour import ITINERARY, MarkId, StopId, Tour
from sandbox.control_room.views import (
    CustomerView,
    FlightBoard,
    JumpView,
    Moment,
    OutageKind,
    OutageView,
    ProcessName,
    ProcessView,
    Scene,
    StepView,
    WorkflowView,
)
from sandbox.supervision import Condition

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def customer(*, has_started: bool) -> CustomerView:
    return CustomerView(
        user_id=7, name="Anna", language="en", has_started=has_started, has_blocked=False
    )


def purchase(number: int, stage: str) -> WorkflowView:
    return WorkflowView(
        workflow_id=f"purchase:{number}",
        run_id=f"{number}",
        type="Purchase",
        status="running",
        stage=stage,
        began_at=NOON,
    )


def subscription(**details: object) -> WorkflowView:
    plain = WorkflowView(
        workflow_id="subscription:1",
        run_id="s",
        type="Subscription",
        status="running",
        paid_until=NOON + timedelta(days=30),
        wakes_at=NOON + timedelta(days=29),
        began_at=NOON,
    )
    return plain.model_copy(update=details)


def scene(*workflows: WorkflowView, **details: object) -> Scene:
    calm = Scene(
        outages=(),
        processes=(worker(),),
        flights=FlightBoard(is_reachable=True, running=workflows),
        customers=(customer(has_started=True),),
        payments=(),
    )
    return calm.model_copy(update=details)


def worker(condition: Condition = Condition.RUNNING, deaths: int = 0) -> ProcessView:
    return ProcessView(name=ProcessName.WORKER, condition=condition, deaths=deaths)


def tour_of(stop: StopId) -> Tour:
    return Tour(tuple(each for each in ITINERARY if each.id is stop))


def walk(stop: StopId, *scenes: Scene) -> list[str | None]:
    """What the tour waits for after each scene."""
    tour = tour_of(stop)
    return [tour.look(each).mark for each in scenes]


def test_the_first_story_goes_from_start_to_the_key() -> None:
    assert walk(
        StopId.BUY,
        scene(customers=(customer(has_started=False),)),
        scene(),
        scene(purchase(1, "awaiting_payment")),
        scene(purchase(1, "paid"), payments=("p1",)),
        scene(purchase(1, "done"), payments=("p1",)),
    ) == ["started", "chosen", "paid", "delivered", None]


def test_what_happens_between_two_looks_is_ticked_off_together() -> None:
    done = scene(purchase(1, "done"), payments=("p1",))
    assert walk(StopId.BUY, scene(), done) == ["started", None]


def test_who_started_before_does_not_count_but_may_buy() -> None:
    told = walk(StopId.BUY, scene(), scene(), scene(purchase(1, "awaiting_payment")))
    assert told == ["started", "started", "paid"]


def test_purchases_from_before_a_story_do_not_count() -> None:
    before = scene(purchase(1, "done"), payments=("p1",))
    assert walk(StopId.BUY, before, before) == ["started", "started"]


def test_a_purchase_parks_while_the_node_is_down_and_goes_on_by_a_retry() -> None:
    down = (OutageView(kind=OutageKind.NODE_DOWN, is_on=True),)
    paid: dict[str, object] = {"payments": ("p1",)}
    assert walk(
        StopId.PARK,
        scene(),
        scene(outages=down),
        scene(purchase(1, "delayed"), outages=down, **paid),
        scene(purchase(1, "stuck"), outages=down, **paid),
        scene(purchase(1, "stuck"), **paid),
        scene(purchase(1, "done"), **paid),
    ) == ["broken", "paid", "parked", "mended", "retried", None]


def test_the_money_given_back_ends_the_story_too() -> None:
    down = (OutageView(kind=OutageKind.NODE_DOWN, is_on=True),)
    story = (
        scene(),
        scene(purchase(1, "stuck"), outages=down, payments=("p1",)),
        scene(purchase(1, "refunded"), payments=("p1",)),
    )
    assert walk(StopId.PARK, *story)[-1] is None


def test_a_worker_that_died_long_ago_does_not_count() -> None:
    assert walk(
        StopId.KILL,
        scene(processes=(worker(deaths=3),)),
        scene(purchase(1, "awaiting_payment"), processes=(worker(deaths=3),)),
        scene(purchase(1, "awaiting_payment"), processes=(worker(Condition.KEPT_DOWN, 4),)),
    ) == ["chosen", "killed", "paid"]


def test_a_killed_worker_comes_back_and_delivers() -> None:
    dead = {"processes": (worker(Condition.KEPT_DOWN, 1),), "payments": ("p1",)}
    alive = {"processes": (worker(deaths=1),), "payments": ("p1",)}
    extended = subscription(paid_until=NOON + timedelta(days=60))
    assert walk(
        StopId.KILL,
        scene(subscription()),
        scene(purchase(1, "awaiting_payment"), subscription(), **dead),
        scene(purchase(1, "awaiting_payment"), subscription(), **alive),
        scene(purchase(1, "done"), subscription(), **alive),
        scene(purchase(1, "done"), extended, **alive),
    ) == ["chosen", "revived", "delivered", "delivered", None]


def jumped(moment: Moment) -> tuple[JumpView, ...]:
    target = NOON + timedelta(days=29)
    return (
        JumpView(workflow_id="subscription:1", moment=moment, target=target, skipped_seconds=9),
    )


def test_the_reminder_is_sent_when_its_timer_rang_and_what_it_woke_for_is_done() -> None:
    later = NOON + timedelta(days=30)
    sending = (StepView(activity="remind", attempt=1),)
    jumps = jumped(Moment.REMINDER)
    assert walk(
        StopId.CLOCK,
        scene(subscription()),
        scene(subscription(), jumps=jumps),
        scene(subscription(wakes_at=None, doing=sending), jumps=jumps),
        scene(subscription(wakes_at=later, doing=sending), jumps=jumps),
        scene(subscription(wakes_at=later), jumps=jumps),
    ) == ["turned", "reminded", "reminded", "reminded", None]


def test_a_jump_to_the_end_is_no_jump_to_the_reminder() -> None:
    told = walk(StopId.CLOCK, scene(subscription()), scene(jumps=jumped(Moment.END)))
    assert told == ["turned", "turned"]


def test_a_renewal_moves_the_end() -> None:
    extended = subscription(paid_until=NOON + timedelta(days=60))
    assert walk(
        StopId.RENEW,
        scene(subscription()),
        scene(subscription(), payments=("p1",)),
        scene(extended, payments=("p1",)),
    ) == ["paid", "renewed", None]


def test_a_story_can_be_left_out_and_all_begun_again() -> None:
    tour = Tour()
    assert tour.look(scene()).stop == StopId.BUY
    tour.skip()
    view = tour.look(scene())
    assert (view.stop, view.mark) == (StopId.PARK, MarkId.BROKEN)
    assert view.stops[0].is_skipped
    assert view.stops[0].is_over
    assert not any(mark.is_reached for mark in view.stops[0].marks)
    tour.restart()
    view = tour.look(scene())
    assert view.stop == StopId.BUY
    assert not any(each.is_over for each in view.stops)


def test_after_the_last_story_there_is_nothing_left() -> None:
    tour = Tour()
    for _ in ITINERARY:
        tour.skip()
    tour.skip()
    view = tour.look(scene())
    assert (view.stop, view.mark) == (None, None)
    assert all(each.is_over for each in view.stops)
