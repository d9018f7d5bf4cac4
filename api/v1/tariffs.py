"""What is for sale. A service call like the others: the bot is the public catalogue."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Header
from pydantic import BaseModel, ConfigDict, Field

from api.parts import PartsDep
from api.problems import Kind, documented
from api.tokens import ServiceDep
from domain.languages import Language, language_of
from domain.plans import Plan

router = APIRouter(prefix="/api/v1/tariffs", tags=["tariffs"])


class Tariff(BaseModel):
    """A plan, as the HTTP API calls it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 1,
                    "slug": "month",
                    "name": "30 дней",
                    "description": "Одно устройство",
                    "price": "299.00",
                    "currency": "RUB",
                    "duration_days": 30,
                    "device_limit": 1,
                    "speed_mbit": 50,
                    "traffic_gb": 300,
                    "slow_mbit": 1,
                    "server_locations": ["nl"],
                }
            ]
        }
    )

    id: int
    slug: str
    name: str
    description: str
    price: Decimal
    """An exact decimal in a string."""
    currency: str
    duration_days: int
    device_limit: int
    speed_mbit: int | None = Field(
        description="Megabits a second that a device gets at most, each way; null: no limit."
    )
    traffic_gb: int | None = Field(
        description="Traffic of all devices, both ways, that each 30 days include; null: no limit."
    )
    slow_mbit: int | None = Field(
        description="Megabits a second of a device once that is used up; null: there is no limit."
    )
    server_locations: tuple[str, ...] = Field(
        description="Where the customer may be placed; empty when no server is taking customers."
    )


class TariffList(BaseModel):
    """The tariffs on offer, in the owner's order."""

    tariffs: list[Tariff]


@router.get(
    "",
    summary="The tariffs on offer",
    responses=documented(Kind.UNAUTHENTICATED, Kind.MALFORMED, Kind.SHOP_AWAY),
)
async def tariffs(
    _service: ServiceDep,
    parts: PartsDep,
    accept_language: Annotated[str, Header(max_length=200, examples=["en"])] = Language.RUSSIAN,
) -> TariffList:
    """In the order in which the bot shows them; texts in the first language accepted."""
    language = language_of(accept_language.split(",")[0].strip())
    plans = await parts.plans.for_sale()
    anywhere = await parts.servers.locations_for_sale()
    return TariffList(tariffs=[_tariff(plan, language, anywhere) for plan in plans])


def _tariff(plan: Plan, language: Language, anywhere: tuple[str, ...]) -> Tariff:
    return Tariff(
        id=plan.plan_id,
        slug=plan.slug,
        name=plan.name.within(language),
        description=plan.description.within(language),
        price=plan.price.amount,
        currency=plan.price.currency,
        duration_days=plan.duration_days,
        device_limit=plan.device_limit,
        speed_mbit=plan.speed_mbit,
        traffic_gb=None if plan.quota is None else plan.quota.traffic_gb,
        slow_mbit=None if plan.quota is None else plan.quota.slow_mbit,
        server_locations=plan.locations or anywhere,
    )
