import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator

from api import context, limits
from api.app import build_app
from api.parts import ApiParts
from api.tokens import mint_service_token
from tests.api.conftest import JWT_SECRET, TELEGRAM_SECRET, asking


@pytest.fixture
def openapi(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("PUT", "/api/v1/tariffs", 405),
        ("GET", "/api/v1/tariffs", 401),
        ("POST", "/webhook", 401),
    ],
)
async def test_every_error_is_problem_details(
    stranger: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await stranger.request(method, path)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["status"]) == (status, status)
    assert problem["type"].startswith("urn:wgshop:problem:")
    assert problem["title"]


async def test_a_bug_is_500_without_a_traceback(parts: ApiParts) -> None:
    class Broken:
        async def for_sale(self) -> None:
            raise RuntimeError("a secret detail")

    app = build_app(replace(parts, plans=Broken()))  # type: ignore[arg-type]  # broken on purpose
    async with asking(app) as client:
        client.headers["Authorization"] = _token()
        answer = await client.get("/api/v1/tariffs")
    assert (answer.status_code, answer.json()["status"]) == (500, 500)
    assert "secret detail" not in answer.text
    assert answer.headers["x-request-id"]


async def test_a_request_keeps_its_callers_id(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/health/live", headers={"X-Request-ID": "call-12345"})
    assert answer.headers["x-request-id"] == "call-12345"


@pytest.mark.parametrize("offered", ["", "short", "x" * 65, "with space", "line\tbreak"])
async def test_an_unfit_request_id_is_replaced(stranger: httpx.AsyncClient, offered: str) -> None:
    answer = await stranger.get("/health/live", headers={"X-Request-ID": offered})
    assert len(answer.headers["x-request-id"]) == 32


async def test_answers_wear_safety_headers(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/nowhere")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_the_documentation_page_may_load_its_scripts(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/docs")
    assert answer.status_code == 200
    assert "content-security-policy" not in answer.headers


async def chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 1024):
        yield b" " * 1024


@pytest.mark.parametrize("path", ["/api/v1/payments/create", "/webhook", "/nowhere"])
async def test_a_large_body_that_announces_no_length_is_stopped(
    stranger: httpx.AsyncClient, path: str
) -> None:
    headers = {
        "Authorization": _token(),
        "X-Telegram-Bot-Api-Secret-Token": TELEGRAM_SECRET,
        "Content-Type": "application/json",
    }
    answer = await stranger.post(path, content=chunks(2 * 2**20), headers=headers)
    assert answer.status_code == (404 if path == "/nowhere" else 413)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("length", ["-1", "many", "9" * 30])
async def test_a_false_length_opens_no_door(stranger: httpx.AsyncClient, length: str) -> None:
    headers = {
        "X-Telegram-Bot-Api-Secret-Token": TELEGRAM_SECRET,
        "Content-Length": length,
    }
    answer = await stranger.post("/webhook", content=chunks(2 * 2**20), headers=headers)
    assert answer.status_code == 413


async def test_a_body_that_never_ends_is_given_up(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BODY_PATIENCE_SECONDS", 0.01)
    sent: list[dict[str, Any]] = []
    headers = [(b"x-telegram-bot-api-secret-token", TELEGRAM_SECRET.encode())]

    async def silence() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/webhook",
        "raw_path": b"/webhook",
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("api", 80),
    }
    await app(scope, silence, send)
    assert sent[0]["status"] == 408


async def test_a_request_that_takes_too_long_is_503(
    parts: ApiParts, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stuck:
        async def for_sale(self) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr(context, "DEADLINE_SECONDS", 0.01)
    app = build_app(replace(parts, plans=Stuck()))  # type: ignore[arg-type]  # stuck on purpose
    async with asking(app) as client:
        client.headers["Authorization"] = _token()
        answer = await client.get("/api/v1/tariffs")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_the_contract_lists_every_call(openapi: dict[str, Any]) -> None:
    calls = {(path, method) for path, item in openapi["paths"].items() for method in item}
    assert calls == {
        ("/api/v1/users/register", "post"),
        ("/api/v1/tariffs", "get"),
        ("/api/v1/payments/create", "post"),
        ("/api/v1/payments/webhook", "post"),
        ("/api/v1/payments/{payment_id}", "get"),
        ("/api/v1/payments/{payment_id}/retry", "post"),
        ("/api/v1/subscriptions/activate", "post"),
        ("/api/v1/subscriptions/{user_id}/status", "get"),
        ("/api/v1/subscriptions/{user_id}/config", "get"),
        ("/c/{token}/wireguard.conf", "get"),
        ("/c/{token}/qr.png", "get"),
        ("/health", "get"),
        ("/health/live", "get"),
        ("/metrics", "get"),
        ("/webhook", "post"),
    }


def test_every_call_is_described(openapi: dict[str, Any]) -> None:
    for path, item in openapi["paths"].items():
        for operation in item.values():
            assert operation["summary"], path
            assert operation["description"], path


def test_every_reference_of_the_contract_leads_somewhere(openapi: dict[str, Any]) -> None:
    known = {f"#/components/schemas/{name}" for name in openapi["components"]["schemas"]}
    used = {text.split('"')[0] for text in json.dumps(openapi).split('"$ref": "')[1:]}
    assert used <= known
    assert not any(name.endswith("ValidationError") for name in known | used)


def test_every_schema_is_valid_and_its_examples_fit(openapi: dict[str, Any]) -> None:
    components = {"components": openapi["components"]}
    for name, schema in openapi["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        for example in schema.get("examples", []):
            assert Draft202012Validator(schema | components).is_valid(example), name


def test_malformed_requests_are_documented_as_problems(openapi: dict[str, Any]) -> None:
    responses = openapi["paths"]["/api/v1/payments/create"]["post"]["responses"]
    assert set(responses["422"]["content"]) == {"application/problem+json"}
    assert set(responses) == {"201", "400", "401", "409", "422", "503"}


def _token() -> str:
    return f"Bearer {mint_service_token(JWT_SECRET, 'desk', datetime.now(UTC))}"
