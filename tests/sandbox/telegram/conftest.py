"""A running sandbox, its control room, a bare-handed bot that speaks HTTP, and a webhook."""

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from sandbox.telegram.client import Pace, TelegramSandbox
from sandbox.telegram.server import running

TOKEN = "123456:sandbox-token"
ANNA = 1001


class Refusal(Exception):
    """An `ok: false` answer."""

    def __init__(self, body: dict[str, Any], headers: httpx.Headers) -> None:
        super().__init__(f"{body['error_code']} {body['description']}")
        self.code: int = body["error_code"]
        self.parameters: dict[str, Any] = body.get("parameters", {})
        self.headers = headers


class BareBot:
    """Calls methods and reads answers, with no library between."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.address = f"/bot{TOKEN}"
        self.refusal = Refusal

    async def __call__(self, method: str, **params: Any) -> Any:
        return self.result(await self.http.post(f"{self.address}/{method}", json=params))

    @staticmethod
    def result(answer: httpx.Response) -> Any:
        body = answer.json()
        if body["ok"]:
            assert answer.status_code == 200
            return body["result"]
        assert answer.status_code == body["error_code"]
        raise Refusal(body, answer.headers)


class Receiver:
    """A bot's webhook: notes what comes, answers as told (200 unless told otherwise)."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[tuple[dict[str, Any], dict[str, str]]] = asyncio.Queue()
        self.answers: list[web.Response] = []
        self.gate = asyncio.Event()
        self.gate.set()
        app = web.Application()
        app.router.add_post("/hook", self._receive)
        self.server = TestServer(app)

    async def _receive(self, request: web.Request) -> web.Response:
        await self.received.put((await request.json(), dict(request.headers)))
        await asyncio.wait_for(self.gate.wait(), 10)
        return self.answers.pop(0) if self.answers else web.Response()

    @property
    def url(self) -> str:
        return str(self.server.make_url("/hook"))

    async def next(self) -> dict[str, Any]:
        update, _ = await asyncio.wait_for(self.received.get(), 5)
        return update

    async def next_headers(self) -> dict[str, str]:
        _, headers = await asyncio.wait_for(self.received.get(), 5)
        return headers


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
    bare = BareBot(http)
    await bare("deleteWebhook", drop_pending_updates=True)
    await bare("getUpdates", allowed_updates=[])
    await control_room.reset()
    yield bare
    await bare("deleteWebhook", drop_pending_updates=True)


@pytest.fixture
async def telegram(control_room: TelegramSandbox, bot: BareBot) -> TelegramSandbox:
    """The control room of a world with Anna, who has pressed START."""
    await control_room.introduce(ANNA, "Anna", username="anna_k", language_code="ru")
    await control_room.press_start(ANNA)
    await bot("getUpdates", offset=-1)
    started = await bot("getUpdates")
    await bot("getUpdates", offset=started[-1]["update_id"] + 1)
    return control_room


@pytest.fixture
async def receiver(bot: BareBot, control_room: TelegramSandbox) -> AsyncIterator[Receiver]:
    """A webhook that can be set; repeats come quickly."""
    await control_room.set_pace(Pace(timeout=5, first_delay=0.01, longest_delay=0.05))
    hook = Receiver()
    await hook.server.start_server()
    yield hook
    await bot("deleteWebhook", drop_pending_updates=True)
    hook.gate.set()
    await hook.server.close()
    await control_room.set_pace(Pace())


@pytest.fixture(scope="session")
def png() -> bytes:
    """A picture two pixels wide and one high."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 2, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" + bytes(6))
    parts = chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
