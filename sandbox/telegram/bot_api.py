"""The Bot API's routes: `/bot<token>/<method>` and `/file/bot<token>/<path>`."""

import secrets

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.telegram.calls import read_parameters
from sandbox.telegram.connection import cut
from sandbox.telegram.errors import ApiError
from sandbox.telegram.faults import ConnectionLost
from sandbox.telegram.sandbox import Sandbox
from sandbox.telegram.wire import to_json


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
        return Response(b'{"ok":true,"result":%s}' % to_json(result), headers=_JSON)

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


_JSON = {"content-type": "application/json"}


def _check_token(sandbox: Sandbox, request: Request) -> None:
    given = request.path_params["token"].encode()
    if not secrets.compare_digest(given, sandbox.world.token.encode()):
        raise ApiError(401, "Unauthorized")


def _refusal(error: ApiError) -> Response:
    return JSONResponse(error.body, status_code=error.code)
