"""Dialogue state in PostgreSQL, and one update of a dialogue at a time."""

from asyncio import Lock
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary

from aiogram.fsm.state import State
from aiogram.fsm.storage.base import (
    BaseEventIsolation,
    BaseStorage,
    DefaultKeyBuilder,
    StateType,
    StorageKey,
)

from infra.postgres.sessions import Sessions


class SessionStorage(BaseStorage):
    """Keeps the state of dialogues in `user_sessions`: a restart of the bot loses none."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._keys = DefaultKeyBuilder(prefix="telegram", with_destiny=True)

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        """Remember which question waits for an answer."""
        name = state.state if isinstance(state, State) else state
        session_key = self._keys.build(key)
        await self._sessions.write(session_key, name, await self.get_data(key))

    async def get_state(self, key: StorageKey) -> str | None:
        """Which question waits for an answer."""
        return (await self._sessions.read(self._keys.build(key))).state

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        """Remember what was said so far."""
        await self._sessions.write(self._keys.build(key), await self.get_state(key), dict(data))

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        """What was said so far."""
        return dict((await self._sessions.read(self._keys.build(key))).data)

    async def close(self) -> None:
        """Nothing to close: the pool has another owner."""


class OneAtATime(BaseEventIsolation):
    """Updates of one dialogue wait for each other, within this process.

    aiogram's own `SimpleEventIsolation` keeps a lock for each customer for ever; here a lock
    lives as long as somebody holds it or waits.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[StorageKey, Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def lock(self, key: StorageKey) -> AsyncIterator[None]:
        """Hold the dialogue."""
        lock = self._locks.setdefault(key, Lock())
        async with lock:
            yield

    async def close(self) -> None:
        """Nothing to close."""
