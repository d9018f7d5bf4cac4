"""The configuration file and its QR picture, behind the signed addresses of `api.links`."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from api.links import CONFIG_FILE, QR_FILE, LinkExpired, LinkUnknown
from api.parts import ApiParts, PartsDep
from api.problems import Kind, Refusal, documented
from domain.servers import ClientConfig
from infra.qr import qr_png

router = APIRouter(prefix="/c", tags=["downloads"])

TokenPath = Annotated[str, Path(description="From `config_url`; it is the key to the file.")]

_ERRORS = documented(Kind.NOT_FOUND, Kind.GONE, Kind.MALFORMED, Kind.SHOP_AWAY)


@router.get(
    f"/{{token}}/{CONFIG_FILE}",
    summary="The WireGuard configuration file",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}, **_ERRORS},
)
async def download_config(token: TokenPath, parts: PartsDep) -> Response:
    """The file as a WireGuard app imports it; its name becomes the tunnel's name."""
    config = await _config_behind(token, parts)
    # Not `text/plain`: a phone would show the text instead of offering it to the WireGuard app.
    return Response(
        config.render(),
        media_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{config.file_name}"'},
    )


@router.get(
    f"/{{token}}/{QR_FILE}",
    summary="The configuration as a QR picture",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **_ERRORS},
)
async def download_qr_code(token: TokenPath, parts: PartsDep) -> Response:
    """The same file as a picture, for a phone to read off this screen."""
    config = await _config_behind(token, parts)
    # Some 20 ms of pure computing: off the loop that answers webhooks.
    picture = await run_in_threadpool(qr_png, config.render())
    return Response(picture, media_type="image/png")


async def _config_behind(token: str, parts: ApiParts) -> ClientConfig:
    try:
        return await parts.subscriptions.client_config(parts.links.device_of(token))
    except LinkExpired:
        raise Refusal(Kind.GONE, "the link has expired: ask for a new one") from None
    except (LinkUnknown, LookupError):
        raise Refusal(Kind.NOT_FOUND) from None
