import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from infra.keyring import KeyRing

NOBODY = "127.0.0.1:1"
"""Where nothing listens."""


@pytest.fixture
async def process(database_url: str, tmp_path: Path) -> AsyncIterator[Process]:
    """`wgshop api` on a free port, with a database and without Temporal and Telegram."""
    settings = {
        "DATABASE_URL": database_url,
        "TEMPORAL_ADDRESS": NOBODY,
        "ENCRYPTION_KEYS": KeyRing.generate_entry("test"),
        "TELEGRAM_BOT_TOKEN": "1:test",
        "TELEGRAM_API_URL": f"http://{NOBODY}",
        "TELEGRAM_WEBHOOK_SECRET": "secret",
        "PUBLIC_URL": "https://shop.example",
        "YOOKASSA_SHOP_ID": "1",
        "YOOKASSA_SECRET_KEY": "test",
        "YOOKASSA_RETURN_URL": "https://shop.example",
        "YOOKASSA_NOTIFICATION_NETWORKS": "127.0.0.0/8",
        "API_PORT": "0",
        "API_JWT_SECRET": "j" * 32,
        "LINK_SECRET": "l" * 32,
    }
    command = (sys.executable, "-c", "from workers.cli import main; main()", "api")
    repository = Path(__file__).parents[2]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(repository)} | settings
    process = await asyncio.create_subprocess_exec(
        *command, cwd=tmp_path, env=environment, stdout=PIPE, stderr=STDOUT
    )
    yield process
    if process.returncode is None:
        process.kill()
    await process.wait()


@pytest.fixture
async def client(process: Process) -> AsyncIterator[httpx.AsyncClient]:
    assert process.stdout is not None
    async with asyncio.timeout(60):
        async for line in process.stdout:
            if b"api.ready" in line:
                break
        else:
            pytest.fail("the API ended before it served")
    async with httpx.AsyncClient(base_url=json.loads(line)["url"]) as client:
        yield client


async def test_it_starts_without_temporal_and_says_that_it_is_not_ready(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/health")
    parts = answer.json()["parts"]
    assert answer.status_code == 503
    assert {name: part["ok"] for name, part in parts.items()} == {
        "database": True,
        "temporal": False,
        "telegram": False,
    }
    assert (await client.get("/health/live")).status_code == 204


async def test_the_connection_itself_tells_who_sends(client: httpx.AsyncClient) -> None:
    """uvicorn would believe `X-Forwarded-For` of any loopback connection; we do not let it."""
    notification = {"type": "notification", "event": "payment.succeeded", "object": {"id": "1"}}
    answer = await client.post(
        "/api/v1/payments/webhook",
        json=notification,
        headers={"X-Forwarded-For": "203.0.113.9"},
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_stops_in_order(
    client: httpx.AsyncClient, process: Process, number: signal.Signals
) -> None:
    await client.get("/health/live")
    process.send_signal(number)
    async with asyncio.timeout(30):
        assert await process.wait() == 0
