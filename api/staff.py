"""Lets staff in with the codec token: as a header from the CLI, as a session in a browser."""

import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import jwt
from pydantic import SecretStr

COOKIE = "wgshop_codec"

SHIFT = timedelta(hours=12)
"""How long a sign-in lasts."""

_AUDIENCE = "codec"
_ALGORITHM = "HS256"


class StaffDoor:
    """Knows the token, and the sessions that it has signed."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def opens_to_header(self, authorization: str) -> bool:
        """Whether an `Authorization` header carries the token."""
        scheme, _, given = authorization.partition(" ")
        return scheme.lower() == "bearer" and self.opens_to_token(given)

    def opens_to_session(self, session: str) -> bool:
        """Whether a cookie is a session of ours that still lasts."""
        try:
            jwt.decode(
                session,
                self._token.get_secret_value(),
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                options={"require": ["aud", "exp"]},
            )
        except jwt.InvalidTokenError:
            return False
        return True

    def session_for_form(self, body: bytes) -> str | None:
        """A session for whoever sent the token in a form; None for anyone else."""
        fields = parse_qs(body.decode("utf-8", errors="replace"))
        if not self.opens_to_token(fields.get("token", [""])[0]):
            return None
        claims = {"aud": _AUDIENCE, "exp": datetime.now(UTC) + SHIFT}
        return jwt.encode(claims, self._token.get_secret_value(), algorithm=_ALGORITHM)

    def opens_to_token(self, given: str) -> bool:
        """Whether this is the token itself."""
        return hmac.compare_digest(given.encode(), self._token.get_secret_value().encode())
