from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads

from api.parts import ApiParts
from tests.api.conftest import CODEC_TOKEN

BEARER = {"Authorization": f"Bearer {CODEC_TOKEN.get_secret_value()}"}
UI = "http://127.0.0.1:8233"
PLAIN = Payloads(payloads=[Payload(metadata={"encoding": b"json/plain"}, data=b'"hello"')])


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://shop.example") as client:
        yield client


async def test_what_was_encoded_decodes_to_the_same(stranger: httpx.AsyncClient) -> None:
    body = json_format.MessageToJson(PLAIN)
    sealed = await stranger.post("/codec/encode", content=body, headers=BEARER)
    opened = await stranger.post("/codec/decode", content=sealed.content, headers=BEARER)
    assert "hello" not in sealed.text
    assert json_format.Parse(opened.content, Payloads()) == PLAIN


async def test_the_ui_s_codec_address_may_carry_the_token(stranger: httpx.AsyncClient) -> None:
    home = f"/codec/with/{CODEC_TOKEN.get_secret_value()}"
    sealed = await stranger.post(f"{home}/encode", content=json_format.MessageToJson(PLAIN))
    opened = await stranger.post(f"{home}/decode", content=sealed.content)
    assert json_format.Parse(opened.content, Payloads()) == PLAIN
    assert (await stranger.post("/codec/with/wrong/decode", content=b"{}")).status_code == 401


async def test_a_query_which_proxies_log_opens_nothing(stranger: httpx.AsyncClient) -> None:
    query = {"token": CODEC_TOKEN.get_secret_value()}
    answer = await stranger.post("/codec/decode", content=b"{}", params=query)
    assert answer.status_code == 401


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic x", "Bearer ключ"])
async def test_only_staff_may_decode(stranger: httpx.AsyncClient, header: str | None) -> None:
    headers = {} if header is None else {b"Authorization": header.encode()}
    answer = await stranger.post("/codec/decode", content=b"{}", headers=headers)
    assert answer.status_code == 401


async def test_staff_who_signed_in_need_no_header(browser: httpx.AsyncClient) -> None:
    form = {"token": CODEC_TOKEN.get_secret_value()}
    signed_in = await browser.post("/codec/sign-in", data=form)
    decoded = await browser.post("/codec/decode", content=b"{}")
    assert (signed_in.status_code, decoded.status_code) == (303, 200)
    cookie = signed_in.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" in cookie
    assert CODEC_TOKEN.get_secret_value() not in cookie


async def test_a_wrong_token_signs_nobody_in(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/codec/sign-in", data={"token": "wrong"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)


@pytest.mark.parametrize("body", [b"", b"{", b'{"payloads": 7}', b"\xff"])
async def test_what_are_no_payloads_is_400(stranger: httpx.AsyncClient, body: bytes) -> None:
    answer = await stranger.post("/codec/decode", content=body, headers=BEARER)
    assert answer.status_code == 400


async def test_a_payload_of_a_lost_key_says_which(
    stranger: httpx.AsyncClient, parts: ApiParts
) -> None:
    lost = parts.sealer.seal(b"x", context=b"temporal").replace(b"test", b"lost")
    payload = Payload(metadata={"encoding": b"binary/encrypted"}, data=lost)
    body = json_format.MessageToJson(Payloads(payloads=[payload]))
    answer = await stranger.post("/codec/decode", content=body, headers=BEARER)
    assert (answer.status_code, "'lost'" in answer.json()["detail"]) == (400, True)


async def test_the_temporal_ui_may_ask_from_its_page(stranger: httpx.AsyncClient) -> None:
    preflight = {
        "Origin": UI,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-namespace",
    }
    answer = await stranger.options("/codec/decode", headers=preflight)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == UI
    assert answer.headers["access-control-allow-credentials"] == "true"


@pytest.mark.parametrize(
    ("path", "origin"),
    [("/codec/decode", "https://evil.example"), ("/api/v1/tariffs", UI), ("/health", UI)],
)
async def test_no_other_page_and_no_other_address(
    stranger: httpx.AsyncClient, path: str, origin: str
) -> None:
    preflight = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    answer = await stranger.options(path, headers=preflight)
    assert "access-control-allow-origin" not in answer.headers
