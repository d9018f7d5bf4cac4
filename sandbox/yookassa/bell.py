"""Rung when something changes; whoever waits wakes up and looks again."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

FoundT = TypeVar("FoundT")


class Bell:
    """Wakes every waiter at every ring."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Something changed."""
        self._rung.set()
        self._rung = asyncio.Event()

    async def until(self, look: Callable[[], FoundT | None], patience: timedelta) -> FoundT | None:
        """What `look` finds, looking again at every ring; None when patience runs out."""
        deadline = asyncio.get_running_loop().time() + patience.total_seconds()
        while (found := look()) is None:
            left = deadline - asyncio.get_running_loop().time()
            try:
                await asyncio.wait_for(self._rung.wait(), max(left, 0))
            except TimeoutError:
                return look()
        return found
