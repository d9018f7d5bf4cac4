"""The sandbox's own time, which a test can turn forward, and what is due at a moment of it."""

import asyncio
import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_LONGEST_NAP = timedelta(hours=1)


class TimeRunsForward(ValueError):
    """Somebody asked for a moment that has already passed."""


class Clock:
    """Real time plus everything that was skipped."""

    def __init__(self) -> None:
        self._skipped = timedelta(0)

    def now(self) -> datetime:
        """The sandbox's present, in UTC, to the millisecond as YooKassa writes it."""
        moment = datetime.now(UTC) + self._skipped
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def advance(self, by: timedelta) -> datetime:
        """Skip a stretch of time.

        Raises:
            TimeRunsForward: If the stretch is negative.
        """
        if by < timedelta(0):
            raise TimeRunsForward("The clock only goes forward; use reset to return to real time.")
        self._skipped += by
        return self.now()

    def advance_to(self, moment: datetime) -> datetime:
        """Skip until a moment; raises TimeRunsForward if it has passed."""
        return self.advance(moment - self.now())

    def reset(self) -> None:
        """Return to real time."""
        self._skipped = timedelta(0)


class Agenda:
    """What has to happen at a moment of the sandbox's time, such as the end of a payment's hour.

    `run_due` is called before anything is answered, so that nobody sees a payment that should
    have expired; `keep` does the same while nobody asks.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._changed = asyncio.Event()

    def at(self, moment: datetime, action: Callable[[], None]) -> None:
        """Have `action` happen once, at `moment` or as soon after as possible."""
        heapq.heappush(self._entries, (moment, next(self._order), action))
        if self._entries[0][0] == moment:
            self._changed.set()

    def run_due(self) -> None:
        """Do everything whose moment has come, oldest first."""
        while self._entries and self._entries[0][0] <= self._clock.now():
            _, _, action = heapq.heappop(self._entries)
            action()

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def wake(self) -> None:
        """Look at the clock again: somebody turned it."""
        self._changed.set()

    async def keep(self) -> None:
        """Run what falls due, until cancelled."""
        while True:
            self._changed.clear()
            self.run_due()
            try:
                await asyncio.wait_for(self._changed.wait(), self._nap().total_seconds())
            except TimeoutError:
                continue

    def _nap(self) -> timedelta:
        if not self._entries:
            return _LONGEST_NAP
        until_next = self._entries[0][0] - self._clock.now()
        return min(max(until_next, timedelta(0)), _LONGEST_NAP)
