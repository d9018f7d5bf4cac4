"""Everything that the API is made of, as `workers.api_process` joins it."""

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated

from fastapi import Depends, Request
from pydantic import Field, SecretStr

from api.links import ConfigLinks
from api.metrics import ApiMetrics
from api.ports import (
    Clock,
    CustomerBook,
    NotificationBook,
    OfferBook,
    PaymentBook,
    PlanBook,
    PurchaseBook,
    PurchaseStarter,
    ServerBook,
    SubscriptionBook,
    UpdateFeed,
)
from api.probes import Probe
from domain.model import Value
from domain.ports import Sealer
from domain.purchases import PurchasePolicy

DEFAULT_TELEGRAM_PATH = "/webhook"


class ApiOptions(Value):
    """How the API guards its doors, and how long it is patient."""

    telegram_secret: SecretStr | None
    """What Telegram repeats in each call; None closes that door (long polling)."""
    telegram_path: Annotated[str, Field(pattern="^/")] = DEFAULT_TELEGRAM_PATH
    """The path of TELEGRAM_WEBHOOK_URL, served besides `/webhook`."""
    yookassa_networks: tuple[IPv4Network | IPv6Network, ...]
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    jwt_secret: SecretStr
    codec_token: SecretStr | None = None
    """The staff's token for the codec endpoint; None closes it."""
    secure_cookies: bool = True
    """Off only where the shop's public address is plain http."""
    temporal_ui_url: str | None = None
    policy: PurchasePolicy = PurchasePolicy()
    """The patience of purchases that begin here."""
    receipts: bool = False
    """Whether an order needs an e-mail address for its receipt (54-FZ)."""
    invoice_patience: timedelta = timedelta(seconds=20)
    """How long `POST /payments/create` waits for a payment page before it answers 503."""
    activation_patience: timedelta = timedelta(seconds=5)
    """How long `POST /subscriptions/activate` waits for the grant before it answers 503."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiParts:
    """The ledger, Temporal, the bot, and the options."""

    customers: CustomerBook
    plans: PlanBook
    offers: OfferBook
    servers: ServerBook
    purchases: PurchaseBook
    payments: PaymentBook
    subscriptions: SubscriptionBook
    inbox: NotificationBook
    starter: PurchaseStarter
    feed_update: UpdateFeed
    sealer: Sealer
    links: ConfigLinks
    probes: tuple[Probe, ...]
    clock: Clock
    options: ApiOptions
    metrics: ApiMetrics
    outages: tuple[type[Exception], ...]
    """What the parts raise when PostgreSQL or Temporal is away: answered 503."""


def parts_of(request: Request) -> ApiParts:
    """The parts that the application was built from."""
    parts: ApiParts = request.app.state.parts
    return parts


PartsDep = Annotated[ApiParts, Depends(parts_of)]
"""An endpoint's way to the parts."""
