"""Waiting, at a process's start, for the neighbours that start at the same time."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_delay,
    wait_exponential_jitter,
)

from domain.errors import NeighbourAway

PATIENCE_SECONDS = 120.0
"""Longer than a database takes to start; after it the supervisor tries anew."""

Neighbour = TypeVar("Neighbour")

log = structlog.get_logger(__name__)


async def until_there(
    name: str,
    reach: Callable[[], Awaitable[Neighbour]],
    absences: tuple[type[BaseException], ...],
) -> Neighbour:
    """Try to reach a neighbour until it is there. Raises `NeighbourAway` after two minutes."""

    def say(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.warning("process.waits", neighbour=name, error=str(error))

    attempts = AsyncRetrying(
        stop=stop_after_delay(PATIENCE_SECONDS),
        wait=wait_exponential_jitter(multiplier=0.2, max=5),
        retry=retry_if_exception_type(absences),
        before_sleep=say,
        reraise=True,
    )
    try:
        async for attempt in attempts:
            with attempt:
                return await reach()
    except absences as error:
        raise NeighbourAway(
            f"{name} did not answer for {PATIENCE_SECONDS:.0f} seconds: check that it runs and "
            f"that its address in the settings is right ({error})"
        ) from error
    raise AssertionError("tenacity either returns or raises")
