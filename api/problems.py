"""Errors as RFC 9457 problem details, everywhere and nothing else.

A problem's `type` is a stable name that a program may branch on; `detail` is for people.
"""

import math
from datetime import timedelta
from enum import Enum
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException

from domain.errors import (
    NotPaid,
    PromoRefused,
    ProviderUnavailable,
    PurchaseRefused,
    ShopError,
    SoldOut,
    TemporalUnavailable,
    UnknownPurchase,
)

MEDIA_TYPE = "application/problem+json"

DEFAULT_PAUSE = timedelta(seconds=5)
"""Retry-After when nobody said how long an outage will last."""

_log = structlog.get_logger(__name__)


class Kind(Enum):
    """The problems that a client may meet: HTTP status, stable name, title."""

    MALFORMED_JSON = (400, "malformed-json", "The body is not the JSON that is expected")
    UNKNOWN_TARIFF = (400, "unknown-tariff", "There is no such tariff on offer")
    PRICE_MISMATCH = (400, "price-mismatch", "The amount or currency is not the tariff's")
    EMAIL_NEEDED = (400, "email-needed", "The receipt needs an e-mail address")
    PURCHASE_MISMATCH = (400, "purchase-mismatch", "The request does not match the payment")
    UNAUTHENTICATED = (401, "unauthenticated", "A valid access token is needed")
    FORBIDDEN = (403, "forbidden", "The sender may not call this")
    NOT_FOUND = (404, "not-found", "There is no such thing")
    METHOD_NOT_ALLOWED = (405, "method-not-allowed", "The address has no such method")
    TOO_SLOW = (408, "too-slow", "The body did not arrive in time")
    ALREADY_PAID = (409, "already-paid", "The payment has been made")
    PROMO_REFUSED = (409, "promo-refused", "The promo code cannot be used")
    NOT_PAID = (409, "not-paid", "The payment has not succeeded")
    SOLD_OUT = (409, "sold-out", "No server has room for this tariff")
    REFUSED = (409, "refused", "The purchase cannot go on")
    GONE = (410, "gone", "It was here, and its time has passed")
    TOO_LARGE = (413, "too-large", "The body is too large")
    MALFORMED = (422, "malformed", "The request is malformed")
    KEY_REUSED = (422, "idempotency-key-reused", "The Idempotency-Key belongs to another order")
    INTERNAL = (500, "internal", "Something is wrong on our side")
    PROVIDER_AWAY = (503, "provider-unavailable", "The payment provider does not answer")
    SHOP_AWAY = (503, "shop-unavailable", "A part of the shop does not answer")
    SETTING_UP = (503, "setting-up", "Paid, and still being set up")

    def __init__(self, status: int, slug: str, title: str) -> None:
        self.status = status
        self.slug = slug
        self.title = title


class FieldError(BaseModel):
    """What is wrong with one field of a malformed request."""

    field: str = Field(examples=["body.tariff_id"])
    message: str = Field(examples=["Field required"])


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str = Field(examples=["urn:wgshop:problem:price-mismatch"])
    title: str = Field(examples=["The amount or currency is not the tariff's"])
    status: int = Field(examples=[400])
    detail: str | None = Field(default=None, examples=["the tariff costs 299.00 RUB"])
    errors: list[FieldError] | None = None
    """Only for 422: each malformed field."""


class Refusal(Exception):
    """An endpoint's answer other than success."""

    def __init__(
        self, kind: Kind, detail: str | None = None, *, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(detail or kind.title)
        self.kind = kind
        self.detail = detail
        self.retry_after = retry_after


def answer(
    kind: Kind,
    detail: str | None = None,
    *,
    retry_after: timedelta | None = None,
    errors: list[FieldError] | None = None,
) -> Response:
    """The response for a problem; a 503 always says when to come back."""
    problem = Problem(
        type=f"urn:wgshop:problem:{kind.slug}",
        title=kind.title,
        status=kind.status,
        detail=detail,
        errors=errors,
    )
    return JSONResponse(
        problem.model_dump(exclude_none=True),
        status_code=kind.status,
        media_type=MEDIA_TYPE,
        headers=_headers(kind, retry_after),
    )


def documented(*kinds: Kind) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an operation in OpenAPI; kinds of one status share an entry."""
    titles: dict[int, list[str]] = {}
    for kind in kinds:
        titles.setdefault(kind.status, []).append(kind.title)
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": "; ".join(texts), "content": content}
        for status, texts in titles.items()
    }


def schemas() -> dict[str, Any]:
    """The schemas that `documented` refers to, for the contract's components."""
    _, definitions = models_json_schema(
        [(Problem, "serialization")], ref_template="#/components/schemas/{model}"
    )
    found: dict[str, Any] = definitions["$defs"]
    return found


def install(app: FastAPI, outages: tuple[type[Exception], ...]) -> None:
    """Answer every error of the application with problem details.

    Args:
        app: The application.
        outages: What its parts raise when PostgreSQL or Temporal is away.
    """
    app.add_exception_handler(Refusal, _on_refusal)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_malformed)
    app.add_exception_handler(ShopError, _on_shop_error)
    for outage in outages:
        if not issubclass(outage, ShopError):
            app.add_exception_handler(outage, _on_outage)


def _headers(kind: Kind, retry_after: timedelta | None) -> dict[str, str]:
    if kind is Kind.UNAUTHENTICATED:
        return {"WWW-Authenticate": "Bearer"}
    if kind.status == 503:  # noqa: PLR2004  # Service Unavailable
        pause = retry_after or DEFAULT_PAUSE
        return {"Retry-After": str(max(1, math.ceil(pause.total_seconds())))}
    return {}


_BY_STATUS = {
    status: next(kind for kind in Kind if kind.status == status)
    for status in sorted({kind.status for kind in Kind})
}
_BY_STATUS |= {404: Kind.NOT_FOUND, 422: Kind.MALFORMED}

_BY_ERROR: tuple[tuple[type[ShopError], Kind], ...] = (
    (UnknownPurchase, Kind.NOT_FOUND),
    (SoldOut, Kind.SOLD_OUT),
    (PurchaseRefused, Kind.REFUSED),
    (PromoRefused, Kind.PROMO_REFUSED),
    (NotPaid, Kind.NOT_PAID),
    (ProviderUnavailable, Kind.PROVIDER_AWAY),
    (TemporalUnavailable, Kind.SHOP_AWAY),
)


async def _on_refusal(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101  # registered for this type only
    return answer(error.kind, error.detail, retry_after=error.retry_after)


async def _on_http_exception(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # registered for this type only
    return answer(_BY_STATUS.get(error.status_code, Kind.INTERNAL))


async def _on_malformed(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for this type only
    # The input itself is left out: it may be personal.
    errors = [
        FieldError(field=".".join(map(str, item["loc"])), message=item["msg"])
        for item in error.errors()
    ]
    return answer(Kind.MALFORMED, errors=errors)


async def _on_shop_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ShopError)  # noqa: S101  # registered for this type only
    kind = next((kind for base, kind in _BY_ERROR if isinstance(error, base)), Kind.INTERNAL)
    if kind is Kind.INTERNAL:
        _log.error("api.unexpected_shop_error", error=type(error).__name__, exc_info=error)
        return answer(kind)
    if kind is Kind.SHOP_AWAY:
        # What the servers inside say of each other is for the log.
        _log.warning("api.temporal_away", why=str(error))
        return answer(kind, retry_after=error.retry_after)
    return answer(kind, str(error), retry_after=error.retry_after)


async def _on_outage(_request: Request, error: Exception) -> Response:
    _log.warning("api.ledger_away", error=type(error).__name__)
    return answer(Kind.SHOP_AWAY)
