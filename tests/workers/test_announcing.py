import asyncio

from domain.errors import TelegramUnavailable
from workers.announcing import announcing


async def test_announcements_are_made_in_their_order() -> None:
    told: list[str] = []
    done = asyncio.Event()

    async def webhook() -> None:
        told.append("webhook")

    async def commands() -> None:
        told.append("commands")
        done.set()

    async with announcing(webhook, commands):
        await done.wait()
    assert told == ["webhook", "commands"]


async def test_a_process_serves_and_ends_while_telegram_is_away() -> None:
    tried = asyncio.Event()

    async def refused() -> None:
        tried.set()
        raise TelegramUnavailable("away")

    async with announcing(refused):
        await tried.wait()
