"""Dialogue state, and one update of a dialogue at a time."""

import asyncio
import gc

import pytest
from aiogram.fsm.storage.base import StorageKey

from bot.storage import OneAtATime, SessionStorage
from tests.bot.fakes import Sessions

ANNA = StorageKey(bot_id=1, chat_id=1001, user_id=1001)
BORIS = StorageKey(bot_id=1, chat_id=1002, user_id=1002)


@pytest.fixture
def storage() -> SessionStorage:
    return SessionStorage(Sessions())


async def test_state_and_data_do_not_erase_each_other(storage: SessionStorage) -> None:
    await storage.set_data(ANNA, {"button": "x"})
    await storage.set_state(ANNA, "email")
    await storage.update_data(ANNA, {"message": 1})
    assert await storage.get_state(ANNA) == "email"
    assert await storage.get_data(ANNA) == {"button": "x", "message": 1}


async def test_each_dialogue_has_its_own(storage: SessionStorage) -> None:
    await storage.set_state(ANNA, "email")
    assert await storage.get_state(BORIS) is None


async def test_one_dialogues_updates_wait_for_each_other_and_nobody_else() -> None:
    isolation, order, go_on = OneAtATime(), [], asyncio.Event()

    async def first() -> None:
        async with isolation.lock(ANNA):
            order.append("first in")
            await go_on.wait()
            order.append("first out")

    async def second() -> None:
        async with isolation.lock(ANNA):
            order.append("second")

    tasks = [asyncio.create_task(first())]
    await asyncio.sleep(0)
    tasks.append(asyncio.create_task(second()))
    async with isolation.lock(BORIS):
        order.append("boris")
    go_on.set()
    await asyncio.gather(*tasks)
    assert order == ["first in", "boris", "first out", "second"]


async def test_a_lock_that_nobody_holds_takes_no_memory() -> None:
    isolation = OneAtATime()
    async with isolation.lock(ANNA):
        pass
    gc.collect()
    assert len(isolation._locks) == 0
