"""A call of the Bot API, however it is encoded: query, form, multipart or JSON."""

from typing import Any
from urllib.parse import parse_qsl

import pydantic_core
from starlette.datastructures import UploadFile
from starlette.requests import Request

from sandbox.telegram.errors import bad_request
from sandbox.telegram.files import Upload

_LARGEST_FIELD = 1024 * 1024


async def read_parameters(request: Request) -> dict[str, Any]:
    """Collect a call's parameters; file parts are under "uploads", by field name.

    Raises:
        ApiError: 400 for a body that is not what its content type says.
    """
    found: dict[str, Any] = _pairs(request.scope["query_string"])
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return found | await _multipart(request)
    body = await request.body()
    if kind == "application/json" and body:
        return found | _json_object(body)
    return found | _pairs(body) if kind == "application/x-www-form-urlencoded" else found


def _pairs(raw: bytes) -> dict[str, Any]:
    return dict(parse_qsl(raw.decode(errors="replace"), keep_blank_values=True)) if raw else {}


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = pydantic_core.from_json(body)
    except ValueError:
        raise bad_request("can't parse JSON object") from None
    if not isinstance(value, dict):
        raise bad_request("object expected")
    return {name: given for name, given in value.items() if given is not None}


async def _multipart(request: Request) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    uploads: dict[str, Upload] = {}
    async with request.form(max_part_size=_LARGEST_FIELD) as form:
        for name, part in form.multi_items():
            if isinstance(part, UploadFile):
                content = await part.read()
                uploads[name] = Upload(part.filename or "file", content, part.content_type)
            else:
                fields[name] = part
    return fields | {"uploads": uploads}
