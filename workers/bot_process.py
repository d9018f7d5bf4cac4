"""The bot without a public address: one process asks Telegram for updates."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import structlog

from bot.announcement import announce_commands
from bot.polling import poll
from domain.errors import SettingsError
from infra.logs import configure_logging
from infra.postgres.pool import Pool
from infra.settings import LogSettings, TelegramMode, load
from workers.announcing import announcing
from workers.heap import spare_what_stays
from workers.storefront import Storefront, StorefrontSettings, open_storefront
from workers.worker_process import stop_signal

LOCK_KEY = 0x626F74
"""The advisory lock of the one process that polls: `bot` in ASCII."""

STANDBY_SECONDS = 5.0

log = structlog.get_logger(__name__)


async def serve_bot() -> None:
    """Poll until SIGTERM or SIGINT; a second process stands by until the first is gone."""
    configure_logging(load(LogSettings))
    settings = StorefrontSettings.read()
    if settings.telegram.mode is not TelegramMode.POLLING:
        raise SettingsError(
            "TELEGRAM_MODE is webhook: `wgshop api` takes the updates. For a shop without a "
            "public address set TELEGRAM_MODE=polling."
        )
    async with open_storefront(settings) as store:
        stop = stop_signal()
        async with _alone(store.pool, stop):
            if not stop.is_set():
                await _serve(store, stop)


async def _serve(store: Storefront, stop: asyncio.Event) -> None:
    async with announcing(partial(announce_commands, store.bot)):
        spare_what_stays()
        log.info("bot.ready")
        await poll(store.bot, store.dispatcher, stop)


@asynccontextmanager
async def _alone(pool: Pool, stop: asyncio.Event) -> AsyncIterator[None]:
    """Hold the lock of the one poller, or stop waiting for it; the connection's end releases it."""
    async with pool.acquire() as connection:
        while not stop.is_set():
            if await connection.fetchval("select pg_try_advisory_lock($1::bigint)", LOCK_KEY):
                break
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STANDBY_SECONDS):
                    await stop.wait()
        yield
