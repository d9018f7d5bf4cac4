"""The sandbox's clock: the real one, which a test may turn forward."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Tells the time and can be moved; the webhook's timeouts stay real."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """The sandbox's present."""
        return datetime.now(UTC) + self._ahead

    def advance(self, by: timedelta) -> None:
        """Turn the clock forward."""
        self._ahead += by

    def reset(self) -> None:
        """Back to the real time."""
        self._ahead = timedelta()
