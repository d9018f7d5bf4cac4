"""A supervisor brings back what dies, and leaves down what it is told to."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sandbox import supervision
from sandbox.children import Child, ChildFailed
from sandbox.supervision import Condition, Supervisor

PATIENCE = 20


@pytest.fixture(autouse=True)
def _short_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "RESTART_PAUSE", 0.01)


class Words:
    """What the supervisor said, and a wait for more."""

    def __init__(self) -> None:
        self._heard: asyncio.Queue[str] = asyncio.Queue()

    def say(self, words: str) -> None:
        self._heard.put_nowait(words)

    async def until(self, words: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while words not in await self._heard.get():
                continue


@asynccontextmanager
async def supervised(child: Child, words: Words) -> AsyncIterator[Supervisor]:
    async def start(_: str) -> None:
        await child.start()

    await child.start()
    async with Supervisor({"worker": child}, start, words.say) as supervisor:
        yield supervisor
    await child.stop()


def worker(folder: Path, script: str = "echo ready; exec sleep 60") -> Child:
    return Child(
        "worker",
        ["sh", "-c", script],
        log=folder / "log",
        is_ready=lambda line: line == "ready",
        env={"PATH": os.environ["PATH"]},
    )


async def test_a_process_that_is_killed_comes_back_as_another(tmp_path: Path) -> None:
    child, words = worker(tmp_path), Words()
    async with supervised(child, words) as supervisor:
        keeper, first = supervisor.keepers["worker"], child.pid
        assert keeper.condition is Condition.RUNNING
        await keeper.kill()
        assert keeper.condition is Condition.RETURNING
        await words.until("worker is back")
        assert (keeper.condition, keeper.deaths) == (Condition.RUNNING, 1)
        assert child.pid != first


async def test_a_process_that_is_kept_down_waits_to_be_brought_back(tmp_path: Path) -> None:
    child, words = worker(tmp_path), Words()
    async with supervised(child, words) as supervisor:
        keeper = supervisor.keepers["worker"]
        await keeper.kill(keep_down=True)
        await words.until("worker ended")
        assert keeper.condition is Condition.KEPT_DOWN
        assert not child.is_running
        await keeper.bring_back()
        assert keeper.condition is Condition.RUNNING
        assert child.is_running


async def test_who_is_kept_down_while_it_is_coming_back_stays_down(tmp_path: Path) -> None:
    child, words = worker(tmp_path, "read -t 1 x; echo ready; exec sleep 60"), Words()
    async with supervised(child, words) as supervisor:
        keeper = supervisor.keepers["worker"]
        await keeper.kill()
        await keeper.kill(keep_down=True)
        await words.until("ended")
        async with asyncio.timeout(PATIENCE):
            while child.is_running:
                await child.ended()
        assert keeper.condition is Condition.KEPT_DOWN


async def test_a_start_that_fails_is_said_and_tried_again(tmp_path: Path) -> None:
    flag = tmp_path / "broken"
    script = f"[ -e {flag} ] && exit 3; echo ready; exec sleep 60"
    child, words = worker(tmp_path, script), Words()
    async with supervised(child, words) as supervisor:
        flag.touch()
        await supervisor.keepers["worker"].kill()
        await words.until("ended before it was ready")
        flag.unlink()
        await words.until("worker is back")


async def test_a_process_that_is_not_running_says_so(tmp_path: Path) -> None:
    child = worker(tmp_path)
    assert not child.is_running
    with pytest.raises(ChildFailed, match="not running"):
        await child.ended()
