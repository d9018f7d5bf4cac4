"""What support sees of one customer: the subscription, and each device with what it transfers."""

from collections.abc import Iterator
from datetime import UTC, datetime

from bot.phrasebook import Phrasebook, phrasebook
from domain.customers import Customer
from domain.devices import Device, DeviceShelf
from domain.errors import SettingsError
from domain.ids import UserId
from domain.languages import Language
from domain.locations import ChangesLeft
from domain.quotas import QuotaMark
from domain.subscriptions import Subscription
from infra.postgres.customers import Customers
from infra.postgres.devices import Devices
from infra.postgres.pool import open_pool
from infra.postgres.subscriptions import Subscriptions
from infra.settings import DatabaseSettings, EncryptionSettings, load
from infra.wireguard_keys import new_device_keys
from workers.tables import aligned

_HEAD = ("device", "server", "location", "last handshake", "received", "sent", "state")


async def customer_card(user_id: UserId) -> str:
    """The customer as they are now. Raises `SettingsError` for somebody who was never here."""
    ring, now = load(EncryptionSettings).key_ring(), datetime.now(UTC)
    async with await open_pool(load(DatabaseSettings).url.get_secret_value(), size=1) as pool:
        customer = await Customers(pool).find(user_id)
        if customer is None:
            raise SettingsError(f"there is no customer {user_id}")
        subscription = await Subscriptions(pool, ring).subscription_of(user_id)
        devices = Devices(pool, ring, new_device_keys)
        shelf = await devices.shelf(user_id)
        changes = await devices.location_changes(user_id, now)
    return "\n".join(_lines(customer, subscription, shelf, changes, now))


def _lines(
    customer: Customer,
    subscription: Subscription | None,
    shelf: DeviceShelf | None,
    changes: ChangesLeft | None,
    now: datetime,
) -> Iterator[str]:
    yield f"customer {customer.user_id}, here since {_moment(customer.created_at)}"
    if customer.blocked_bot_at is not None:
        yield f"has blocked the bot since {_moment(customer.blocked_bot_at)}"
    if subscription is None or shelf is None or changes is None:
        yield "never had a subscription"
        return
    renews = ", renews itself" if subscription.renews_itself else ""
    yield (
        f"{subscription.plan_name_en}: {subscription.status}, "
        f"paid until {_moment(subscription.expires_at)}{renews}"
    )
    yield from _limits(subscription, now)
    yield _changes_in_words(changes)
    yield f"{len(shelf.devices)} of {shelf.limit} devices"
    phrases = phrasebook(Language.ENGLISH)
    yield from aligned([_HEAD, *(_row(phrases, device, now) for device in shelf.devices)])


def _limits(subscription: Subscription, now: datetime) -> Iterator[str]:
    """What the plan holds each device to, where it does."""
    if subscription.speed_mbit is not None:
        yield f"speed: up to {subscription.speed_mbit} Mbit/s"
    quota, usage = subscription.quota, subscription.usage
    if quota is not None and usage is not None:
        size, period = phrasebook(Language.ENGLISH).size, usage.at(now)
        is_used_up = period.mark(quota) is QuotaMark.USED_UP
        slow = f", so up to {quota.slow_mbit} Mbit/s" if is_used_up else ""
        used = f"{size(period.used_bytes)} of {size(quota.size)}"
        yield f"traffic: {used} until {_moment(period.until)}{slow}"


def _changes_in_words(changes: ChangesLeft) -> str:
    if changes.number is None:
        return "changes of location: any number"
    if changes.limit == 0:
        return "changes of location: not offered"
    words = f"changes of location left: {changes.number} of {changes.limit}"
    return words if changes.again_at is None else f"{words}, again from {_moment(changes.again_at)}"


def _row(phrases: Phrasebook, device: Device, now: datetime) -> tuple[str, ...]:
    traffic = device.traffic
    handshake = traffic.latest_handshake
    return (
        device.name or "-",
        device.server or "-",
        device.location or "-",
        "never" if handshake is None else phrases.ago(now - handshake),
        phrases.size(traffic.sent_bytes),
        phrases.size(traffic.received_bytes),
        _state(device, now),
    )


def _state(device: Device, now: datetime) -> str:
    if not device.may_connect:
        return "rests"
    if not device.is_set_up:
        return "being set up"
    return "online" if device.traffic.is_online(now) else ""


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
