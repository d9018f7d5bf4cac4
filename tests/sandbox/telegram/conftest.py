"""A running sandbox, its control room, and a bare-handed bot that speaks HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.telegram.client import TelegramSandbox
from sandbox.telegram.server import running

TOKEN = "123456:sandbox-token"
ANNA = 1001
BORIS = 1002
STAFF = -100500


class Refusal(Exception):
    """An `ok: false` answer."""

    def __init__(self, body: dict[str, Any]) -> None:
        super().__init__(body["description"])
        self.code: int = body["error_code"]
        self.description: str = body["description"]
        self.parameters: dict[str, Any] = body.get("parameters", {})


class BareBot:
    """Calls methods and reads answers, with no library between."""

    def __init__(self, http: httpx.AsyncClient, token: str = TOKEN) -> None:
        self.http = http
        self.token = token

    async def __call__(self, method: str, **params: Any) -> Any:
        answer = await self.http.post(f"/bot{self.token}/{method}", json=params)
        return self.result(answer)

    @staticmethod
    def result(answer: httpx.Response) -> Any:
        body = answer.json()
        if body["ok"]:
            assert answer.status_code == 200
            return body["result"]
        assert answer.status_code == body["error_code"]
        raise Refusal(body)


@pytest.fixture(scope="session")
async def base_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    data: Path = tmp_path_factory.mktemp("telegram")
    async with running(TOKEN, data) as url:
        yield url


@pytest.fixture(scope="session")
async def http(base_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=base_url, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
async def control_room(base_url: str) -> AsyncIterator[TelegramSandbox]:
    async with TelegramSandbox(base_url) as client:
        yield client


@pytest.fixture
async def bot(http: httpx.AsyncClient, control_room: TelegramSandbox) -> AsyncIterator[BareBot]:
    """The bot in a world where nobody is known yet."""
    await control_room.reset()
    bare = BareBot(http)
    await bare("deleteWebhook", drop_pending_updates=True)
    yield bare
    await bare("deleteWebhook", drop_pending_updates=True)


@pytest.fixture
async def telegram(control_room: TelegramSandbox, bot: BareBot) -> TelegramSandbox:
    """The control room of a world with Anna, who has pressed START."""
    await control_room.introduce(ANNA, "Anna", username="anna_k", language_code="ru")
    await control_room.press_start(ANNA)
    return control_room
