"""Brings the shop's own processes back when they die, as a service manager would."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from enum import StrEnum
from functools import partial
from typing import Self

from sandbox.children import READY_SECONDS, Child, ChildFailed

RESTART_PAUSE = 1.0

Say = Callable[[str], None]
"""Is told of each death and each failed start."""


class Condition(StrEnum):
    """How a supervised process fares."""

    RUNNING = "running"
    RETURNING = "returning"
    """It died, and is being started again."""
    KEPT_DOWN = "kept_down"
    """It was killed, and stays away until somebody brings it back."""


class Keeper:
    """Keeps one process running, or away."""

    def __init__(self, child: Child, start: Callable[[], Awaitable[None]], say: Say) -> None:
        self._child, self._start, self._say = child, start, say
        self._may_run = asyncio.Event()
        self._may_run.set()
        self._is_up = asyncio.Event()
        self._is_up.set()
        self.deaths = 0
        """How often it has died so far."""

    @property
    def condition(self) -> Condition:
        """How it fares now."""
        if self._is_up.is_set():
            return Condition.RUNNING
        return Condition.RETURNING if self._may_run.is_set() else Condition.KEPT_DOWN

    async def keep(self) -> None:
        """Start it again whenever it ends, without end."""
        while True:
            code = await self._child.ended()
            self.deaths += 1
            self._is_up.clear()
            self._say(f"{self._child.name} ended ({code})")
            while not self._is_up.is_set():
                await self._revive()

    async def kill(self, *, keep_down: bool = False) -> None:
        """SIGKILL it, as the OOM killer would; on return it is dead."""
        if keep_down:
            self._may_run.clear()
        if self._is_up.is_set():
            with suppress(ProcessLookupError):
                os.kill(self._child.pid, signal.SIGKILL)
            await self._child.ended()
            self._is_up.clear()

    async def bring_back(self) -> None:
        """Let it run again; on return it is ready. Raises `TimeoutError`."""
        self._may_run.set()
        async with asyncio.timeout(READY_SECONDS):
            await self._is_up.wait()

    async def _revive(self) -> None:
        await self._may_run.wait()
        await asyncio.sleep(RESTART_PAUSE)
        if not self._may_run.is_set():
            return
        try:
            await self._start()
        except ChildFailed as failure:
            self._say(str(failure))
        else:
            self._say(f"{self._child.name} is back")
            self._is_up.set()
        if not self._may_run.is_set():  # Somebody changed their mind while it was starting.
            await self.kill(keep_down=True)


class Supervisor:
    """Keeps several processes; `async with Supervisor(...) as supervisor`."""

    def __init__(
        self, children: Mapping[str, Child], start: Callable[[str], Awaitable[None]], say: Say
    ) -> None:
        self.keepers = {
            name: Keeper(child, partial(start, name), say) for name, child in children.items()
        }
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for keeper in self.keepers.values():
            self._stack.push_async_callback(_end, asyncio.create_task(keeper.keep()))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
