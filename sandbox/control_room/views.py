"""What the control room shows and takes: shared by its routes, its page and its client."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, computed_field

from sandbox.supervision import Condition


class View(BaseModel):
    """A part of what there is to see."""

    model_config = ConfigDict(frozen=True)


class OutageKind(StrEnum):
    """What can be broken on purpose."""

    NODE_DOWN = "node_down"
    """The VPN nodes refuse SSH; connections that exist are reset."""
    NODE_HANGS = "node_hangs"
    """They accept connections and never answer."""
    NODE_SLOW = "node_slow"
    """Every piece of data to and from them takes a second longer."""
    KASSA_ERROR_AFTER = "kassa_error_after"
    """YooKassa does what the next calls ask (payment, refund), and answers 500."""
    KASSA_DOWN = "kassa_down"
    """Connections to YooKassa break, the payment page's too."""
    NOTIFICATIONS_LOST = "notifications_lost"
    """YooKassa's notifications do not arrive."""
    NOTIFICATIONS_DOUBLED = "notifications_doubled"
    """They arrive twice."""
    TELEGRAM_FLOOD = "telegram_flood"
    """Telegram answers the bot's next calls with 429 and `retry_after`."""
    BOT_BLOCKED = "bot_blocked"
    """The newest customer who pressed START blocks the bot."""
    WORKER_DOWN = "worker_down"
    """The worker gets SIGKILL and stays away."""
    API_DOWN = "api_down"
    """The API, which takes webhooks, gets SIGKILL and stays away."""
    POSTGRES_DOWN = "postgres_down"
    """PostgreSQL gets SIGKILL."""
    TEMPORAL_DOWN = "temporal_down"
    """The Temporal server gets SIGKILL."""


class OutageView(View):
    """An outage, and whether it is in force now."""

    kind: OutageKind
    is_on: bool
    left: int | None = None
    """How many calls it will still spoil, where it is used up."""
    whom: str | None = None
    """Who is meant, where it is somebody."""


class OutageOrder(View):
    """Break it, or mend it."""

    is_on: bool


class ProcessName(StrEnum):
    """The shop's own processes."""

    WORKER = "worker"
    API = "api"


class ProcessView(View):
    """One of the shop's processes under its supervisor."""

    name: ProcessName
    condition: Condition
    deaths: int


class StepView(View):
    """What a workflow is doing now."""

    activity: str
    attempt: int


class WorkflowView(View):
    """A workflow as Temporal's visibility tells of it, without its payloads, which are encrypted.

    What is added for running ones comes from `describe` and, for timers, from the history.
    """

    workflow_id: str
    run_id: str
    type: str
    status: str
    stage: str | None = None
    """The search attribute PurchaseStage."""
    server: str | None = None
    """The search attribute VpnServer."""
    paid_until: datetime | None = None
    """The search attribute PaidUntil."""
    attributes: dict[str, str] = {}
    """Further search attributes of the shop's."""
    began_at: datetime
    """On its own clock."""
    ended_at: datetime | None = None
    ahead_seconds: float = 0
    """How far its own clock was turned ahead of this machine's."""
    wakes_at: datetime | None = None
    """When its next timer rings, on its own clock."""
    doing: tuple[StepView, ...] = ()
    link: str | None = None
    """Into the Temporal UI."""


class FlightBoard(View):
    """What is in flight, newest first, and what landed lately."""

    is_reachable: bool
    """Whether the Temporal server answers."""
    running: tuple[WorkflowView, ...] = ()
    landed: tuple[WorkflowView, ...] = ()
    running_total: int = 0
    """More than are listed, perhaps."""

    @computed_field
    def by_type(self) -> dict[str, int]:
        """How many of each type are listed as running."""
        types = [each.type for each in self.running]
        return {kind: types.count(kind) for kind in sorted(set(types))}


class Moment(StrEnum):
    """Where to turn a workflow's clock: to a few seconds before this."""

    REMINDER = "reminder"
    """A subscription's next timer before its end: it wakes then to remind."""
    END = "end"
    """A subscription's end, its search attribute PaidUntil."""
    NEXT_TIMER = "next_timer"
    """Whatever any workflow waits for."""


class Jump(View):
    """Turn one workflow's clock."""

    workflow_id: str
    moment: Moment


class JumpView(View):
    """A clock that was turned."""

    workflow_id: str
    moment: Moment
    target: datetime
    skipped_seconds: float


class PaymentHourView(View):
    """The payment hour that was skipped."""

    kassa_now: datetime
    """The YooKassa sandbox's clock afterwards."""
    purchases: tuple[str, ...]
    """Workflows whose clocks were turned with it."""


class CustomerView(View):
    """Somebody with a phone who is not staff."""

    user_id: int
    name: str
    language: str | None
    has_started: bool
    has_blocked: bool


class Scene(View):
    """Everything that is watched, at one moment."""

    outages: tuple[OutageView, ...]
    processes: tuple[ProcessView, ...]
    flights: FlightBoard
    customers: tuple[CustomerView, ...]
    payments: tuple[str, ...]
    """The ids of payments that succeeded."""
    jumps: tuple[JumpView, ...] = ()

    def is_on(self, *kinds: OutageKind) -> bool:
        """Whether one of these outages is in force."""
        return any(each.is_on for each in self.outages if each.kind in kinds)

    def process(self, name: ProcessName) -> ProcessView:
        """One of the shop's processes."""
        return next(each for each in self.processes if each.name is name)


class MarkView(View):
    """One thing to do or to see on the tour."""

    id: str
    is_reached: bool


class StopView(View):
    """One story of the tour."""

    id: str
    marks: tuple[MarkView, ...]
    is_skipped: bool = False

    @computed_field
    def is_over(self) -> bool:
        """Whether it needs nobody any more."""
        return self.is_skipped or all(mark.is_reached for mark in self.marks)


class TourView(View):
    """The guided tour: what has been seen, and what comes next."""

    stops: tuple[StopView, ...]
    stop: str | None
    """The present stop; None when the tour is over."""
    mark: str | None
    """What it waits for."""


class Places(View):
    """Where everything is."""

    chat: str
    payment_page: str
    temporal_ui: str | None
    api_docs: str


class Guest(View):
    """The customer who is ready for a visitor of this language."""

    language: str
    user_id: int


class RoomState(Scene):
    """The whole room."""

    now: datetime
    places: Places
    guests: tuple[Guest, ...]
    staff_chat: int
    tour: TourView


class Done(View):
    """It is done."""

    ok: bool = True
