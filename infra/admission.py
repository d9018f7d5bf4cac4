"""Who may call a server now, and when whoever may not has to come again.

Work for all servers shares the worker's places, and a call that waits holds one. So no server may
have more than a few calls under way, and one that is silent a single one: the others give their
places back at once, and each is told a turn of its own at which to come again.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from domain.errors import ServerBusy, ServerRefused, ServerUnavailable

OPENSSH_SESSIONS = 10
"""What sshd_config(5) grants by default: `MaxSessions`, and `MaxStartups` before it drops some."""


class LineLimits(BaseModel):
    """How much of the shop's work one server may have under way at once."""

    model_config = ConfigDict(frozen=True)

    calls: Annotated[int, Field(ge=1, le=OPENSSH_SESSIONS)] = 4
    """Calls at once."""
    waiting: Annotated[int, Field(ge=0)] = 8
    """Calls that may wait for one of those to end."""
    silent: Annotated[int, Field(ge=1)] = 1
    """Calls under way at all while the server does not answer."""

    @property
    def room(self) -> int:
        """The places that one server can take."""
        return self.calls + self.waiting


class Pace(NamedTuple):
    """How soon a call that found no room comes again, in seconds."""

    first: float
    apart: float
    """Between two turns: however many wait, a server is not asked more often."""


BUSY = Pace(first=0.3, apart=0.025)
"""About what a server does: it takes some 30 peers a second over SSH."""
SILENT = Pace(first=1.0, apart=0.1)
FURTHEST_TURN = 300.0
"""Seconds; well within the time that a purchase's set-up is tried for before staff are called."""


class Admission:
    """One server's door. For the event loop's thread only."""

    def __init__(
        self, name: str, limits: LineLimits, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._limits = limits
        self._clock = clock
        self._under_way = 0
        self._silence: str | None = None
        """Why the last call had no answer; None while the server answers."""
        self._last_turn = 0.0

    @contextmanager
    def call(self) -> Iterator[None]:
        """Around a call.

        Raises:
            ServerBusy: the server answers, and has its fill.
            ServerUnavailable: it did not answer the last call, and is being asked already.
        """
        self._require_room()
        self._under_way += 1
        try:
            yield
        except ServerUnavailable as error:
            self._silence = str(error)
            raise
        except ServerRefused:
            self._note_answer()
            raise
        else:
            self._note_answer()
        finally:
            self._under_way -= 1

    def _require_room(self) -> None:
        if self._silence is not None:
            if self._under_way >= self._limits.silent:
                raise ServerUnavailable(f"{self._silence}; asked again in turn", self._turn(SILENT))
        elif self._under_way >= self._limits.room:
            raise ServerBusy(
                f"{self._name} has {self._under_way} calls under way, as many as it may have: "
                "this one comes later",
                self._turn(BUSY),
            )

    def _turn(self, pace: Pace) -> timedelta:
        """The time until the next free turn."""
        now = self._clock()
        next_turn = max(self._last_turn + pace.apart, now + pace.first)
        self._last_turn = min(next_turn, now + FURTHEST_TURN)
        return timedelta(seconds=self._last_turn - now)

    def _note_answer(self) -> None:
        """Who comes after a silence need not queue behind all the turns that it gave out."""
        if self._silence is not None:
            self._silence = None
            self._last_turn = 0.0
