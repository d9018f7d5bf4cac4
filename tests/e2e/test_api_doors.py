"""Who may call the real API, and what it tells operators."""

import base64
from datetime import UTC, datetime, timedelta

import httpx
import jwt
import pytest
from google.protobuf import json_format
from temporalio.api.common.v1 import Payloads
from temporalio.client import Client

from api.tokens import AUDIENCE, ISSUER
from sandbox.shop import EmbeddedShop
from sandbox.shopper import Shopper
from tests.e2e.service import Service, document_of, order_of, problem_of

pytestmark = pytest.mark.xdist_group("e2e")


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


class TestTokens:
    """Fifteen minutes, and nothing without one."""

    async def test_without_a_token_nothing_is_told(
        self, stranger: httpx.AsyncClient, newcomer: Shopper
    ) -> None:
        answers = (
            await stranger.get("/api/v1/tariffs"),
            await stranger.post("/api/v1/users/register", json={}),
            await stranger.post("/api/v1/payments/create", json=order_of(newcomer)),
            await stranger.get(f"/api/v1/subscriptions/{newcomer.user_id}/config"),
        )
        assert {problem_of(each) for each in answers} == {(401, "unauthenticated")}

    async def test_a_token_of_the_command_line_opens(
        self, stranger: httpx.AsyncClient, shop: EmbeddedShop
    ) -> None:
        token = (await shop.wgshop("token", "crm")).output.strip()
        answer = await stranger.get("/api/v1/tariffs", headers=bearer(token))
        assert answer.status_code == 200

    @pytest.mark.parametrize(
        ("life", "age"),
        [(timedelta(hours=1), timedelta(0)), (timedelta(minutes=15), timedelta(minutes=20))],
        ids=["too long", "too old"],
    )
    async def test_no_token_lives_longer_whatever_it_claims(
        self, stranger: httpx.AsyncClient, shop: EmbeddedShop, life: timedelta, age: timedelta
    ) -> None:
        made = datetime.now(UTC) - age
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "crm", "iat": made, "exp": made + life}
        token = jwt.encode(claims, shop.secrets.jwt_secret, algorithm="HS256")
        answer = await stranger.get("/api/v1/tariffs", headers=bearer(token))
        assert problem_of(answer) == (401, "unauthenticated")


async def test_every_part_is_healthy(stranger: httpx.AsyncClient) -> None:
    report = document_of(await stranger.get("/health"))
    assert report["status"] == "ready"
    assert set(report["parts"]) == {"database", "temporal", "telegram"}
    assert all(part["ok"] for part in report["parts"].values())


async def test_prometheus_finds_requests_by_route(
    stranger: httpx.AsyncClient, service: Service
) -> None:
    await service.get("/api/v1/tariffs")
    exposition = (await stranger.get("/metrics")).text
    assert 'route="/api/v1/tariffs"' in exposition


async def test_staff_read_what_temporal_holds_encrypted(
    service: Service,
    stranger: httpx.AsyncClient,
    newcomer: Shopper,
    shop: EmbeddedShop,
    temporal: Client,
) -> None:
    purchase_id = (await service.orders(newcomer))["payment_id"]
    history = await temporal.get_workflow_handle(f"purchase:{purchase_id}").fetch_history()
    started = history.events[0].workflow_execution_started_event_attributes
    sealed = json_format.MessageToJson(Payloads(payloads=started.input.payloads))
    assert purchase_id not in str(started.input)

    refused = await stranger.post("/codec/decode", content=sealed)
    assert problem_of(refused) == (401, "unauthenticated")
    staff = bearer(shop.secrets.codec_token)
    shown = await stranger.post("/codec/decode", content=sealed, headers=staff)
    (payload,) = document_of(shown)["payloads"]
    assert purchase_id in base64.b64decode(payload["data"]).decode()
