"""Who is a customer, and who waits for the visitor."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.control_room.outages.outage import CannotBreak
from sandbox.control_room.outages.telegram import BotBlocked
from sandbox.control_room.people import People
from sandbox.telegram.client import TelegramSandbox
from sandbox.telegram.server import running

STAFF_CHAT = -1001


@pytest.fixture
async def empty_telegram(tmp_path: Path) -> AsyncIterator[TelegramSandbox]:
    """A Telegram with a staff of one."""
    async with running("42:abc", tmp_path) as address, TelegramSandbox(address) as telegram:
        await telegram.introduce(9, "Support")
        await telegram.found_group(STAFF_CHAT, "staff", admins=(9,))
        yield telegram


async def test_guests_wait_for_visitors_and_staff_are_no_customers(
    empty_telegram: TelegramSandbox,
) -> None:
    people = People(empty_telegram, STAFF_CHAT)
    guests = await people.invite_guests()
    assert [each.language for each in guests] == ["en", "ru"]
    customers = await people.customers()
    assert [(each.name, each.language, each.has_started) for each in customers] == [
        ("Anna", "en", False),
        ("Анна", "ru", False),
    ]
    again = await people.invite_guests()
    assert len({each.user_id for each in (*guests, *again)}) == 4


async def test_nobody_can_block_a_bot_that_nobody_started(empty_telegram: TelegramSandbox) -> None:
    people = People(empty_telegram, STAFF_CHAT)
    await people.invite_guests()
    with pytest.raises(CannotBreak, match="nobody has pressed START"):
        await BotBlocked(empty_telegram, people).begin()
