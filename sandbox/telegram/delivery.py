"""Posting updates to the webhook: a chat's one after the other, chats in parallel.

The open server (tdlib/telegram-bot-api, WebhookActor) is followed: a failed update is repeated
under the same update_id, the first time at once, then after a delay that doubles; `Retry-After`
is obeyed; a 2xx may carry a method to call. The longest delay and the numbers a test may set are
this sandbox's own.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import httptools
import pydantic_core

from sandbox.telegram.errors import ApiError
from sandbox.telegram.faults import ConnectionLost
from sandbox.telegram.mailbox import Letter
from sandbox.telegram.posting import Answer, ConnectionClosed, Poster
from sandbox.telegram.webhook import Webhook
from sandbox.telegram.wire import Wire
from sandbox.telegram.world import World

_IDLE_CHECK = 3600.0
_LONGEST_RETRY_AFTER = 3600.0
_NOT_IN_ANSWERS = {"deletewebhook", "setwebhook", "close", "logout"}

CallMethod = Callable[[dict[str, Any]], Awaitable[Any]]


class Pace(Wire):
    """How delivery goes about it; times in seconds."""

    timeout: float = 60.0
    first_delay: float = 2.0
    longest_delay: float = 60.0
    separate_queues: bool = False
    """Whether a chat's button presses and checkouts travel beside its messages, as the open
    server has it, rather than in one queue with them."""


class Delivered(Wire):
    """How an attempt ended: an empty error is success."""

    error: str = ""
    retry_after: float = 0.0


class _Slots(NamedTuple):
    webhook: Webhook | None
    free: asyncio.Semaphore


class Courier:
    """Takes updates from the mailbox to the webhook for as long as it runs."""

    def __init__(self, world: World, call_method: CallMethod) -> None:
        self.pace = Pace()
        self.attempts = 0
        self._world = world
        self._call_method = call_method
        self._open = asyncio.Event()
        self._open.set()
        self._lanes: dict[int, asyncio.Task[None]] = {}
        self._poster = Poster()
        self._slots = _Slots(None, asyncio.Semaphore(0))

    def pause(self) -> None:
        """Hold all updates back; an attempt under way is finished."""
        self._open.clear()

    def resume(self) -> None:
        """Go on delivering."""
        self._open.set()

    async def run(self) -> None:
        """Start a lane for every queue that has something, until cancelled."""
        mailbox = self._world.mailbox
        try:
            while not mailbox.changes.is_closed:
                version = mailbox.changes.version
                if self._world.webhook is not None:
                    self._start_lanes()
                await mailbox.changes.after(version, _IDLE_CHECK)
        finally:
            await self._close()

    def _start_lanes(self) -> None:
        for queue in self._world.mailbox.queues:
            if queue not in self._lanes:
                self._lanes[queue] = asyncio.create_task(self._run_lane(queue))

    async def _close(self) -> None:
        lanes = list(self._lanes.values())
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
        self._poster.close()

    async def _run_lane(self, queue: int) -> None:
        """Deliver one chat's updates in order; the next only after the one before."""
        mailbox = self._world.mailbox
        try:
            while (letter := mailbox.head(queue)) and self._world.webhook is not None:
                await self._deliver(letter)
        finally:
            del self._lanes[queue]

    async def _deliver(self, letter: Letter) -> None:
        delay = 0.0
        while True:
            await self._open.wait()  # paused by a test; shutdown cancels the lane
            webhook = self._world.webhook
            if webhook is None or self._world.mailbox.head(letter.queue) is not letter:
                return
            async with self._slots_of(webhook):
                if self._world.webhook is not webhook:
                    continue
                outcome = await self._attempt(webhook, letter)
            if not outcome.error:
                self._world.mailbox.take(letter)
                return
            self._note(outcome.error)
            await self._hold_off(webhook, letter, outcome.retry_after or delay)
            delay = min(max(self.pace.first_delay, delay * 2), self.pace.longest_delay)

    def _slots_of(self, webhook: Webhook) -> asyncio.Semaphore:
        """As many attempts at once as the bot allowed with `max_connections`."""
        if self._slots.webhook is not webhook:
            self._slots = _Slots(webhook, asyncio.Semaphore(webhook.max_connections))
        return self._slots.free

    async def _hold_off(self, webhook: Webhook, letter: Letter, delay: float) -> None:
        """Wait before a repeat; a new webhook or a dropped letter ends the wait."""
        mailbox = self._world.mailbox
        loop = asyncio.get_running_loop()
        until = loop.time() + delay
        while self._world.webhook is webhook and mailbox.head(letter.queue) is letter:
            left = until - loop.time()
            if left <= 0 or mailbox.changes.is_closed:
                return
            await mailbox.changes.after(mailbox.changes.version, left)

    def _note(self, error: str) -> None:
        report = self._world.webhook_report
        report.last_error_at = self._world.clock.now()
        report.last_error = error

    async def _attempt(self, webhook: Webhook, letter: Letter) -> Delivered:
        self.attempts += 1
        headers = {"Content-Type": "application/json"}
        if webhook.secret_token:
            headers["X-Telegram-Bot-Api-Secret-Token"] = webhook.secret_token
        try:
            async with asyncio.timeout(self.pace.timeout):
                answer = await self._poster.post(webhook.url, letter.body, headers)
        except TimeoutError:
            return Delivered(error="Read timeout expired")
        except ConnectionRefusedError:
            return Delivered(error="Connection refused")
        except (OSError, ConnectionClosed, httptools.HttpParserError):
            return Delivered(error="Webhook connection closed")
        return await self._judge(answer)

    async def _judge(self, answer: Answer) -> Delivered:
        if not answer.is_success:
            return Delivered(
                error=f"Wrong response from the webhook: {answer.status} {answer.reason}",
                retry_after=_retry_after(answer.headers.get("retry-after", "")),
            )
        call = _method_in(answer.body)
        if call is not None:
            # The bot never learns how a call in an answer went, here as there.
            with contextlib.suppress(ApiError, ConnectionLost):
                await self._call_method(call)
        return Delivered()


def _retry_after(header: str) -> float:
    return min(float(header), _LONGEST_RETRY_AFTER) if header.isdecimal() else 0.0


def _method_in(body: bytes) -> dict[str, Any] | None:
    if not body:
        return None
    try:
        call = pydantic_core.from_json(body)
    except ValueError:
        return None
    name = str(call.get("method", "")).lower() if isinstance(call, dict) else ""
    is_allowed = name and name not in _NOT_IN_ANSWERS and not name.startswith("get")
    return call if is_allowed else None
