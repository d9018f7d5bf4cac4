"""The webhook's settings and what `getWebhookInfo` tells of it."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.telegram.wire import Wire

DEFAULT_CONNECTIONS = 40


class Webhook(Wire):
    """Where updates are posted."""

    url: str
    secret_token: str | None = None
    max_connections: int = DEFAULT_CONNECTIONS
    ip_address: str | None = None


@dataclass
class WebhookReport:
    """The last thing that went wrong."""

    last_error_at: datetime | None = None
    last_error: str | None = None


class WebhookInfo(Wire):
    """What getWebhookInfo answers."""

    url: str
    has_custom_certificate: bool = False
    pending_update_count: int
    ip_address: str | None = None
    last_error_date: int | None = None
    last_error_message: str | None = None
    max_connections: int | None = None
    allowed_updates: tuple[str, ...] | None = None
