"""Telling Telegram of a process that serves; Telegram's absence keeps nobody from being served."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

import structlog

from domain.errors import ShopError
from workers.patience import until_there

Announcement: TypeAlias = Callable[[], Awaitable[None]]

log = structlog.get_logger(__name__)


@asynccontextmanager
async def announcing(*announcements: Announcement) -> AsyncIterator[None]:
    """Make the announcements, one after the other, beside what happens inside."""
    telling = asyncio.create_task(_tell(announcements))
    try:
        yield
    finally:
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling


async def _tell(announcements: tuple[Announcement, ...]) -> None:
    try:
        for announcement in announcements:
            await until_there("telegram", announcement, (ShopError,))
    except ShopError as error:
        log.error("telegram.not_told", why=str(error))  # noqa: TRY400  # the reason says it all
