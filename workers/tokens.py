"""Access tokens of the HTTP API, from the command line."""

from datetime import UTC, datetime

from api.tokens import mint_service_token
from infra.settings import ApiSettings, load


def service_token(service: str) -> str:
    """A token for the service; it lives 15 minutes."""
    return mint_service_token(load(ApiSettings).api_jwt_secret, service, datetime.now(UTC))
