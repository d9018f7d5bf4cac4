"""What an outage is: it begins, is cured, and tells the truth about itself."""

import asyncio
from abc import ABC, abstractmethod
from functools import cached_property

from sandbox.control_room.views import OutageKind, OutageView


class CannotBreak(Exception):
    """There is nothing to break now; the message says why."""


class Outage(ABC):
    """One way in which things go wrong."""

    kind: OutageKind

    async def begin(self) -> None:
        """Break it; on return it is broken. Raises `CannotBreak`."""
        async with self._changing:
            await self._begin()

    async def cure(self) -> None:
        """Mend it; on return it is well. Safe when it was well."""
        async with self._changing:
            await self._cure()

    async def look(self) -> OutageView:
        """Whether it is in force, asked of what is broken."""
        return await self._look()

    @abstractmethod
    async def _begin(self) -> None: ...

    @abstractmethod
    async def _cure(self) -> None: ...

    @abstractmethod
    async def _look(self) -> OutageView: ...

    @cached_property
    def _changing(self) -> asyncio.Lock:
        """Two clicks at once are one after the other."""
        return asyncio.Lock()

    def _view(self, is_on: bool, *, left: int | None = None, whom: str | None = None) -> OutageView:
        return OutageView(kind=self.kind, is_on=is_on, left=left, whom=whom)
