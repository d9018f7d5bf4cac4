"""The codec endpoint: shows staff what Temporal holds encrypted, in its UI and CLI.

The CLI sends the token itself: `temporal --codec-endpoint .../codec --codec-auth "Bearer ..."`.
The UI asks from the browser, and cannot be given a token; so staff sign in at `/codec/sign-in`,
which leaves a cookie, and the UI is told to include it (TEMPORAL_CODEC_INCLUDE_CREDENTIALS).
Where whoever sees the UI may also read payloads, as in the demo, the UI's codec address can carry
the token instead: `/codec/with/TOKEN`. Paths are not logged.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Cookie, Depends, Header, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from google.protobuf import json_format
from pydantic import SecretStr
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Receive, Scope, Send
from temporalio.api.common.v1 import Payload, Payloads

from api.problems import Kind, Refusal
from api.staff import COOKIE, SHIFT, StaffDoor
from domain.ports import Sealer
from temporal.codec import SealingCodec

_CONVERSIONS = ("/encode", "/decode")


def codec_paths(token: SecretStr | None) -> tuple[str, ...]:
    """Where the codec is reached: with the token in a header or cookie, or in the path."""
    if token is None:
        return ()
    homes = ("/codec", f"/codec/with/{token.get_secret_value()}")
    return tuple(f"{home}{conversion}" for home in homes for conversion in _CONVERSIONS)


CODEC_LIMIT = 16 * 1024 * 1024
"""A page of a long history; the UI asks for all of its payloads at once."""

SIGN_IN_PATH = "/codec/sign-in"

_FORM = """<!doctype html><meta charset="utf-8"><title>wgshop: decryption</title>
<form method="post"><p>{message}</p>
<label>Codec token <input type="password" name="token" autocomplete="current-password"></label>
<button>Sign in</button></form>
"""

_Convert: TypeAlias = Callable[[Sequence[Payload]], Awaitable[list[Payload]]]


class CodecOrigins(CORSMiddleware):
    """CORS for the codec's paths only: no other answer is another page's business."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, with CORS where the codec is."""
        is_codec = (
            scope["type"] == "http"
            and scope["path"].startswith("/codec/")
            and scope["path"].endswith(_CONVERSIONS)
        )
        app = super().__call__ if is_codec else self.app
        await app(scope, receive, send)


def codec_router(sealer: Sealer, token: SecretStr, *, secure_cookies: bool) -> APIRouter:
    """The codec's routes, for staff who hold the token."""
    door = StaffDoor(token)
    router = APIRouter(include_in_schema=False)
    router.include_router(_codec(SealingCodec(sealer), door))
    router.include_router(_sign_in(door, secure_cookies))
    return router


def _codec(codec: SealingCodec, door: StaffDoor) -> APIRouter:
    def only_staff(
        request: Request,
        authorization: Annotated[str, Header()] = "",
        session: Annotated[str, Cookie(alias=COOKIE)] = "",
    ) -> None:
        opens = (
            door.opens_to_header(authorization),
            door.opens_to_session(session),
            # Not as a parameter: FastAPI would take it from a query too, which proxies log.
            door.opens_to_token(request.path_params.get("token", "")),
        )
        if not any(opens):
            raise Refusal(Kind.UNAUTHENTICATED, f"send the codec token, or sign in: {SIGN_IN_PATH}")

    router = APIRouter(dependencies=[Depends(only_staff)])

    @router.post("/codec/encode")
    @router.post("/codec/with/{token}/encode")
    async def encode(request: Request) -> Response:
        return await _converted(request, codec.encode)

    @router.post("/codec/decode")
    @router.post("/codec/with/{token}/decode")
    async def decode(request: Request) -> Response:
        return await _converted(request, codec.decode)

    return router


def _sign_in(door: StaffDoor, secure_cookies: bool) -> APIRouter:
    router = APIRouter()

    @router.get(SIGN_IN_PATH)
    async def form() -> Response:
        return HTMLResponse(_FORM.format(message="Decryption for the Temporal UI."))

    @router.post(SIGN_IN_PATH)
    async def sign_in(request: Request) -> Response:
        session = door.session_for_form(await request.body())
        if session is None:
            return HTMLResponse(_FORM.format(message="That is not the token."), status_code=401)
        response = RedirectResponse(f"{SIGN_IN_PATH}/done", status_code=303)
        # Strict is enough for the UI: another port, or another host of the same site.
        response.set_cookie(
            COOKIE,
            session,
            max_age=int(SHIFT.total_seconds()),
            path="/codec",
            secure=secure_cookies,
            httponly=True,
            samesite="strict",
        )
        return response

    @router.get(f"{SIGN_IN_PATH}/done")
    async def done() -> Response:
        return HTMLResponse("<!doctype html><p>Signed in. Reload the Temporal UI.</p>")

    return router


async def _converted(request: Request, convert: _Convert) -> Response:
    """Temporal's remote codec protocol: protobuf's JSON of `Payloads`, both ways.

    https://docs.temporal.io/production-deployment/data-encryption
    """
    try:
        given = json_format.Parse(await request.body(), Payloads())
        converted = Payloads(payloads=await convert(given.payloads))
    except (json_format.ParseError, UnicodeDecodeError):
        raise Refusal(Kind.MALFORMED_JSON, "not Temporal's Payloads in JSON") from None
    except ValueError as error:
        # The ring names the key that is missing, never a key.
        raise Refusal(Kind.MALFORMED_JSON, str(error)) from None
    return Response(json_format.MessageToJson(converted), media_type="application/json")
