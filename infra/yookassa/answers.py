"""What an HTTP answer of YooKassa means, by the rules of its documentation.

https://yookassa.ru/developers/using-api/response-handling/http-codes
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any

import requests
from pydantic import BaseModel, Field, ValidationError

from domain.errors import ProviderRefused, ProviderThrottled, ProviderUnavailable, ShopError

Json = Mapping[str, object]

_LONGEST_WAIT = timedelta(hours=1)
"""No sane provider asks for more; protects from a mistaken unit."""

_UNKNOWN_RESULT = frozenset({HTTPStatus.ACCEPTED, HTTPStatus.REQUEST_TIMEOUT})
_FIRST_REDIRECT = 300
_FIRST_CLIENT_ERROR = 400
_FIRST_SERVER_ERROR = 500


class Problem(BaseModel):
    """YooKassa's error object."""

    code: str = "no code"
    description: str = "no description"
    parameter: str | None = None
    retry_after: Annotated[float | None, Field(ge=0, allow_inf_nan=False)] = None
    """Milliseconds."""

    def __str__(self) -> str:
        parameter = f" (parameter {self.parameter})" if self.parameter else ""
        return f"{self.code}: {self.description}{parameter}"


def read_answer(response: requests.Response) -> dict[str, Any]:
    """The JSON object of a successful answer; any other raises what it means.

    An answer that is not JSON comes from something in front of YooKassa, so whether the request
    got through is unknown.

    Raises:
        ProviderUnavailable: The result is unknown: 202, 408, 3xx, 5xx, or not JSON.
        ProviderThrottled: 429.
        ProviderRefused: Any other 4xx.
    """
    body = _json_object(response)
    if response.status_code == HTTPStatus.OK and body is not None:
        return body
    raise _meaning(response, body)


def _meaning(response: requests.Response, body: dict[str, Any] | None) -> ShopError:
    status, problem = response.status_code, _problem(body)
    retry_after = _retry_after(response, problem)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return ProviderThrottled(f"YooKassa asks to slow down: {problem}", retry_after)
    if status == HTTPStatus.UNAUTHORIZED or (status == HTTPStatus.FORBIDDEN and body is not None):
        return ProviderRefused(
            f"YooKassa answered {status} ({problem}): "
            "check YOOKASSA_SHOP_ID and YOOKASSA_SECRET_KEY"
        )
    if body is None or not _is_refusal(status):
        unknown = ProviderUnavailable(f"YooKassa answered {status} ({problem}): result unknown")
        unknown.retry_after = retry_after
        return unknown
    return ProviderRefused(f"YooKassa refused with {status}, {problem}")


def _is_refusal(status: int) -> bool:
    return _FIRST_CLIENT_ERROR <= status < _FIRST_SERVER_ERROR and status not in _UNKNOWN_RESULT


def _json_object(response: requests.Response) -> dict[str, Any] | None:
    try:
        body = json.loads(response.content)
    except ValueError:  # not JSON, or not text at all
        return None
    return body if isinstance(body, dict) else None


def _problem(body: dict[str, Any] | None) -> Problem:
    if body is None:
        return Problem(code="not JSON")
    try:
        return Problem.model_validate(body)
    except ValidationError:
        return Problem(code="unreadable error object")


def _retry_after(response: requests.Response, problem: Problem) -> timedelta | None:
    """How long to wait: YooKassa's own field (milliseconds), else the HTTP header (seconds).

    The header's other form, a date, is ignored: YooKassa does not use it.
    """
    header = response.headers.get("Retry-After", "")
    if problem.retry_after is not None:
        seconds = problem.retry_after / 1000
    elif header.isascii() and header.isdigit():
        seconds = float(header)
    else:
        return None
    return timedelta(seconds=min(seconds, _LONGEST_WAIT.total_seconds()))
