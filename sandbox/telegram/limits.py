"""Telegram's flood limits, switched on when wanted: roughly, as its FAQ tells them.

About one message a second in a chat (short bursts pass), twenty a minute in a group, thirty a
second overall. The burst of three is this sandbox's own.
"""

import math
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.telegram.errors import too_many_requests


@dataclass(frozen=True)
class Rate:
    """So many messages in so much time."""

    messages: int
    within: timedelta


OVERALL = Rate(30, timedelta(seconds=1))
PRIVATE = Rate(3, timedelta(seconds=3))
GROUP = Rate(20, timedelta(seconds=60))


@dataclass
class FloodLimits:
    """Counts what is sent; refuses what is too much. Off until `enabled`."""

    now: Callable[[], datetime]
    enabled: bool = False
    _sent: dict[str, deque[datetime]] = field(default_factory=lambda: defaultdict(deque))

    def admit(self, method: str, chat_id: str | None) -> None:
        """Let a call pass, or not.

        Raises:
            ApiError: 429 with the seconds to wait.
        """
        is_message = method.startswith(("send", "copy", "forward")) and method != "sendchataction"
        if not self.enabled or not is_message or chat_id is None:
            return
        now = self.now()
        rates = (("", OVERALL), (chat_id, GROUP if chat_id.startswith("-") else PRIVATE))
        waits = [self._wait(self._sent[key], rate, now) for key, rate in rates]
        if max(waits) > 0:
            raise too_many_requests(math.ceil(max(waits)))
        for key, _ in rates:
            self._sent[key].append(now)

    def _wait(self, sent: deque[datetime], rate: Rate, now: datetime) -> float:
        while sent and now - sent[0] >= rate.within:
            sent.popleft()
        if len(sent) < rate.messages:
            return 0.0
        return (sent[0] + rate.within - now).total_seconds()

    def clear(self) -> None:
        """Forget what was sent."""
        self._sent.clear()
