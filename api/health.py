"""Whether the API lives, whether it can serve, and what Prometheus wants to know.

These are for the machines that run the shop: a reverse proxy should not pass `/metrics` on.
"""

from enum import StrEnum

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from api.parts import PartsDep
from api.probes import PartHealth, examine

router = APIRouter(tags=["operation"])


class Readiness(StrEnum):
    """Whether the API can serve."""

    READY = "ready"
    DEGRADED = "degraded"
    """It serves, but a part that is not vital is broken."""
    NOT_READY = "not_ready"


class Health(BaseModel):
    """Each part's answer, and what follows."""

    status: Readiness
    parts: dict[str, PartHealth]


@router.get(
    "/health",
    summary="Readiness, part by part",
    response_model=Health,
    responses={503: {"model": Health, "description": "A vital part does not work"}},
)
async def health(parts: PartsDep) -> Response:
    """200 while every vital part works, else 503; the body tells the parts apart."""
    answers = await examine(parts.probes)
    broken = [probe for probe in parts.probes if not answers[probe.name].ok]
    if any(probe.is_vital for probe in broken):
        status = Readiness.NOT_READY
    else:
        status = Readiness.DEGRADED if broken else Readiness.READY
    report = Health(status=status, parts=answers)
    code = 503 if status is Readiness.NOT_READY else 200
    return JSONResponse(report.model_dump(mode="json"), status_code=code)


@router.get("/health/live", summary="Liveness", status_code=204)
async def live() -> Response:
    """204 while the process answers at all; it asks no other part."""
    return Response(status_code=204)


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}},
)
async def metrics(parts: PartsDep) -> Response:
    """Requests by route, webhooks by outcome, purchases begun."""
    return Response(parts.metrics.exposition(), media_type=CONTENT_TYPE_LATEST)
