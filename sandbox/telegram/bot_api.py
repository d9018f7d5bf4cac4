"""The Bot API's routes: `/bot<token>/<method>` and `/file/bot<token>/<path>`."""

import re
import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.telegram.calls import read_parameters
from sandbox.telegram.connection import cut
from sandbox.telegram.errors import ApiError
from sandbox.telegram.faults import ConnectionLost
from sandbox.telegram.sandbox import Sandbox
from sandbox.telegram.wire import Remarked, to_json

_JSON = {"content-type": "application/json"}
_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")


def bot_api_routes(sandbox: Sandbox) -> list[Route]:
    """Plain routes rather than FastAPI's: this is the path that benchmarks run on."""

    async def call(request: Request) -> Response:
        try:
            _check_token(sandbox, request)
            raw = await read_parameters(request)
            result = await sandbox.call(request.path_params["method"], raw)
        except ApiError as error:
            return _refusal(error)
        except ConnectionLost:
            await cut(request)
            return Response(status_code=503)
        return Response(_success(result), headers=_JSON)

    async def download(request: Request) -> Response:
        try:
            _check_token(sandbox, request)
        except ApiError as error:
            return _refusal(error)
        found = sandbox.world.files.at_path(request.path_params["path"])
        if found is None:
            return _refusal(ApiError(404, "Not Found"))
        return Response(found[1], media_type=found[0].mime_type)

    return [
        Route("/bot{token}/{method}", call, methods=["GET", "POST"]),
        Route("/file/bot{token}/{path:path}", download, methods=["GET"]),
    ]


def _check_token(sandbox: Sandbox, request: Request) -> None:
    given = request.path_params["token"]
    if not _TOKEN.fullmatch(given):
        raise ApiError(404, "Not Found")
    if not secrets.compare_digest(given.encode(), sandbox.world.token.encode()):
        raise ApiError(401, "Unauthorized")


def _success(result: Any) -> bytes:
    if isinstance(result, Remarked):
        parts = to_json(result.result), to_json(result.description)
        return b'{"ok":true,"result":%s,"description":%s}' % parts
    return b'{"ok":true,"result":%s}' % to_json(result)


def _refusal(error: ApiError) -> Response:
    # A proxy between understands the header; bots read the parameter.
    headers = None if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    return JSONResponse(error.body, status_code=error.code, headers=headers)
