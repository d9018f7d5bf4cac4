"""The API's errors: `{"type": "error", "id", "code", "description", "parameter"?, ...}`."""

from enum import StrEnum
from typing import Any
from uuid import uuid4


class ErrorCode(StrEnum):
    """The documented codes; 405 and 415 carry none."""

    INVALID_REQUEST = "invalid_request"
    INVALID_CREDENTIALS = "invalid_credentials"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    TOO_MANY_REQUESTS = "too_many_requests"
    INTERNAL_SERVER_ERROR = "internal_server_error"


class Refusal(Exception):
    """An answer other than success.

    Attributes:
        status: The HTTP status.
        body: The error object, as JSON types.
    """

    def __init__(
        self,
        status: int,
        code: ErrorCode | None,
        description: str,
        *,
        parameter: str | None = None,
        retry_after_ms: int | None = None,
    ) -> None:
        super().__init__(description)
        self.status = status
        fields = {
            "type": "error",
            "id": str(uuid4()),
            "code": code,
            "description": description,
            "parameter": parameter,
            "retry_after": retry_after_ms,
        }
        self.body: dict[str, Any] = {
            name: value for name, value in fields.items() if value is not None
        }


def invalid_request(description: str, parameter: str | None = None) -> Refusal:
    """400: something about the request itself is wrong."""
    return Refusal(400, ErrorCode.INVALID_REQUEST, description, parameter=parameter)


def invalid_credentials() -> Refusal:
    """401: the shop id or the secret key is wrong or missing."""
    return Refusal(
        401,
        ErrorCode.INVALID_CREDENTIALS,
        "Error in shopId or secret key. Check their validity.",
        parameter="Authorization",
    )


def forbidden(description: str = "You don't have permission for this operation.") -> Refusal:
    """403: the key is right, but may not do this."""
    return Refusal(403, ErrorCode.FORBIDDEN, description)


def not_found(what: str, parameter: str) -> Refusal:
    """404: there is no such object, or it belongs to somebody else."""
    return Refusal(
        404,
        ErrorCode.NOT_FOUND,
        f"{what} doesn't exist or access denied.",
        parameter=parameter,
    )


def method_not_allowed() -> Refusal:
    """405: the address exists, but not with this HTTP method."""
    return Refusal(405, None, "Method is not allowed for this address.")


def unsupported_media_type() -> Refusal:
    """415: the body is not JSON."""
    return Refusal(415, None, "Content-Type must be application/json.")


def too_many_requests(retry_after_ms: int) -> Refusal:
    """429: come back later."""
    return Refusal(
        429,
        ErrorCode.TOO_MANY_REQUESTS,
        "Too many requests. Repeat later.",
        retry_after_ms=retry_after_ms,
    )


def internal_server_error() -> Refusal:
    """500: the result is unknown; repeat with the same idempotence key."""
    return Refusal(
        500,
        ErrorCode.INTERNAL_SERVER_ERROR,
        "Internal server error. Repeat the request with the same Idempotence-Key.",
        retry_after_ms=1800,
    )
