"""How an update says no: with the type and the words of the shop's own error."""

from temporalio.exceptions import ActivityError, ApplicationError

from domain.errors import RefundRefused


def refused(why: str) -> ApplicationError:
    """A refusal by the workflow itself."""
    return ApplicationError(why, type=RefundRefused.__name__, non_retryable=True)


def refusal_of(error: ActivityError) -> ApplicationError:
    """A refusal by the ledger, handed on as it is."""
    cause = error.cause
    if isinstance(cause, ApplicationError):
        return ApplicationError(cause.message, type=cause.type, non_retryable=True)
    return refused(str(cause or error))
