"""What the API asks of the ledger and of Temporal.

`infra.postgres` and `temporal.starter` fulfil these; the tests do so in memory. Every call is
bounded in time by whoever fulfils it.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeAlias

from domain.customers import Customer, Introduction
from domain.ids import DeviceId, PlanId, ProviderPaymentId, PurchaseId, UserId
from domain.payments import Invoice
from domain.plans import Plan
from domain.pricing import Offers
from domain.promotions import PromoCode
from domain.purchases import PurchaseOrder, PurchaseRecord
from domain.servers import ClientConfig
from domain.subscriptions import Grant, Subscription

Clock: TypeAlias = Callable[[], datetime]
"""Tells the present as an aware UTC time."""

UpdateFeed: TypeAlias = Callable[[dict[str, Any]], Awaitable[object]]
"""Hands one raw Telegram update to the bot; returns when its handler is done."""


class CustomerBook(Protocol):
    """Who buys."""

    async def greet(self, introduction: Introduction, now: datetime) -> Customer:
        """Write the customer down, or bring their names up to date."""
        ...

    async def find(self, user_id: UserId) -> Customer | None:
        """The customer, if they were ever here."""
        ...

    async def save_email(self, user_id: UserId, email: str) -> None:
        """Remember where the customer's receipts go."""
        ...


class PlanBook(Protocol):
    """What is for sale."""

    async def for_sale(self) -> tuple[Plan, ...]:
        """The plans on offer, in the owner's order."""
        ...

    async def find(self, plan_id: PlanId) -> Plan | None:
        """The plan, if it is on offer."""
        ...


class OfferBook(Protocol):
    """What may make a plan cheaper for a customer."""

    async def of(self, user_id: UserId, now: datetime) -> Offers:
        """Everything that counts for the customer's next purchase."""
        ...

    async def enter_code(self, user_id: UserId, entered: str, now: datetime) -> PromoCode:
        """Let the code count for the customer's next purchase. Raises `PromoRefused`."""
        ...

    async def hold_again(self, order: PurchaseOrder, now: datetime) -> None:
        """Hold the discounts of a purchase that is tried again. Raises `PromoRefused`."""
        ...


class ServerBook(Protocol):
    """Where customers may be placed."""

    async def locations_for_sale(self) -> tuple[str, ...]:
        """Each location with a server that takes new customers, once, in order."""
        ...


class PurchaseBook(Protocol):
    """What was ordered, and where it stands."""

    async def open(self, order: PurchaseOrder, now: datetime) -> bool:
        """Write down the intention to buy; False when it was written before.

        Raises `PromoRefused` or `SoldOut`.
        """
        ...

    async def require_room(self, order: PurchaseOrder) -> None:
        """Before a purchase is tried again. Raises `SoldOut`."""
        ...

    async def find(self, purchase_id: PurchaseId) -> PurchaseRecord | None:
        """The purchase, if there is one."""
        ...

    async def latest_decided_of(self, user_id: UserId) -> PurchaseRecord | None:
        """The customer's newest purchase that was paid or declined."""
        ...


class PaymentBook(Protocol):
    """How a purchase was paid, and what that gave."""

    async def payment_of(self, purchase_id: PurchaseId) -> ProviderPaymentId | None:
        """The provider's id of the purchase's newest payment page."""
        ...

    async def grant_of(self, purchase_id: PurchaseId) -> Grant | None:
        """The access that the purchase led to, once it was decided."""
        ...


class SubscriptionBook(Protocol):
    """Who may connect, until when."""

    async def subscription_of(self, user_id: UserId) -> Subscription | None:
        """The customer's subscription: the active one, else the last that was."""
        ...

    async def client_config(self, device_id: DeviceId) -> ClientConfig:
        """The device's configuration, decrypted. Raises `LookupError` without a server."""
        ...


class NotificationBook(Protocol):
    """Notifications as they came in."""

    async def store_notification(
        self, event: str, object_id: str, body: dict[str, Any], sender: str, now: datetime
    ) -> bool:
        """Store it raw, once; True when it was handled before."""
        ...

    async def notification_handled(self, event: str, object_id: str, now: datetime) -> None:
        """The workflow knows: a repeat need not wake it."""
        ...

    async def purchase_for(self, payment_id: ProviderPaymentId) -> PurchaseId | None:
        """The purchase that a payment page was made for."""
        ...


class PurchaseStarter(Protocol):
    """Starts and wakes purchase workflows. Raises `TemporalUnavailable`."""

    async def invoice(self, order: PurchaseOrder, patience: timedelta) -> Invoice:
        """The payment page of `order.attempt`; the purchase begins if it has not.

        Raises `PurchaseRefused` or `ProviderUnavailable`.
        """
        ...

    async def payment_seen(self, order: PurchaseOrder, payment_id: ProviderPaymentId) -> None:
        """Make the workflow look at the payment now."""
        ...
