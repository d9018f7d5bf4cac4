"""Subscriptions: what a payment gave, until when, and the way to the configuration."""

import math
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.links import ConfigAddresses
from api.parts import ApiParts, PartsDep
from api.problems import Kind, Refusal, documented
from api.tokens import ServiceDep
from api.v1.activation import granted_access
from api.v1.ordering import purchase_record
from api.v1.payment_documents import LARGEST_PLAN_ID
from api.v1.payment_status import PaymentStatus, payment_status
from api.v1.users import LARGEST_TELEGRAM_ID, TelegramId
from domain.ids import UserId
from domain.languages import Language
from domain.purchases import PurchaseOrder
from domain.servers import WireGuardKey
from domain.subscriptions import Subscription, SubscriptionStatus

router = APIRouter(prefix="/api/v1/subscriptions", tags=["subscriptions"])

LONGEST_PLAN_DAYS = 3660

UserPath = Annotated[int, Path(gt=0, lt=LARGEST_TELEGRAM_ID, description="The Telegram user id.")]


class Activation(BaseModel):
    """A paid order that should become a subscription; its terms have to be the order's."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "payment_id": "6f1c2f4e-8f0e-4d57-9a35-6f6f6b1f7d10",
                    "user_id": 700000001,
                    "tariff_id": 1,
                    "duration_days": 30,
                }
            ]
        }
    )

    payment_id: UUID
    user_id: TelegramId
    tariff_id: Annotated[int, Field(gt=0, le=LARGEST_PLAN_ID)]
    duration_days: Annotated[int, Field(gt=0, le=LONGEST_PLAN_DAYS)]
    features: dict[str, Any] | list[str] | None = None
    """Accepted for the contract's sake: a tariff's features are the shop's."""


class ActivatedSubscription(ConfigAddresses):
    """The access that a payment bought."""

    subscription_id: UUID
    status: SubscriptionStatus
    start_date: datetime
    end_date: datetime


class SubscriptionReport(BaseModel):
    """A customer's subscription as it stands."""

    has_active_subscription: bool
    subscription_id: UUID
    tariff_name: str
    days_remaining: int = Field(description="A begun day counts.", examples=[29])
    end_date: datetime
    auto_renewal: bool = Field(description="Whether a kept card is charged before the end.")
    last_payment_status: PaymentStatus | None = Field(
        description="Of the last payment that was decided; pages that nobody used do not count."
    )
    status: SubscriptionStatus


class ConfigAccess(ConfigAddresses):
    """Where to fetch the configuration, and whose it is."""

    wireguard_public_key: WireGuardKey
    """The device's public key: 44 characters."""


@router.post(
    "/activate",
    summary="Turn a payment into access",
    status_code=201,
    responses=documented(
        Kind.PURCHASE_MISMATCH,
        Kind.UNAUTHENTICATED,
        Kind.NOT_FOUND,
        Kind.NOT_PAID,
        Kind.MALFORMED,
        Kind.SETTING_UP,
        Kind.SHOP_AWAY,
    ),
)
async def activate(
    request: Activation, _service: ServiceDep, parts: PartsDep
) -> ActivatedSubscription:
    """Again for the same payment: the same access.

    The payment sets everything in motion by itself; this call makes sure that it was noticed,
    and waits a few seconds for what is on its way.
    """
    record = await purchase_record(request.payment_id, parts)
    _check_terms(request, record.order)
    grant = await granted_access(record, parts)
    now = parts.clock()
    is_over = grant.expires_at <= now
    return ActivatedSubscription(
        subscription_id=grant.subscription_id,
        status=SubscriptionStatus.EXPIRED if is_over else SubscriptionStatus.ACTIVE,
        start_date=grant.starts_at,
        end_date=grant.expires_at,
        **dict(parts.links.addresses_of(grant.device_id, now)),
    )


@router.get(
    "/{user_id}/status",
    summary="A customer's subscription",
    response_model=SubscriptionReport,
    responses={
        **documented(Kind.UNAUTHENTICATED, Kind.NOT_FOUND, Kind.MALFORMED, Kind.SHOP_AWAY),
        410: {
            "model": SubscriptionReport,
            "description": "It has ended: `has_active_subscription` is false",
        },
    },
)
async def status(user_id: UserPath, _service: ServiceDep, parts: PartsDep) -> JSONResponse:
    """200 while it gives access or stands still, 410 with the same document when it has ended."""
    subscription = await _subscription(user_id, parts)
    report = await _report(subscription, parts)
    is_frozen = report.status is SubscriptionStatus.FROZEN
    code = 200 if report.has_active_subscription or is_frozen else 410
    return JSONResponse(report.model_dump(mode="json"), status_code=code)


@router.get(
    "/{user_id}/config",
    summary="The way to a customer's configuration",
    responses=documented(
        Kind.UNAUTHENTICATED,
        Kind.NOT_FOUND,
        Kind.GONE,
        Kind.MALFORMED,
        Kind.SETTING_UP,
        Kind.SHOP_AWAY,
    ),
)
async def config(user_id: UserPath, _service: ServiceDep, parts: PartsDep) -> ConfigAccess:
    """The addresses are signed and expire; whoever has one has the configuration."""
    subscription = await _subscription(user_id, parts)
    now = parts.clock()
    if not subscription.gives_access(now):
        raise Refusal(Kind.GONE, f"the subscription ended at {subscription.expires_at:%F %T} UTC")
    if subscription.server is None:
        raise Refusal(Kind.SETTING_UP, "no server has a free address yet; nothing is lost")
    return ConfigAccess(
        wireguard_public_key=subscription.device_public_key,
        **dict(parts.links.addresses_of(subscription.device_id, now)),
    )


def _check_terms(request: Activation, order: PurchaseOrder) -> None:
    differences = [
        name
        for name, asked, ordered in (
            ("user_id", request.user_id, order.user_id),
            ("tariff_id", request.tariff_id, order.plan_id),
            ("duration_days", timedelta(days=request.duration_days), order.duration),
        )
        if asked != ordered
    ]
    if differences:
        raise Refusal(Kind.PURCHASE_MISMATCH, f"not as ordered: {', '.join(differences)}")


async def _subscription(user_id: int, parts: ApiParts) -> Subscription:
    subscription = await parts.subscriptions.subscription_of(UserId(user_id))
    if subscription is None:
        raise Refusal(Kind.NOT_FOUND, f"user {user_id} never had a subscription")
    return subscription


async def _report(subscription: Subscription, parts: ApiParts) -> SubscriptionReport:
    customer = await parts.customers.find(subscription.user_id)
    language = Language.RUSSIAN if customer is None else customer.language
    latest = await parts.purchases.latest_decided_of(subscription.user_id)
    now = parts.clock()
    is_active = subscription.gives_access(now)
    is_overdue = subscription.status is SubscriptionStatus.ACTIVE and not is_active
    remaining = (subscription.expires_at - now) / timedelta(days=1)
    return SubscriptionReport(
        has_active_subscription=is_active,
        subscription_id=subscription.subscription_id,
        tariff_name=subscription.plan_name(language),
        days_remaining=math.ceil(remaining) if is_active else 0,
        end_date=subscription.expires_at,
        auto_renewal=subscription.renews_itself,
        last_payment_status=None if latest is None else payment_status(latest.stage),
        # Its workflow may be a moment late in ending it.
        status=SubscriptionStatus.EXPIRED if is_overdue else subscription.status,
    )
