"""The sandbox as a process: says where it listens, ends when told to."""

import asyncio
import signal
import sys

import httpx
import pytest


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
async def test_it_says_where_it_listens_and_ends_cleanly(ending):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox.telegram", "--port", "0", "--token", "42:abc",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 20)
        assert line.startswith(b"listening on http://127.0.0.1:")
        address = line.decode().split()[-1]
        async with (
            httpx.AsyncClient(base_url=address, trust_env=False) as http,
            http.stream("GET", "/ui/events"),
        ):
            assert (await http.get("/bot42:abc/getMe")).json()["result"]["id"] == 42
            process.send_signal(ending)
            out, err = await asyncio.wait_for(process.communicate(), 10)
        assert (process.returncode, out, err) == (0, b"", b"")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
