"""A device in another location at its customer's wish: where to, and how often."""

from collections.abc import Collection
from datetime import datetime, timedelta

from domain.ids import DeviceId, SubscriptionId, UserId
from domain.model import Value

WINDOW = timedelta(days=30)
"""A plan allows so many changes in any such time, whatever the subscription's own periods are."""


class LocationOrder(Value):
    """A customer's wish to have a device elsewhere, as its screen showed it."""

    subscription_id: SubscriptionId
    user_id: UserId
    device_id: DeviceId
    revision: int
    """The device's when the button was drawn: from there it is moved once."""
    location: str


class ChangesLeft(Value):
    """How many changes a subscription may still make."""

    limit: int | None
    """As the plan has it; None: any number."""
    number: int | None
    """None: any number."""
    again_at: datetime | None = None
    """When the next one is allowed, where none is left now."""

    @property
    def is_used_up(self) -> bool:
        """Whether none is allowed now."""
        return self.number == 0


class LocationChoice(Value):
    """Where a device could go now."""

    places: tuple[str, ...]
    """Other locations that the plan allows, with room, in alphabetical order."""
    changes: ChangesLeft


def changes_left(limit: int | None, changed: Collection[datetime], now: datetime) -> ChangesLeft:
    """What a plan's limit leaves after changes at those moments."""
    if limit is None:
        return ChangesLeft(limit=None, number=None)
    counted = sorted((moment for moment in changed if moment > now - WINDOW), reverse=True)
    number = max(limit - len(counted), 0)
    # With a limit that was lowered meanwhile, more than one has to grow old first.
    again_at = counted[limit - 1] + WINDOW if limit and not number else None
    return ChangesLeft(limit=limit, number=number, again_at=again_at)
