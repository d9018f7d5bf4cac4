"""Updates that wait for the bot, in order, each in its queue."""

import itertools
from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.telegram.changes import Changes
from sandbox.telegram.clock import Clock
from sandbox.telegram.numbering import first_update_id
from sandbox.telegram.objects import UpdateKind
from sandbox.telegram.wire import Wire, to_json

KEPT = timedelta(hours=24)
"""Telegram keeps an undelivered update no longer."""
_REMEMBERED = 10_000
"""How many past updates can still be delivered again on demand."""
_BESIDE = {
    UpdateKind.MESSAGE: 0,
    UpdateKind.EDITED_MESSAGE: 0,
    UpdateKind.CALLBACK_QUERY: 3,
    UpdateKind.PRE_CHECKOUT_QUERY: 4,
    UpdateKind.MY_CHAT_MEMBER: 5,
}
"""The open server's way of telling queues apart: the kind above the 33 bits of an id."""


@dataclass(frozen=True)
class Letter:
    """An update on its way."""

    update_id: int
    queue: int
    kind: UpdateKind
    written_at: datetime
    payload: bytes = field(repr=False)

    @property
    def body(self) -> bytes:
        """The update as JSON."""
        return b'{"update_id":%d,"%s":%s}' % (self.update_id, self.kind.encode(), self.payload)


class Mailbox:
    """All pending updates; webhook and long polling take from the same store."""

    def __init__(self, clock: Clock) -> None:
        self.changes = Changes()
        self.allowed: tuple[str, ...] = ()
        """Kinds the bot asked for; empty means Telegram's default, which has all of ours."""
        self.has_separate_queues = False
        """Whether button presses and checkouts travel beside a chat's messages."""
        self._clock = clock
        self._ids = itertools.count(first_update_id())
        self._queues: OrderedDict[int, deque[Letter]] = OrderedDict()
        self._past: OrderedDict[int, Letter] = OrderedDict()

    def post(self, kind: UpdateKind, content: Wire, queue: int) -> int | None:
        """Write an update for the bot.

        Returns:
            Its update_id, or None where the bot does not want this kind.
        """
        if self.allowed and kind not in self.allowed:
            return None
        queue += _BESIDE[kind] << 33 if self.has_separate_queues else 0
        letter = Letter(next(self._ids), queue, kind, self._clock.now(), to_json(content))
        self._past[letter.update_id] = letter
        if len(self._past) > _REMEMBERED:
            self._past.popitem(last=False)
        self._enqueue(letter)
        return letter.update_id

    def post_again(self, update_id: int) -> bool:
        """Deliver a past update once more under its old id; False if it is forgotten."""
        letter = self._past.get(update_id)
        if letter is not None:
            self._enqueue(letter)
        return letter is not None

    def _enqueue(self, letter: Letter) -> None:
        self._queues.setdefault(letter.queue, deque()).append(letter)
        self.changes.bump()

    @property
    def queues(self) -> Iterable[int]:
        """The queues that hold something."""
        return list(self._queues)

    def head(self, queue: int) -> Letter | None:
        """The first letter of a queue; those too old are dropped on the way."""
        letters = self._queues.get(queue)
        while letters and self._clock.now() - letters[0].written_at > KEPT:
            self.take(letters[0])
        return letters[0] if letters else None

    def take(self, letter: Letter) -> None:
        """Remove a letter that was delivered or given up."""
        letters = self._queues.get(letter.queue)
        if letters and letter in letters:
            letters.remove(letter)
        if letters is not None and not letters:
            del self._queues[letter.queue]

    def pending(self) -> list[Letter]:
        """Everything that waits, by update_id."""
        for queue in self.queues:
            self.head(queue)
        waiting = itertools.chain.from_iterable(self._queues.values())
        return sorted(waiting, key=lambda letter: letter.update_id)

    def confirm_before(self, offset: int) -> None:
        """Forget updates with a smaller id; a negative offset keeps only that many."""
        pending = self.pending()
        keep = (
            pending[offset:]
            if offset < 0
            else [letter for letter in pending if letter.update_id >= offset]
        )
        for letter in pending:
            if letter not in keep:
                self.take(letter)

    def clear(self) -> None:
        """Drop all pending updates."""
        self._queues.clear()
        self.changes.bump()
