"""Telling the shop what happened, as unreliably as a test wishes.

Documented (https://yookassa.ru/developers/using-api/webhooks): the body and events, that any
answer but 200 leads to redelivery, and that redelivery ends 24 hours after the event. The times
between redeliveries and the receiver's time limit are not; those below are invented.
"""

import asyncio
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import uuid4

import httpx

from sandbox.yookassa.bell import Bell
from sandbox.yookassa.clock import Agenda, Clock
from sandbox.yookassa.objects import ApiObject, Timestamp

REDELIVERY = tuple(timedelta(seconds=pause) for pause in (10, 30, 60, 300, 600, 1800, 3600))
"""Pauses after the first, second, ... failed attempt; the last one repeats. Invented."""

REDELIVERY_ENDS = timedelta(hours=24)
"""After this much time since the event nothing is sent any more. Documented."""

RECEIVER_TIMEOUT = timedelta(seconds=10)
"""How long the shop has to answer. Invented."""


class Mode(StrEnum):
    """What becomes of new notifications."""

    NORMAL = "normal"
    LOST = "lost"
    DOUBLED = "doubled"
    EARLY = "early"
    """Delivered before the request that caused it is answered."""
    OUT_OF_ORDER = "out_of_order"
    """Kept until a newer one has been delivered, then sent."""
    HELD = "held"
    """Kept until released."""


class DeliveryState(StrEnum):
    """Where a notification is."""

    UNDER_WAY = "under_way"
    HELD = "held"
    DELIVERED = "delivered"
    LOST = "lost"
    GIVEN_UP = "given_up"


class Attempt(ApiObject):
    """One delivery: the receiver's HTTP status, or why there was none."""

    at: Timestamp
    status: int | None = None
    error: str | None = None


class Notification(ApiObject):
    """A notification and what happened to it."""

    id: str
    event: str
    object_id: str
    body: dict[str, Any]
    created_at: Timestamp
    state: DeliveryState = DeliveryState.UNDER_WAY
    attempts: tuple[Attempt, ...] = ()

    def after(self, attempt: Attempt) -> "Notification":
        """The same notification with one more attempt; 200 is the only success."""
        arrived = attempt.status == httpx.codes.OK or self.state is DeliveryState.DELIVERED
        state = DeliveryState.DELIVERED if arrived else DeliveryState.UNDER_WAY
        return self.but(attempts=(*self.attempts, attempt), state=state)

    @property
    def next_attempt_at(self) -> datetime | None:
        """When to try again after the last attempt failed; None when it is too late."""
        pause = REDELIVERY[min(len(self.attempts), len(REDELIVERY)) - 1]
        moment = self.attempts[-1].at + pause
        return moment if moment <= self.created_at + REDELIVERY_ENDS else None


class NowhereToSend(Exception):
    """The sandbox has no notification URL."""


class Notifier:
    """Sends notifications to the shop's one URL."""

    def __init__(self, clock: Clock, agenda: Agenda, url: str | None) -> None:
        self.url = url
        self.mode = Mode.NORMAL
        self.changes = Bell()
        self._clock = clock
        self._agenda = agenda
        self._notifications: dict[str, Notification] = {}
        self._overtaken: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._early: set[asyncio.Task[None]] = set()
        # YooKassa accepts any certificate of the receiver, self-signed ones too.
        self._http = httpx.AsyncClient(
            timeout=RECEIVER_TIMEOUT.total_seconds(),
            trust_env=False,
            verify=False,  # noqa: S501
        )

    def publish(self, event: str, snapshot: dict[str, Any]) -> None:
        """Something happened: tell the shop, as the mode says."""
        notification = self._note(event, snapshot)
        if self.url is None or self.mode is Mode.LOST:
            self._keep(notification.but(state=DeliveryState.LOST))
        elif self.mode is Mode.HELD:
            self._keep(notification.but(state=DeliveryState.HELD))
        elif self.mode is Mode.OUT_OF_ORDER:
            self._overtake(notification)
        else:
            self._dispatch(notification, event, snapshot)

    def all(self) -> tuple[Notification, ...]:
        """Every notification, oldest first."""
        return tuple(self._notifications.values())

    def find(self, notification_id: str) -> Notification:
        """One notification; raises KeyError if there is none."""
        return self._notifications[notification_id]

    def release(self) -> int:
        """Send everything that was held; returns how many."""
        held = [note for note in self.all() if note.state is DeliveryState.HELD]
        self._overtaken.clear()
        for notification in held:
            self._send(self._keep(notification.but(state=DeliveryState.UNDER_WAY)).id)
        return len(held)

    async def resend(self, notification_id: str) -> Notification:
        """Send a notification once more, whatever happened to it; returns it with the attempt."""
        await self._attempt(notification_id)
        return self.find(notification_id)

    async def forge(self, body: dict[str, Any]) -> Attempt:
        """Send anything at all from the sandbox's address."""
        return await self._post(body)

    async def hurry(self) -> None:
        """Wait for the first attempts of early notifications."""
        if self._early:
            await asyncio.wait(self._early, timeout=RECEIVER_TIMEOUT.total_seconds() + 1)

    def clear(self) -> None:
        """Forget everything and send nothing more; the URL stays."""
        for task in self._tasks:
            task.cancel()
        self.mode = Mode.NORMAL
        self._notifications.clear()
        self._overtaken.clear()

    async def close(self) -> None:
        """Stop sending."""
        self.clear()
        await self._http.aclose()

    def _note(self, event: str, snapshot: dict[str, Any]) -> Notification:
        return Notification(
            id=str(uuid4()),
            event=event,
            object_id=snapshot["id"],
            body={"type": "notification", "event": event, "object": snapshot},
            created_at=self._clock.now(),
        )

    def _dispatch(self, notification: Notification, event: str, snapshot: dict[str, Any]) -> None:
        task = self._send(self._keep(notification).id)
        if self.mode is Mode.EARLY:
            self._early.add(task)
            task.add_done_callback(self._early.discard)
        if self.mode is Mode.DOUBLED:
            self._send(self._keep(self._note(event, snapshot)).id)

    def _overtake(self, notification: Notification) -> None:
        older, self._overtaken = self._overtaken, [notification.id]
        if not older:
            self._keep(notification.but(state=DeliveryState.HELD))
            return
        self._overtaken = []
        self._keep(notification)
        for overtaken in older:
            self._keep(self.find(overtaken).but(state=DeliveryState.UNDER_WAY))
        self._send(notification.id, *older)

    def _send(self, *ids: str) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(self._attempt_in_turn(ids))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _attempt_in_turn(self, ids: tuple[str, ...]) -> None:
        for notification_id in ids:
            await self._attempt(notification_id)

    async def _attempt(self, notification_id: str) -> None:
        attempt = await self._post(self.find(notification_id).body)
        if notification_id not in self._notifications:  # a reset came in between
            return
        tried = self._keep(self.find(notification_id).after(attempt))
        if tried.state is not DeliveryState.DELIVERED:
            self._try_later(tried)

    def _try_later(self, notification: Notification) -> None:
        moment = notification.next_attempt_at
        if moment is None:
            self._keep(notification.but(state=DeliveryState.GIVEN_UP))
        else:
            self._agenda.at(moment, lambda: self._retry(notification.id))

    def _retry(self, notification_id: str) -> None:
        current = self._notifications.get(notification_id)
        if current is not None and current.state is DeliveryState.UNDER_WAY:
            self._send(notification_id)

    async def _post(self, body: dict[str, Any]) -> Attempt:
        if self.url is None:
            raise NowhereToSend("Set a notification URL first.")
        try:
            answer = await self._http.post(self.url, json=body)
        except httpx.HTTPError as error:
            return Attempt(at=self._clock.now(), error=f"{type(error).__name__}: {error}")
        return Attempt(at=self._clock.now(), status=answer.status_code)

    def _keep(self, notification: Notification) -> Notification:
        self._notifications[notification.id] = notification
        self.changes.ring()
        return notification
