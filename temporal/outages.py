"""What a silent Temporal server, and an update that says no, mean to the shop."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from temporalio.client import (
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError, FailureError
from temporalio.service import RPCError, RPCStatusCode

from domain.errors import (
    AccessEnded,
    DeviceBusy,
    DeviceMoved,
    LocationLimitReached,
    LocationNotOffered,
    NoFreeAddress,
    OfferChanged,
    RefundRefused,
    ShopError,
    TemporalUnavailable,
    UnknownDevice,
)

RPC_TIMEOUT = timedelta(seconds=5)
"""The Temporal server answers in milliseconds, or is away."""


_SAID_BY_NAME: dict[str | None, type[ShopError]] = {
    error.__name__: error
    for error in (
        OfferChanged,
        UnknownDevice,
        AccessEnded,
        DeviceBusy,
        DeviceMoved,
        LocationLimitReached,
        LocationNotOffered,
        NoFreeAddress,
    )
}
"""Refusals that callers tell apart; every other is `RefundRefused`."""


@contextmanager
def temporal_errors() -> Iterator[None]:
    """Turn "nobody answers" into the shop's own error."""
    try:
        yield
    except (RPCError, RuntimeError) as error:
        # RuntimeError: what the SDK raises when a lazy client finds nobody to connect to.
        raise TemporalUnavailable(f"the Temporal server did not answer: {error}") from error


@contextmanager
def update_errors() -> Iterator[None]:
    """Turn what an update says into the shop's own errors."""
    with temporal_errors():
        try:
            yield
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise TemporalUnavailable("no worker answered in time: look again") from error
        except WorkflowUpdateFailedError as error:
            said = error.cause.type if isinstance(error.cause, ApplicationError) else None
            raise _SAID_BY_NAME.get(said, RefundRefused)(words_of(error)) from error
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise RefundRefused("it is over, or never was") from error
            raise


def words_of(error: WorkflowUpdateFailedError) -> str:
    """Why an update was refused, in the words of the workflow."""
    cause = error.cause
    return cause.message if isinstance(cause, FailureError) else str(cause)
