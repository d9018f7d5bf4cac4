"""Processes that start while nobody else is there."""

import asyncio
import os
import socket
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import pytest

from infra.keyring import KeyRing

NOBODY = "127.0.0.1:1"
"""Where nothing listens."""

SETTINGS = {
    "DATABASE_URL": f"postgresql://shop@{NOBODY}/shop",
    "TEMPORAL_ADDRESS": NOBODY,
    "ENCRYPTION_KEYS": KeyRing.generate_entry("test"),
    "TELEGRAM_BOT_TOKEN": "1:test",
    "TELEGRAM_API_URL": f"http://{NOBODY}",
    "TELEGRAM_MODE": "polling",
    "YOOKASSA_SHOP_ID": "1",
    "YOOKASSA_SECRET_KEY": "test",
    "YOOKASSA_RETURN_URL": "https://shop.example",
    "API_PORT": "0",
    "API_JWT_SECRET": "j" * 32,
    "LINK_SECRET": "l" * 32,
    "METRICS_PORT": "0",
    # Not opened before the database is there.
    "VPN_SSH_KEY": "-----BEGIN OPENSSH PRIVATE KEY-----",
}

Start = Callable[..., Awaitable[Process]]


@pytest.fixture
async def wgshop(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts `wgshop` with these words and settings."""
    started: list[Process] = []

    async def start(*words: str, **settings: str) -> Process:
        repository = Path(__file__).parents[2]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "from workers.cli import main; main()", *words),
            cwd=tmp_path,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(repository),
                **SETTINGS,
                **settings,
            },
            stdout=PIPE,
            stderr=STDOUT,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.parametrize("role", ["worker", "api", "bot"])
async def test_a_process_that_waits_for_a_neighbour_ends_when_it_is_told_to(
    wgshop: Start, role: str
) -> None:
    process = await wgshop(role)
    assert process.stdout is not None
    async with asyncio.timeout(60):
        async for line in process.stdout:
            if b"process.waits" in line:
                break
        process.terminate()
        await process.wait()


async def test_a_repair_without_temporal_is_refused_in_words(wgshop: Start) -> None:
    process = await wgshop("repair", str(uuid4()), "retry")
    async with asyncio.timeout(60):
        output, _ = await process.communicate()
    assert process.returncode == 1
    assert b"the Temporal server did not answer" in output
    assert b"Traceback" not in output


async def test_an_api_whose_port_is_taken_says_which_setting_to_change(wgshop: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        process = await wgshop("api", API_PORT=port)
        async with asyncio.timeout(60):
            output, _ = await process.communicate()
    assert process.returncode == 1
    assert f"API_PORT={port}: Address already in use".encode() in output
    assert b"Traceback" not in output
    assert b"api.ready" not in output
