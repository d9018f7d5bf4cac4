"""What the API's readiness asks of the real parts."""

from datetime import UTC, datetime, timedelta

from aiogram import Bot
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from api.probes import Probe
from infra.postgres.pool import Pool
from infra.settings import TelegramMode, TelegramSettings
from infra.telegram import telegram_errors
from workers.storefront import Storefront

_RPC_TIMEOUT = timedelta(seconds=2)

_TELEGRAM_NEWS_LASTS = timedelta(seconds=60)
"""Readiness is asked every few seconds; Telegram need not be."""


class WebhookElsewhere(Exception):
    """Telegram sends our updates to another address."""


def probes_of(store: Storefront, telegram: TelegramSettings) -> tuple[Probe, ...]:
    """PostgreSQL and Temporal are vital; without Telegram services can still be served."""
    vital = (
        Probe(name="database", ask=lambda: _database(store.pool)),
        Probe(name="temporal", ask=lambda: _temporal(store.temporal)),
    )
    if telegram.mode is not TelegramMode.WEBHOOK:
        return vital
    webhook = TelegramWebhook(store.bot, str(telegram.webhook_url))
    return (*vital, Probe(name="telegram", ask=webhook.ask, is_vital=False))


async def _database(pool: Pool) -> str:
    return f"PostgreSQL {await pool.fetchval('show server_version')}"


async def _temporal(client: Client) -> str:
    """The server answers, and knows the namespace that we sell in."""
    await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=client.namespace), timeout=_RPC_TIMEOUT
    )
    return f"namespace {client.namespace}"


class TelegramWebhook:
    """Where Telegram sends updates and how many wait, as of at most a minute ago."""

    def __init__(self, bot: Bot, url: str) -> None:
        self._bot = bot
        self._url = url
        self._news = ""
        self._asked_at: datetime | None = None

    async def ask(self) -> str:
        """The news. Raises `WebhookElsewhere`, or what Telegram's absence raises."""
        now = datetime.now(UTC)
        if self._asked_at is None or now - self._asked_at > _TELEGRAM_NEWS_LASTS:
            self._news = await self._fetch()
            self._asked_at = now
        return self._news

    async def _fetch(self) -> str:
        with telegram_errors():
            info = await self._bot.get_webhook_info()
        if info.url != self._url:
            raise WebhookElsewhere
        last_error = f"; last error: {info.last_error_message}" if info.last_error_message else ""
        return f"{info.pending_update_count} updates wait{last_error}"
