"""What happened, in order, for tests that wait for events instead of sleeping."""

import asyncio
from collections.abc import Callable
from typing import Any

PATIENCE_SECONDS = 20.0
"""Bounds every wait; nothing here takes a second on an idle machine."""


class Journal:
    """Notes of `(what, about)`; any number of tests' coroutines may wait for one."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, Any]] = []
        self._changed = asyncio.Condition()

    async def note(self, what: str, about: Any = None) -> None:
        """Write down that it happened."""
        async with self._changed:
            self.notes.append((what, about))
            self._changed.notify_all()

    def all_of(self, what: str) -> list[Any]:
        """What was noted under that name, in order."""
        return [about for noted, about in self.notes if noted == what]

    async def until(self, what: str, about: Any = ..., *, times: int = 1) -> Any:
        """Wait until it was noted that often; the last such note."""

        def matching() -> list[Any]:
            return [one for one in self.all_of(what) if about is ... or one == about]

        await self._until(lambda: len(matching()) >= times, f"{what} {about} x{times}")
        return matching()[times - 1]

    async def until_after(self, first: str, *then: str) -> None:
        """Wait until one of the others was noted after the first."""

        def happened() -> bool:
            names = [what for what, _ in self.notes]
            return first in names and any(each in names[names.index(first) :] for each in then)

        await self._until(happened, f"{' or '.join(then)} after {first}")

    async def _until(self, happened: Callable[[], bool], words: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._changed:
                await self._changed.wait_for(happened)
        except TimeoutError:
            story = "\n".join(f"  {what}: {about}" for what, about in self.notes)
            raise AssertionError(f"never noted: {words}; only\n{story}") from None
