"""The counter at which every call arrives: faults, credentials, idempotence, answers."""

import asyncio
import base64
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request, Response

from sandbox.yookassa import connections
from sandbox.yookassa.faults import Fault, FaultKind, Faults, Operation
from sandbox.yookassa.idempotence import HEADER, Answer, IdempotenceBook, fingerprint_of
from sandbox.yookassa.notifications import Notifier
from sandbox.yookassa.refusals import (
    Refusal,
    forbidden,
    internal_server_error,
    invalid_credentials,
    invalid_request,
    too_many_requests,
    unsupported_media_type,
)

Act = Callable[[bytes], dict[str, Any]]
"""Does a POST operation with the request's body and returns the object to show."""

_BAD_GATEWAY = (
    "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"
)

_BEFORE: dict[FaultKind, Callable[[Fault], Refusal]] = {
    FaultKind.ERROR_BEFORE: lambda _: internal_server_error(),
    FaultKind.THROTTLED: lambda fault: too_many_requests(fault.retry_after_ms),
    FaultKind.REFUSED: lambda _: invalid_request("The request was refused on purpose."),
    FaultKind.UNAUTHORIZED: lambda _: invalid_credentials(),
    FaultKind.FORBIDDEN: lambda _: forbidden(),
}


class Desk:
    """Serves calls for one shop."""

    def __init__(
        self,
        credentials: tuple[str, str],
        faults: Faults,
        idempotence: IdempotenceBook,
        notifier: Notifier,
    ) -> None:
        """Open the counter.

        Args:
            credentials: The shop id and the secret key.
            faults: What goes wrong on purpose.
            idempotence: The answers given already.
            notifier: Asked to hurry before each answer.
        """
        pair = ":".join(credentials).encode()
        self._authorization = b"Basic " + base64.b64encode(pair)
        self._faults = faults
        self._idempotence = idempotence
        self._notifier = notifier

    async def get(
        self, operation: Operation, request: Request, show: Callable[[], dict[str, Any]]
    ) -> Response:
        """Answer a question."""

        async def answer() -> Answer:
            self._authenticate(request)
            return Answer(200, show())

        return await self.faulty(operation, request, lambda: _respond(answer))

    async def post(self, operation: Operation, request: Request, act: Act) -> Response:
        """Do an operation once per idempotence key."""

        async def answer() -> Answer:
            self._authenticate(request)
            body = await _json_body(request)
            fingerprint = fingerprint_of(request.method, request.url.path, body)
            return await self._idempotence.once(
                request.headers.get(HEADER), fingerprint, lambda: self._do(act, body)
            )

        return await self.faulty(operation, request, lambda: _respond(answer))

    async def faulty(
        self, operation: Operation, request: Request, serve: Callable[[], Awaitable[Response]]
    ) -> Response:
        """Serve a call, with whatever was ordered to go wrong with it."""
        self._faults.count(operation, request.headers.get(HEADER))
        fault = self._faults.take(operation)
        if fault is None:
            return await serve()
        prevented = await _before(fault, request)
        if prevented is not None:
            return prevented
        return await _after(fault, request, await serve())

    async def _do(self, act: Act, body: bytes) -> Answer:
        answer = Answer(200, act(body))
        await self._notifier.hurry()
        return answer

    def _authenticate(self, request: Request) -> None:
        given = request.headers.get("authorization", "").encode()
        if not secrets.compare_digest(given, self._authorization):
            raise invalid_credentials()


async def _before(fault: Fault, request: Request) -> Response | None:
    if fault.kind in _BEFORE:
        return refusal_response(_BEFORE[fault.kind](fault))
    if fault.kind is FaultKind.BAD_GATEWAY:
        return _bad_gateway()
    if fault.kind is FaultKind.DROP_BEFORE:
        return await connections.drop(request)
    if fault.kind is FaultKind.HANG_BEFORE:
        return await connections.hang(request, fault.seconds)
    return None


async def _after(fault: Fault, request: Request, answer: Response) -> Response:
    if fault.kind is FaultKind.ERROR_AFTER:
        return refusal_response(internal_server_error())
    if fault.kind is FaultKind.BAD_GATEWAY_AFTER:
        return _bad_gateway()
    if fault.kind is FaultKind.PROCESSING:
        return _processing(fault.retry_after_ms)
    if fault.kind is FaultKind.DROP_AFTER:
        return await connections.drop(request)
    if fault.kind is FaultKind.HANG_AFTER:
        return await connections.hang(request, fault.seconds)
    await asyncio.sleep(fault.seconds)
    return answer


async def _respond(answer: Callable[[], Awaitable[Answer]]) -> Response:
    try:
        given = await answer()
    except Refusal as refusal:
        return refusal_response(refusal)
    return _json(given.status, given.body)


def refusal_response(refusal: Refusal) -> Response:
    """The HTTP answer of a refusal."""
    return _json(refusal.status, refusal.body)


def _bad_gateway() -> Response:
    return Response(_BAD_GATEWAY, status_code=502, media_type="text/html")


def _processing(retry_after_ms: int) -> Response:
    body = {
        "type": "processing",
        "description": "Request accepted, but not processed yet. Repeat it with the same key.",
        "retry_after": retry_after_ms,
    }
    return _json(202, body)


def _json(status: int, body: dict[str, Any]) -> Response:
    return Response(
        json.dumps(body, ensure_ascii=False), status_code=status, media_type="application/json"
    )


async def _json_body(request: Request) -> bytes:
    body = await request.body()
    content_type = request.headers.get("content-type", "")
    if body and content_type.partition(";")[0].strip().lower() != "application/json":
        raise unsupported_media_type()
    return body or b"{}"
