"""One operation per idempotence key, however often and however concurrently it is asked for.

Source: https://yookassa.ru/developers/using-api/interaction-format#idempotence
"""

import asyncio
import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.yookassa.clock import Clock
from sandbox.yookassa.refusals import Refusal, invalid_request

HEADER = "Idempotence-Key"
LONGEST_KEY = 64
_KEY = re.compile(r"[0-9a-zA-Z+-_.]+")
"""The official file's pattern; its range from `+` to `_` takes in most punctuation."""
KEY_LIFE = timedelta(hours=24)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer of the API: status and JSON body."""

    status: int
    body: dict[str, Any]


@dataclass(frozen=True)
class _Entry:
    fingerprint: str
    first_seen: datetime
    answer: asyncio.Future[Answer]


class IdempotenceBook:
    """The first answer under every key of the last 24 hours."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: dict[str, _Entry] = {}

    async def once(
        self, key: str | None, fingerprint: str, act: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """The answer to the first request under this key; `act` runs for that one only.

        Args:
            key: The header's value.
            fingerprint: What was asked, from `fingerprint_of`.
            act: Does the operation; a Refusal it raises is remembered as its answer.

        Raises:
            Refusal: If the key is missing or too long, or was used for something else.
        """
        key = _checked(key)
        self._forget_expired()
        entry = self._entries.get(key)
        if entry is None:
            entry = self._begin(key, fingerprint, act)
        if entry.fingerprint != fingerprint:
            raise invalid_request("Idempotence key duplicated", HEADER)
        return await asyncio.shield(entry.answer)

    def clear(self) -> None:
        """Forget every key."""
        self._entries.clear()

    def _begin(self, key: str, fingerprint: str, act: Callable[[], Awaitable[Answer]]) -> _Entry:
        # The operation is a task of its own: it is finished even if its caller hangs up.
        answer = asyncio.ensure_future(_answered(act))
        entry = _Entry(fingerprint, self._clock.now(), answer)
        self._entries[key] = entry
        return entry

    def _forget_expired(self) -> None:
        oldest = self._clock.now() - KEY_LIFE
        while self._entries:
            key = next(iter(self._entries))
            if self._entries[key].first_seen > oldest:
                return
            del self._entries[key]


def fingerprint_of(method: str, path: str, body: bytes) -> str:
    """A hash of what is asked; the order and spacing of JSON fields do not matter.

    Raises:
        Refusal: If the body is not JSON.
    """
    try:
        data = json.loads(body) if body else {}
    except ValueError:
        raise invalid_request("Request body is not valid JSON.") from None
    canonical = json.dumps([method, path, data], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


async def _answered(act: Callable[[], Awaitable[Answer]]) -> Answer:
    try:
        return await act()
    except Refusal as refusal:
        return Answer(refusal.status, refusal.body)


def _checked(key: str | None) -> str:
    if not key:
        raise invalid_request("Idempotence key is required", HEADER)
    if len(key) > LONGEST_KEY:
        raise invalid_request(f"Idempotence key is longer than {LONGEST_KEY}", HEADER)
    if not _KEY.fullmatch(key):
        raise invalid_request("Idempotence key has characters that are not allowed", HEADER)
    return key
