"""A customer's devices: each has its own keys and address, and one name for people."""

import unicodedata
from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from itertools import count

from domain.ids import DeviceId, SubscriptionId, UserId
from domain.model import Value
from domain.subscriptions import PlacedPeer
from domain.traffic import Traffic

NAME_LENGTH = 32
"""What fits on a button of a phone."""

_JOINERS = "\N{ZERO WIDTH JOINER}"
"""The one invisible sign that names may have: emoji are put together with it."""


class Device(Value):
    """A device as its owner sees it."""

    device_id: DeviceId
    user_id: UserId
    name: str
    """Empty until the customer gives it one."""
    revision: int
    added_at: datetime
    may_connect: bool
    """Not after the end of the access, nor when it is one more than the plan allows."""
    is_set_up: bool
    """Whether its server is known to hold its newest peer."""
    server: str | None = None
    """The slug of its server, for staff."""
    location: str | None = None
    traffic: Traffic = Traffic()


class DeviceShelf(Value):
    """A subscription's devices, oldest first, and how many of them its plan lets connect."""

    subscription_id: SubscriptionId
    limit: int
    devices: tuple[Device, ...]

    @property
    def has_room(self) -> bool:
        """Whether one more may be added."""
        return len(self.devices) < self.limit

    def find(self, device_id: DeviceId) -> Device | None:
        """The device, if it is one of these."""
        return next((each for each in self.devices if each.device_id == device_id), None)


class DeviceTurn(Value):
    """A decision that a device's server does not know of yet."""

    device_id: DeviceId
    user_id: UserId
    revision: int
    is_quiet: bool = False
    """Whether it changes nothing but the speed: there is nothing to tell the customer."""


class ReissueOrder(Value):
    """A customer's wish for new keys for a device, as its screen showed it."""

    subscription_id: SubscriptionId
    user_id: UserId
    device_id: DeviceId
    revision: int
    """The device's when the button was drawn: keys that are newer are not replaced again."""


class SetupOutcome(StrEnum):
    """What became of a device's setup."""

    HELD = "held"
    """Its server holds the newest peer, and none of its earlier keys."""
    OBSOLETE = "obsolete"
    """A later decision is in force: it was removed, got other keys, or access has ended."""


class DeviceWork(Value):
    """What the servers have to be told of a subscription's devices."""

    setups: tuple[DeviceTurn, ...] = ()
    removals: tuple[PlacedPeer, ...] = ()


def clean_name(text: str) -> str | None:
    """A name as it is kept: one line, no invisible signs; None where nothing fitting is left."""
    composed = unicodedata.normalize("NFC", text)
    visible = "".join(_shown(sign) for sign in composed)
    name = " ".join(visible.split())
    return name if 0 < len(name) <= NAME_LENGTH else None


def unused_name(wanted: str, taken: Collection[str]) -> str:
    """`Phone`, or `Phone 2` where there is a `Phone` already."""
    if wanted not in taken:
        return wanted
    return next(name for number in count(2) if (name := f"{wanted} {number}") not in taken)


def _shown(sign: str) -> str:
    """The sign itself, a space for a line's end or a tab, nothing for what cannot be seen."""
    if sign.isspace():
        return " "
    is_invisible = unicodedata.category(sign).startswith("C") and sign not in _JOINERS
    return "" if is_invisible else sign
