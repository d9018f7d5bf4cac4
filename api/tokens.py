"""Access tokens of services: JWTs that live fifteen minutes, whatever they claim."""

from datetime import datetime, timedelta
from typing import Annotated

import jwt
import structlog
from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import SecretStr

from api.parts import PartsDep
from api.problems import Kind, Refusal

ISSUER = "wgshop"
AUDIENCE = "wgshop-api"
LIFETIME = timedelta(minutes=15)

_ALGORITHM = "HS256"
_CLOCK_SKEW = timedelta(seconds=30)
"""How far another machine's clock may be ahead of ours."""

_bearer = HTTPBearer(
    scheme_name="service token",
    bearerFormat="JWT",
    description=f"HS256, `iss` {ISSUER}, `aud` {AUDIENCE}, `sub` the service, at most 15 minutes.",
    auto_error=False,
)


class TokenRefused(Exception):
    """The token is forged, stale, too long-lived, or meant for something else."""


def mint_service_token(secret: SecretStr, service: str, now: datetime) -> str:
    """A token with which `service` may call the API for fifteen minutes from `now`."""
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": service,
        "iat": now,
        "exp": now + LIFETIME,
    }
    return jwt.encode(claims, secret.get_secret_value(), algorithm=_ALGORITHM)


def service_of(token: str, secret: SecretStr) -> str:
    """The service that a token was made for.

    Raises:
        TokenRefused: With the reason, which never holds the token.
    """
    try:
        claims = jwt.decode(
            token,
            secret.get_secret_value(),
            algorithms=[_ALGORITHM],
            issuer=ISSUER,
            audience=AUDIENCE,
            leeway=_CLOCK_SKEW,
            options={"require": ["iss", "aud", "sub", "iat", "exp"]},
        )
    except jwt.InvalidTokenError as error:
        raise TokenRefused(str(error)) from None
    # As numbers: a signed moment may lie outside every calendar.
    if int(claims["exp"]) - int(claims["iat"]) > LIFETIME.total_seconds():
        raise TokenRefused(f"the token lives longer than {LIFETIME}")
    return str(claims["sub"])


async def authenticate(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    parts: PartsDep,
) -> str:
    """The calling service. Refuses with 401."""
    if credentials is None:
        raise Refusal(Kind.UNAUTHENTICATED, "send `Authorization: Bearer <token>`")
    try:
        service = service_of(credentials.credentials, parts.options.jwt_secret)
    except TokenRefused as error:
        raise Refusal(Kind.UNAUTHENTICATED, str(error)) from None
    structlog.contextvars.bind_contextvars(service=service)
    return service


ServiceDep = Annotated[str, Depends(authenticate)]
"""The name of the calling service."""
