"""What is confirmed to Telegram, and what is held back for another try."""

import pytest
from aiogram.types import Update

from bot.progress import Progress


def batch(*update_ids: int) -> list[Update]:
    return [Update(update_id=each) for each in update_ids]


@pytest.fixture
def progress() -> Progress:
    return Progress()


def test_a_batch_that_is_settled_is_confirmed(progress: Progress) -> None:
    updates = batch(7, 8)
    for update in updates:
        progress.settle(update)
    progress.confirm(updates)
    assert progress.offset == 9


def test_no_updates_confirm_nothing_new(progress: Progress) -> None:
    progress.confirm([])
    assert progress.offset is None


def test_the_first_update_held_back_holds_the_offset(progress: Progress) -> None:
    first, second, third = updates = batch(7, 8, 9)
    progress.settle(first)
    progress.hold(second)
    progress.settle(third)
    progress.confirm(updates)
    assert progress.offset == 8
    assert [progress.is_settled(each) for each in updates] == [False, False, True]


def test_what_telegram_has_dropped_holds_nothing_back(progress: Progress) -> None:
    (old,), newer = batch(7), batch(8)
    progress.hold(old)
    progress.confirm([old])
    progress.settle(newer[0])
    progress.confirm(newer)
    assert (progress.offset, progress.is_held_back) == (9, False)


def test_patience_is_endless_while_nobody_gets_through(
    progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.progress.PATIENCE_SECONDS", 0.0)
    updates = batch(7, 8)
    assert all(progress.hold(each) for each in updates * 20)


def test_who_is_overtaken_gets_the_whole_patience_from_then_on(
    progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([1000.0, 1299.0, 1300.0])
    monkeypatch.setattr("bot.progress.monotonic", lambda: next(clock))
    stuck, other = batch(7, 8)
    progress.hold(stuck)
    progress.settle(other)
    assert progress.hold(stuck)
    assert not progress.hold(stuck)
