import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest

from api.tokens import LIFETIME, TokenRefused, mint_service_token, service_of
from tests.api.conftest import JWT_SECRET, NOW

CLAIMS: dict[str, Any] = {
    "iss": "wgshop",
    "aud": "wgshop-api",
    "sub": "desk",
    "iat": NOW,
    "exp": NOW + LIFETIME,
}


def signed(claims: dict[str, Any], secret: str = JWT_SECRET.get_secret_value()) -> str:
    return jwt.encode(claims, secret, algorithm="HS256")


def test_a_minted_token_names_its_service() -> None:
    token = mint_service_token(JWT_SECRET, "desk", datetime.now(UTC))
    assert service_of(token, JWT_SECRET) == "desk"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"exp": NOW + timedelta(hours=1)}, id="lives an hour"),
        pytest.param(
            {"iat": NOW - timedelta(minutes=16), "exp": NOW + timedelta(minutes=1)},
            id="lives 17 minutes",
        ),
        pytest.param(
            {"iat": NOW - timedelta(minutes=20), "exp": NOW - timedelta(minutes=6)}, id="is over"
        ),
        pytest.param(
            {"iat": NOW + timedelta(hours=1), "exp": NOW + timedelta(hours=1, minutes=5)},
            id="begins later",
        ),
        pytest.param({"aud": "config"}, id="is for links"),
        pytest.param({"iss": "somebody"}, id="is by somebody else"),
        pytest.param({"sub": 7}, id="names no service"),
        pytest.param({"exp": 10**20}, id="ends after all calendars"),
        pytest.param({"iat": -(10**15)}, id="began before all calendars"),
        pytest.param({"iat": -(10**15), "exp": 10**20}, id="lives for ever"),
        pytest.param({"exp": float("inf")}, id="never ends"),
        pytest.param({"iat": float("-inf")}, id="never began"),
        pytest.param({"exp": "soon"}, id="ends soon"),
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused):
        service_of(signed(CLAIMS | change), JWT_SECRET)


@pytest.mark.parametrize("claim", sorted(CLAIMS))
def test_no_claim_may_be_missing(claim: str) -> None:
    with pytest.raises(TokenRefused):
        service_of(signed({k: v for k, v in CLAIMS.items() if k != claim}), JWT_SECRET)


def test_a_token_of_another_secret_is_refused() -> None:
    with pytest.raises(TokenRefused):
        service_of(signed(CLAIMS, "another-secret-of-more-than-32-bytes-012345"), JWT_SECRET)


def test_an_unsigned_token_is_refused() -> None:
    with pytest.raises(TokenRefused):
        service_of(jwt.encode(CLAIMS, "", algorithm="none"), JWT_SECRET)


async def test_a_header_that_nests_without_end_is_401(stranger: httpx.AsyncClient) -> None:
    header = base64.urlsafe_b64encode(b'{"alg":' + b"[" * 5000).decode().rstrip("=")
    headers = {"Authorization": f"Bearer {header}.e30.e30"}
    answer = await stranger.get("/api/v1/tariffs", headers=headers)
    assert answer.status_code == 401


CALLS = [
    ("POST", "/api/v1/users/register"),
    ("GET", "/api/v1/tariffs"),
    ("POST", "/api/v1/payments/create"),
    ("GET", "/api/v1/payments/6f1c2f4e-8f0e-4d57-9a35-6f6f6b1f7d10"),
    ("POST", "/api/v1/payments/6f1c2f4e-8f0e-4d57-9a35-6f6f6b1f7d10/retry"),
    ("POST", "/api/v1/subscriptions/activate"),
    ("GET", "/api/v1/subscriptions/700000001/status"),
    ("GET", "/api/v1/subscriptions/700000001/config"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer x.y.z", "Basic dTpw"])
async def test_every_service_call_needs_a_token(
    stranger: httpx.AsyncClient, method: str, path: str, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = await stranger.request(method, path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
