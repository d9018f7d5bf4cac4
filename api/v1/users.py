"""Customers, for services that meet them outside the bot."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.parts import PartsDep
from api.problems import Kind, documented
from api.tokens import ServiceDep
from domain.customers import Introduction
from domain.ids import UserId
from domain.languages import Language

LARGEST_TELEGRAM_ID = 2**52
"""The Bot API promises at most 52 significant bits."""

TelegramId = Annotated[int, Field(gt=0, lt=LARGEST_TELEGRAM_ID, examples=[700000001])]

_WITHOUT_NUL = r"^[^\x00]*$"
"""PostgreSQL's text holds any character but this."""

Username = Annotated[str, Field(max_length=64, pattern=_WITHOUT_NUL, examples=["anna"])]
Name = Annotated[str, Field(max_length=256, pattern=_WITHOUT_NUL)]

router = APIRouter(prefix="/api/v1/users", tags=["users"])


class Registration(BaseModel):
    """A person, as Telegram describes one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "telegram_id": 700000001,
                    "username": "anna",
                    "first_name": "Anna",
                    "last_name": "Petrova",
                    "language_code": "ru",
                }
            ]
        }
    )

    telegram_id: TelegramId
    username: Username | None = None
    first_name: Name = ""
    last_name: Name | None = None
    language_code: Annotated[str, Field(max_length=35)] | None = None
    """An IETF tag; it matters only the first time."""


class RegisteredUser(BaseModel):
    """A customer of the shop."""

    user_id: TelegramId
    username: str | None
    first_name: str
    last_name: str | None
    language: Language
    created_at: datetime


@router.post(
    "/register",
    summary="Register a customer",
    status_code=201,
    responses=documented(Kind.UNAUTHENTICATED, Kind.MALFORMED, Kind.SHOP_AWAY),
)
async def register(request: Registration, _service: ServiceDep, parts: PartsDep) -> RegisteredUser:
    """Again with the same `telegram_id`: the same user, with names brought up to date."""
    introduction = Introduction(
        user_id=UserId(request.telegram_id),
        username=request.username,
        first_name=request.first_name,
        last_name=request.last_name,
        language_code=request.language_code,
    )
    customer = await parts.customers.greet(introduction, parts.clock())
    return RegisteredUser.model_validate(customer, from_attributes=True)
