"""What can go wrong, as types; each message says what a person can do about it."""

from datetime import timedelta
from typing import ClassVar

from domain.promotions import REFUSALS_IN_WORDS, PromoRefusal


class ShopError(Exception):
    """The base of every error that the shop raises on purpose."""

    retryable: ClassVar[bool] = False
    """Whether doing exactly the same again may succeed."""

    retry_after: timedelta | None = None
    """When the other side said how long to wait."""


class NeighbourAway(ShopError):
    """A server that the process needs did not answer for long; the message names it."""


class SettingsError(ShopError):
    """A setting is missing or malformed; the message names it and says what is expected."""


# Payment provider


class ProviderUnavailable(ShopError):
    """The provider did not answer, or answered 5xx or 202: the result is unknown.

    Repeat with the same idempotence key until there is an answer.
    """

    retryable = True


class ProviderThrottled(ProviderUnavailable):
    """The provider answered 429; `retry_after` holds what it asked for."""

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ProviderRefused(ShopError):
    """The provider refused the request itself (4xx): repeating it will not help."""


class MethodRefused(ProviderRefused):
    """The provider does not charge this saved card at all: its owner, or a bank, forbade it."""


# VPN servers


class ServerUnavailable(ShopError):
    """The VPN server did not answer, or was busy: repeat."""

    retryable = True

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ServerBusy(ServerUnavailable):
    """The VPN server answers, and has as much of the shop's work as it may have: come later."""


class ServerRefused(ShopError):
    """The VPN server answered and refused: a wrong key, a stolen address, a stale revision."""


class ServerOutdated(ServerRefused):
    """The program on the VPN server is older than the shop and does not understand the request."""


class PeerSuperseded(ServerRefused):
    """The VPN server knows a newer decision about this peer: the one at hand is out of date."""


class FleetRefused(ShopError):
    """The fleet cannot be changed so, or knows no such server; the message says what to do."""


class InstallationFailed(ShopError):
    """A step of a server's installation failed; the message says which, and what to do."""


class NoFreeAddress(ShopError):
    """No server that the plan allows has a free address: a person has to add one."""


class AccessEnded(ShopError):
    """The device's access was taken back meanwhile: its peer must not come back."""


# Devices


class DeviceRefused(ShopError):
    """A device cannot be added or changed so; the type says why."""


class UnknownDevice(DeviceRefused):
    """The customer has no such device, or has it no more."""


class DeviceLimitReached(DeviceRefused):
    """The plan allows no further device."""


class LastDevice(DeviceRefused):
    """A subscription keeps one device: it can be given new keys instead."""


class DeviceBusy(DeviceRefused):
    """A paid purchase is setting this device up: let it finish first."""


class DeviceMoved(DeviceRefused):
    """The device is there already, or was moved since its customer looked at it."""


class LocationNotOffered(DeviceRefused):
    """The plan does not allow the location, or no change at all."""


class LocationLimitReached(DeviceRefused):
    """The plan allows no further change of location for now."""


# Telegram


class TelegramUnavailable(ShopError):
    """Telegram did not take the message, and it is known that it did not."""

    retryable = True


class TelegramThrottled(TelegramUnavailable):
    """Telegram answered 429; `retry_after` holds what it asked for."""

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TelegramOutcomeUnknown(ShopError):
    """The connection broke after the message was sent: it may have arrived."""

    retryable = True


class CustomerUnreachable(ShopError):
    """The customer blocked the bot, deleted the account, or never started the chat."""


class MessageGone(ShopError):
    """The message to edit is no longer there, or can no longer be edited."""


# The shop itself


class PurchaseRefused(ShopError):
    """The purchase cannot begin or go on; the message says why."""


class SoldOut(PurchaseRefused):
    """No server that the plan may use has room: nothing is sold that cannot be delivered."""


class PromoRefused(ShopError):
    """A discount that was offered can no longer be had; `refusal` says why."""

    def __init__(self, refusal: PromoRefusal) -> None:
        super().__init__(REFUSALS_IN_WORDS[refusal])
        self.refusal = refusal


class GiftGone(ShopError):
    """The gift was opened by somebody else, or its money was given back."""


class ErasureRefused(ShopError):
    """The customer's data cannot be erased now; the message says why."""


class RefundRefused(ShopError):
    """The money cannot go back so; the message says why."""


class OfferChanged(RefundRefused):
    """What the customer saw is no longer what they would get: it has to be shown again."""


class UnknownPurchase(ShopError):
    """There is no purchase with this id."""


class RepairRefused(ShopError):
    """The repair makes no sense in the purchase's present stage; the message says why."""


class NotPaid(ShopError):
    """Access was asked for, but the payment has not succeeded."""


class TemporalUnavailable(ShopError):
    """The Temporal server could not be reached, or did not answer in time."""

    retryable = True
