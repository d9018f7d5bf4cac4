"""Moving a server's customers to another one, and handing out the files that change by it."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.devices import DeviceTurn
from domain.ids import DeviceId, EvacuationId, ServerId
from domain.model import Value

DEFAULT_PACE = 5
"""Devices a second: three messages to each are half of what Telegram lets a bot send."""

Pace = Annotated[int, Field(gt=0, le=50)]


class EvacuationCause(StrEnum):
    """Why customers' files may change."""

    EVACUATION = "evacuation"
    """They move to another server."""
    KEY_ROTATION = "key_rotation"
    """Their server has another key."""


class EvacuationOrder(Value):
    """What an operator wants, by the servers' slugs."""

    cause: EvacuationCause = EvacuationCause.EVACUATION
    source: str
    target: str
    """The same as `source` where only its key has changed."""
    pace: Pace = DEFAULT_PACE
    """Devices a second, at most."""


class Evacuation(Value):
    """An evacuation that is under way in the ledger."""

    evacuation_id: EvacuationId
    source_id: ServerId
    target_id: ServerId
    next_batch: int = 1
    """The first number that no step has used."""


class Relocation(Value):
    """A device that was moved, or whose file changed where it is."""

    evacuation_id: EvacuationId
    cause: EvacuationCause
    turn: DeviceTurn


class Batch(Value):
    """Devices that were decided about in one step."""

    relocations: tuple[Relocation, ...] = ()
    is_full: bool = False
    """Whether somebody is left for whom the target has no address."""


class NextBatch(Value):
    """Which step is asked for."""

    evacuation: Evacuation
    number: int
    limit: int


class NextUnfinished(Value):
    """Which page of those that are not finished is asked for."""

    evacuation: Evacuation
    after: DeviceId | None
    limit: int


class Handout(StrEnum):
    """What became of a moved device's file."""

    SENT = "sent"
    SAME_FILE = "same_file"
    """The one that the customer has works as it is, or its setup hands it over anyway."""
    UNREACHABLE = "unreachable"
    """The customer blocked the bot: they find it under their devices when they come back."""
    OBSOLETE = "obsolete"
    """A later decision is in force."""


class ServerToClear(Value):
    """A server that has to let go of those who have left it."""

    server_id: ServerId
    slug: str


class Tally(Value):
    """How far an evacuation is, counted in devices."""

    waiting: int = 0
    """Still to be decided about."""
    moved: int = 0
    """Decided about, until now."""
    unsettled: int = 0
    """Of these, not yet known to be held by their server."""
    untold: int = 0
    """Of these, with a file still to be handed out, if it changes."""
    sent: int = 0
    unreachable: int = 0
    clinging: int = 0
    """Peers that the old server has not yet confirmed to be gone."""

    @property
    def total(self) -> int:
        """All that have to do with it."""
        return self.waiting + self.moved


class Decided(Value):
    """A step's outcome, and how far the whole is by it."""

    batch: Batch
    tally: Tally


class EvacuationPhase(StrEnum):
    """Where an evacuation is."""

    MOVING = "moving"
    FINISHING = "finishing"
    """All are decided about; some still have to be set up or told."""
    DONE = "done"
    """All have moved and know."""


class EvacuationProgress(Value):
    """What whoever watches is told."""

    order: EvacuationOrder
    phase: EvacuationPhase = EvacuationPhase.MOVING
    tally: Tally = Tally()
    hindrance: str | None = None
    """What keeps it from going on at the moment."""

    @property
    def in_words(self) -> str:
        """One line for whoever watches."""
        tally = self.tally
        held = tally.moved - tally.unsettled
        words = f"{self.phase}: {held} of {tally.total} devices on {self.order.target}"
        words += f", {tally.sent} new files sent"
        if tally.unreachable:
            words += f", {tally.unreachable} customers cannot be reached"
        if self.phase is EvacuationPhase.DONE and tally.clinging:
            words += f"; {self.order.source} still has to let go of {tally.clinging}"
        return words if self.hindrance is None else f"{words}; {self.hindrance}"


class Forecast(Value):
    """What an evacuation would mean, before it is begun."""

    devices: int
    """Those that may connect now."""
    resting: int
    """Those that keep an address for their return."""
    keeps_files: bool
    """Whether the files that customers have stay true, as far as can be said."""
    room: int
    """Free addresses on the target."""
    elsewhere: int
    """Devices whose plan is not sold for the target's location."""
