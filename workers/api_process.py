"""The API process: it serves until it is told to stop, then finishes the requests in hand.

Several may run side by side: they keep nothing between two requests.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from urllib.parse import urlsplit

import structlog
import uvicorn
from fastapi import FastAPI

from api.app import Lifespan, build_app
from api.links import ConfigLinks
from api.metrics import ApiMetrics
from api.parts import DEFAULT_TELEGRAM_PATH, ApiOptions, ApiParts
from bot.announcement import announce_commands, announce_webhook
from domain.errors import TemporalUnavailable
from infra.logs import configure_logging
from infra.postgres.payments import Payments
from infra.postgres.pool import OUTAGES
from infra.postgres.servers import Servers
from infra.settings import ApiSettings, LogSettings, TelegramMode, TelegramSettings, load
from workers.announcing import Announcement, announcing
from workers.api_probes import probes_of
from workers.heap import spare_what_stays
from workers.listening import Listener
from workers.storefront import Storefront, StorefrontSettings, open_storefront
from workers.worker_process import stop_signal

_GRACE_SECONDS = 20
"""How long requests in hand may take at a stop; less than Kubernetes' 30 before SIGKILL."""

_KEEP_ALIVE_SECONDS = 75
"""Longer than a reverse proxy keeps a connection (nginx: 60), so that it is never the one that
finds it closed."""

log = structlog.get_logger(__name__)


async def serve_api() -> None:
    """Serve HTTP until SIGTERM or SIGINT. Raises `SettingsError` before anything is opened."""
    configure_logging(load(LogSettings))
    settings = load(ApiSettings)
    store_settings = StorefrontSettings.read()
    listener = Listener(settings)
    async with open_storefront(store_settings) as store:
        # uvicorn raises the signal again when it has stopped; without a handler of ours that
        # would end the process before the connections are closed.
        stop_signal()
        parts = _parts(settings, store_settings, store)
        app = build_app(parts, _announcing(store, store_settings.telegram, listener.url))
        # Before the application starts, as that tells Telegram to come.
        listener.open()
        await uvicorn.Server(_server_config(app)).serve(sockets=[listener.socket])


def _server_config(app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # Our own rule for X-Forwarded-For is stricter: see api/senders.py.
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _parts(
    settings: ApiSettings, store_settings: StorefrontSettings, store: Storefront
) -> ApiParts:
    shop = store.shop
    return ApiParts(
        customers=shop.customers,
        plans=shop.plans,
        offers=shop.offers,
        servers=Servers(store.pool),
        purchases=shop.purchases,
        payments=Payments(store.pool),
        subscriptions=shop.subscriptions,
        inbox=shop.inbox,
        starter=shop.starter,
        feed_update=partial(store.dispatcher.feed_raw_update, store.bot),
        sealer=store.ring,
        links=ConfigLinks(settings.link_secret, _public_url(settings)),
        probes=probes_of(store, store_settings.telegram),
        clock=shop.now,
        options=_options(settings, store_settings),
        metrics=ApiMetrics(),
        outages=(*OUTAGES, TemporalUnavailable),
    )


def _options(settings: ApiSettings, store_settings: StorefrontSettings) -> ApiOptions:
    telegram = store_settings.telegram
    has_webhook = telegram.mode is TelegramMode.WEBHOOK
    return ApiOptions(
        telegram_secret=telegram.webhook_secret if has_webhook else None,
        telegram_path=urlsplit(telegram.webhook_url or "").path or DEFAULT_TELEGRAM_PATH,
        yookassa_networks=store_settings.yookassa.notification_networks,
        trusted_proxies=settings.trusted_proxies,
        jwt_secret=settings.api_jwt_secret,
        codec_token=settings.codec_token,
        secure_cookies=_public_url(settings).startswith("https://"),
        temporal_ui_url=settings.temporal_ui_url,
        policy=store_settings.policy.policy(),
        receipts=store_settings.yookassa.receipts,
    )


def _public_url(settings: ApiSettings) -> str:
    """Where customers reach us; without a public address, this machine."""
    return settings.public_url or f"http://{settings.api_host}:{settings.api_port}"


def _announcing(store: Storefront, telegram: TelegramSettings, url: str) -> Lifespan:
    """While the API serves, Telegram is told so."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with announcing(*_announcements(store, telegram)):
            spare_what_stays()
            log.info("api.ready", url=url)
            yield
            log.info("api.stopping")

    return lifespan


def _announcements(store: Storefront, telegram: TelegramSettings) -> tuple[Announcement, ...]:
    """Where updates go and which commands there are. Every replica says the same."""
    if telegram.mode is not TelegramMode.WEBHOOK:
        return ()
    assert telegram.webhook_url is not None  # noqa: S101  # the settings see to both
    assert telegram.webhook_secret is not None  # noqa: S101
    webhook = partial(
        announce_webhook,
        store.bot,
        store.dispatcher,
        url=telegram.webhook_url,
        secret=telegram.webhook_secret.get_secret_value(),
    )
    return (webhook, partial(announce_commands, store.bot))
