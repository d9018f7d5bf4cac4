"""Asking each part whether it works, all at once and never for long."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter

from pydantic import BaseModel, Field

PATIENCE_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A question to one part."""

    name: str
    ask: Callable[[], Awaitable[str]]
    """Returns what there is to say when the part works; raises when it does not."""
    is_vital: bool = True
    """Whether the API cannot serve without the part."""


class PartHealth(BaseModel):
    """One part's answer."""

    ok: bool
    latency_ms: float = Field(examples=[1.3])
    detail: str = Field(examples=["PostgreSQL 18.0"])


async def examine(probes: tuple[Probe, ...]) -> dict[str, PartHealth]:
    """Ask every part at the same time; a silent one counts as broken after two seconds."""
    answers = await asyncio.gather(*(_examine_one(probe) for probe in probes))
    return {probe.name: health for probe, health in zip(probes, answers, strict=True)}


async def _examine_one(probe: Probe) -> PartHealth:
    began = perf_counter()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            ok, detail = True, await probe.ask()
    except TimeoutError:
        ok, detail = False, f"no answer in {PATIENCE_SECONDS:g} s"
    except Exception as error:  # noqa: BLE001  # whatever a broken part raises is the answer
        # Its type only: a message may hold secrets.
        ok, detail = False, type(error).__name__
    latency = round((perf_counter() - began) * 1000, 1)
    return PartHealth(ok=ok, latency_ms=latency, detail=detail)
