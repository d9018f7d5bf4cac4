"""The application over parts that live in memory, asked through ASGI."""

import base64
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network, ip_address
from typing import Any
from uuid import UUID, uuid5

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from api.app import build_app
from api.links import ConfigLinks
from api.metrics import ApiMetrics
from api.parts import ApiOptions, ApiParts
from api.probes import Probe
from api.tokens import mint_service_token
from domain import pricing
from domain.customers import Customer, Introduction
from domain.errors import PromoRefused, SoldOut, TemporalUnavailable
from domain.ids import (
    DeviceId,
    PlanId,
    ProviderPaymentId,
    PurchaseId,
    SubscriptionId,
    UserId,
    grant_id_of,
)
from domain.languages import Wording, language_of
from domain.money import roubles
from domain.payments import Invoice
from domain.plans import Plan
from domain.promotions import PromoCode, PromoRefusal
from domain.purchases import PurchaseOrder, PurchaseRecord, PurchaseStage
from domain.servers import ClientConfig
from domain.subscriptions import Grant, Subscription, SubscriptionStatus
from infra.keyring import KeyRing

NOW = datetime.now(UTC).replace(microsecond=0)
"""The present: PyJWT compares with the real clock."""

JWT_SECRET = SecretStr("jwt-secret-of-more-than-32-bytes-0123456789")
LINK_SECRET = SecretStr("link-secret-of-more-than-32-bytes-0123456789")
CODEC_TOKEN = SecretStr("codec-token-of-more-than-32-bytes-0123456789")
TELEGRAM_SECRET = "telegram-secret"  # a test's
PUBLIC_KEY = base64.b64encode(bytes(range(32))).decode()
USER = 700000001
YOOKASSA = "185.71.76.5"


class LedgerAway(Exception):
    """What this ledger raises when it is away."""


@dataclass
class Memory:
    """Everything that the fakes know; tests arrange and inspect it."""

    customers: dict[int, Customer] = field(default_factory=dict)
    records: dict[UUID, PurchaseRecord] = field(default_factory=dict)
    payment_ids: dict[UUID, str] = field(default_factory=dict)
    grants: dict[UUID, Grant] = field(default_factory=dict)
    subscriptions: dict[int, Subscription] = field(default_factory=dict)
    configs: dict[UUID, ClientConfig] = field(default_factory=dict)
    notifications: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    handled: set[tuple[str, str]] = field(default_factory=set)
    seen: list[tuple[PurchaseOrder, str]] = field(default_factory=list)
    invoices_asked: list[PurchaseOrder] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    offers: pricing.Offers = field(default_factory=pricing.Offers)
    codes: dict[str, PromoCode] = field(default_factory=dict)
    hold_refusal: PromoRefusal | None = None
    ledger_is_away: bool = False
    is_full: bool = False
    """No server has room."""
    on_payment_seen: Callable[[PurchaseOrder], None] = lambda order: None
    invoice_failure: Exception | None = None
    temporal_failure: Exception | None = None
    update_failure: Exception | None = None

    def check_ledger(self) -> None:
        if self.ledger_is_away:
            raise LedgerAway

    def settle(self, purchase_id: UUID, stage: PurchaseStage, **facts: Any) -> PurchaseRecord:
        """Move a purchase to a stage."""
        record = self.records[purchase_id]
        self.records[purchase_id] = record.model_copy(update={"stage": stage, **facts})
        return self.records[purchase_id]

    def grant(self, purchase_id: UUID, server: str | None = "nl1") -> Grant:
        """Let a purchase be paid, and give what it bought."""
        order = self.settle(purchase_id, PurchaseStage.SETTING_UP).order
        grant = Grant(
            grant_id=grant_id_of(order.purchase_id),
            purchase_id=order.purchase_id,
            subscription_id=SubscriptionId(uuid5(order.purchase_id, "subscription")),
            device_id=DeviceId(uuid5(order.purchase_id, "device")),
            user_id=order.user_id,
            starts_at=NOW,
            expires_at=NOW + order.duration,
            is_renewal=False,
            server=server,
        )
        self.grants[purchase_id] = grant
        self.subscriptions[order.user_id] = subscription_from(grant)
        self.configs[grant.device_id] = CONFIG
        return grant


CONFIG = ClientConfig(
    private_key=SecretStr(base64.b64encode(b"private key of the device, 32 b.").decode()),
    preshared_key=SecretStr(base64.b64encode(b"preshared key of the device 32b.").decode()),
    ipv4=IPv4Interface("10.8.0.2/32"),
    ipv6=IPv6Interface("fd00::2/128"),
    dns=(ip_address("1.1.1.1"),),
    mtu=1420,
    server_public_key=PUBLIC_KEY,
    endpoint_host="203.0.113.7",
    endpoint_port=51820,
    name="wg-nl1",
)

MONTH = Plan(
    plan_id=PlanId(1),
    slug="month",
    name=Wording(ru="30 дней", en="30 days"),
    description=Wording(ru="Одно устройство", en="One device"),
    price=roubles("299.00"),
    duration_days=30,
    locations=("nl",),
)

ANYWHERE = MONTH.model_copy(
    update={"plan_id": PlanId(3), "slug": "anywhere", "locations": ()},
)


def subscription_from(grant: Grant) -> Subscription:
    return Subscription(
        subscription_id=grant.subscription_id,
        user_id=grant.user_id,
        plan_name_ru="30 дней",
        plan_name_en="30 days",
        status=SubscriptionStatus.ACTIVE,
        starts_at=grant.starts_at,
        expires_at=grant.expires_at,
        device_id=grant.device_id,
        device_public_key=PUBLIC_KEY,
        server=grant.server,
        location="nl",
    )


class Customers:
    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    async def greet(self, introduction: Introduction, now: datetime) -> Customer:
        self.memory.check_ledger()
        customer = Customer(
            language=language_of(introduction.language_code),
            created_at=now,
            **introduction.model_dump(exclude={"language_code"}),
        )
        return self.memory.customers.setdefault(introduction.user_id, customer)

    async def find(self, user_id: UserId) -> Customer | None:
        return self.memory.customers.get(user_id)

    async def save_email(self, user_id: UserId, email: str) -> None:
        known = self.memory.customers[user_id]
        self.memory.customers[user_id] = known.model_copy(update={"email": email})


UNDECIDED = {PurchaseStage.PREPARING, PurchaseStage.AWAITING_PAYMENT, PurchaseStage.EXPIRED}


class Servers:
    async def locations_for_sale(self) -> tuple[str, ...]:
        return ("de", "nl")


class Plans:
    async def for_sale(self) -> tuple[Plan, ...]:
        return (MONTH, ANYWHERE)

    async def find(self, plan_id: PlanId) -> Plan | None:
        return MONTH if plan_id == MONTH.plan_id else None


class Offers:
    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    async def of(self, user_id: UserId, now: datetime) -> pricing.Offers:
        return self.memory.offers

    async def enter_code(self, user_id: UserId, entered: str, now: datetime) -> PromoCode:
        if entered not in self.memory.codes:
            raise PromoRefused(PromoRefusal.UNKNOWN)
        code = self.memory.codes[entered]
        self.memory.offers = self.memory.offers.model_copy(update={"promo": code})
        return code

    async def hold_again(self, order: PurchaseOrder, now: datetime) -> None:
        if self.memory.hold_refusal is not None:
            raise PromoRefused(self.memory.hold_refusal)


class Purchases:
    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    async def open(self, order: PurchaseOrder, now: datetime) -> bool:
        self.memory.check_ledger()
        if order.purchase_id in self.memory.records:
            return False
        await self.require_room(order)
        self.memory.records[order.purchase_id] = PurchaseRecord(
            order=order, stage=PurchaseStage.PREPARING, created_at=now, updated_at=now
        )
        return True

    async def require_room(self, order: PurchaseOrder) -> None:
        if self.memory.is_full:
            raise SoldOut(f"no server has room for plan {order.plan_id}")

    async def find(self, purchase_id: PurchaseId) -> PurchaseRecord | None:
        self.memory.check_ledger()
        return self.memory.records.get(purchase_id)

    async def latest_decided_of(self, user_id: UserId) -> PurchaseRecord | None:
        own = [
            record
            for record in self.memory.records.values()
            if record.order.user_id == user_id and record.stage not in UNDECIDED
        ]
        return own[-1] if own else None


class Payments:
    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    async def payment_of(self, purchase_id: PurchaseId) -> ProviderPaymentId | None:
        found = self.memory.payment_ids.get(purchase_id)
        return None if found is None else ProviderPaymentId(found)

    async def grant_of(self, purchase_id: PurchaseId) -> Grant | None:
        return self.memory.grants.get(purchase_id)


class Subscriptions:
    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    async def subscription_of(self, user_id: UserId) -> Subscription | None:
        self.memory.check_ledger()
        return self.memory.subscriptions.get(user_id)

    async def client_config(self, device_id: DeviceId) -> ClientConfig:
        return self.memory.configs[device_id]


class Inbox:
    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    async def store_notification(
        self, event: str, object_id: str, body: dict[str, Any], sender: str, now: datetime
    ) -> bool:
        self.memory.check_ledger()
        self.memory.notifications.setdefault((event, object_id), body | {"sender": sender})
        return (event, object_id) in self.memory.handled

    async def notification_handled(self, event: str, object_id: str, now: datetime) -> None:
        self.memory.handled.add((event, object_id))

    async def purchase_for(self, payment_id: ProviderPaymentId) -> PurchaseId | None:
        known = (p for p, found in self.memory.payment_ids.items() if found == payment_id)
        found = next(known, None)
        return None if found is None else PurchaseId(found)


class Starter:
    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    async def invoice(self, order: PurchaseOrder, patience: timedelta) -> Invoice:
        self.memory.invoices_asked.append(order)
        if self.memory.invoice_failure is not None:
            raise self.memory.invoice_failure
        payment_id = f"{order.purchase_id}:{order.attempt}"
        invoice = Invoice(
            provider_payment_id=ProviderPaymentId(payment_id),
            confirmation_url=f"https://pay.example/{payment_id}",
            created_at=NOW,
            expires_at=NOW + order.policy.payment_window,
        )
        self.memory.payment_ids[order.purchase_id] = payment_id
        self.memory.settle(
            order.purchase_id,
            PurchaseStage.AWAITING_PAYMENT,
            confirmation_url=invoice.confirmation_url,
            expires_at=invoice.expires_at,
            attempt=order.attempt,
        )
        return invoice

    async def payment_seen(self, order: PurchaseOrder, payment_id: ProviderPaymentId) -> None:
        if self.memory.temporal_failure is not None:
            raise self.memory.temporal_failure
        self.memory.seen.append((order, payment_id))
        self.memory.on_payment_seen(order)


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def options() -> ApiOptions:
    return ApiOptions(
        telegram_secret=SecretStr(TELEGRAM_SECRET),
        telegram_path="/telegram/hook",
        yookassa_networks=(IPv4Network("185.71.76.0/27"), IPv6Network("2a02:5180::/32")),
        trusted_proxies=(IPv4Network("10.0.0.0/8"),),
        jwt_secret=JWT_SECRET,
        codec_token=CODEC_TOKEN,
        temporal_ui_url="http://127.0.0.1:8233",
        activation_patience=timedelta(seconds=0.2),
    )


async def _works() -> str:
    return "works"


@pytest.fixture
def parts(memory: Memory, options: ApiOptions) -> ApiParts:
    async def feed(update: dict[str, Any]) -> None:
        if memory.update_failure is not None:
            raise memory.update_failure
        memory.updates.append(update)

    return ApiParts(
        customers=Customers(memory),
        plans=Plans(),
        offers=Offers(memory),
        servers=Servers(),
        purchases=Purchases(memory),
        payments=Payments(memory),
        subscriptions=Subscriptions(memory),
        inbox=Inbox(memory),
        starter=Starter(memory),
        feed_update=feed,
        sealer=KeyRing.parse(KeyRing.generate_entry("test")),
        links=ConfigLinks(LINK_SECRET, "https://shop.example"),
        probes=(Probe(name="database", ask=_works), Probe(name="temporal", ask=_works)),
        clock=lambda: NOW,
        options=options,
        metrics=ApiMetrics(),
        outages=(LedgerAway, OSError, TemporalUnavailable),
    )


@pytest.fixture
def app(parts: ApiParts) -> FastAPI:
    return build_app(parts)


def asking(app: FastAPI, address: str = "127.0.0.1") -> httpx.AsyncClient:
    """A client whose connection comes from that address."""
    transport = httpx.ASGITransport(app, client=(address, 50000))
    return httpx.AsyncClient(transport=transport, base_url="http://api")


@pytest.fixture
async def stranger(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token."""
    async with asking(app) as client:
        yield client


@pytest.fixture
async def service(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a service token."""
    async with asking(app) as client:
        # Not `NOW`, which a long run of all tests may leave more than a token's life behind.
        token = mint_service_token(JWT_SECRET, "desk", datetime.now(UTC))
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


ORDER = {"user_id": USER, "tariff_id": 1, "amount": "299.00", "currency": "RUB"}


@pytest.fixture
async def payment_id(service: httpx.AsyncClient) -> UUID:
    """A purchase that awaits payment."""
    answer = await service.post("/api/v1/payments/create", json=ORDER)
    return UUID(answer.json()["payment_id"])
