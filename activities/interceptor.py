"""What every activity has in common: a pulse, errors in Temporal's terms, a log context."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, NoReturn

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from domain.errors import ShopError

PULSE = timedelta(seconds=1)
"""Well below every heartbeat timeout: a killed worker is noticed within seconds."""

log = structlog.get_logger(__name__)


class ShopInterceptor(Interceptor):
    """Wraps every activity of a worker."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002  # the SDK's name
        """Put the wrapper around the activity."""
        return _ShopActivity(next)


class _ShopActivity(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002  # the SDK's name
        info = activity.info()
        with structlog.contextvars.bound_contextvars(
            workflow_id=info.workflow_id, activity=info.activity_type, attempt=info.attempt
        ):
            try:
                async with _pulse():
                    return await super().execute_activity(input)
            except ShopError as error:
                log.warning("activity.failed", error=type(error).__name__, detail=str(error))
                _raise_in_temporal_terms(error)


def _raise_in_temporal_terms(error: ShopError) -> NoReturn:
    """Retryable or not is known by the error's type, not by each caller."""
    raise ApplicationError(
        str(error),
        type=type(error).__name__,
        non_retryable=not error.retryable,
        next_retry_delay=error.retry_after,
    ) from error


@asynccontextmanager
async def _pulse() -> AsyncIterator[None]:
    """Heartbeat while the activity runs, where its caller asked for heartbeats."""
    if activity.info().heartbeat_timeout is None:
        yield
        return
    beating = asyncio.create_task(_beat())
    try:
        yield
    finally:
        beating.cancel()


async def _beat() -> None:
    while True:
        await asyncio.sleep(PULSE.total_seconds())
        activity.heartbeat()
