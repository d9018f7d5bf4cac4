"""How far Telegram's queue has been handled while the shop polls."""

from collections.abc import Sequence
from time import monotonic

from aiogram.types import Update

PATIENCE_SECONDS = 300.0


class Progress:
    """Knows what may be confirmed to Telegram, and what is not to be handled again.

    Confirming is by offset: everything before it. An update that met an outage holds the offset
    back, so that Telegram sends it again together with what came after it.
    """

    def __init__(self) -> None:
        self.offset: int | None = None
        """From where on Telegram is to send; None before the first batch."""
        self._settled: set[int] = set()
        """Handled, but after one that is held back. Here and not only in the inbox, which does
        not answer in an outage and does not know of updates that met a bug."""
        self._held: dict[int, float | None] = {}
        """What met an outage, and since when others have got through all the same."""

    def is_settled(self, update: Update) -> bool:
        """Whether the update was handled already."""
        return update.update_id in self._settled

    def settle(self, update: Update) -> None:
        """The update needs no other try."""
        self._settled.add(update.update_id)
        self._held.pop(update.update_id, None)
        for held, overtaken in self._held.items():
            self._held[held] = monotonic() if overtaken is None else overtaken

    def hold(self, update: Update) -> bool:
        """Hold the update back for another try; False when it had its share of them.

        An outage of the shop holds every update, for as long as it lasts. An update that keeps
        failing while others get through is the trouble itself: Telegram sends at most 100
        updates from the offset on, so in the end it would stop the shop for everybody.
        """
        overtaken = self._held.setdefault(update.update_id, None)
        return overtaken is None or monotonic() - overtaken < PATIENCE_SECONDS

    def confirm(self, batch: Sequence[Update]) -> None:
        """Move the offset past the batch, or to the first update in it that is held back."""
        present = {update.update_id for update in batch}
        # Telegram drops what is older than a day: that must not hold the offset for ever.
        self._held = {held: since for held, since in self._held.items() if held in present}
        if batch:
            self.offset = min(self._held, default=max(present) + 1)
            self._settled = {settled for settled in self._settled if settled > self.offset}

    @property
    def is_held_back(self) -> bool:
        """Whether anything waits for another try."""
        return bool(self._held)
