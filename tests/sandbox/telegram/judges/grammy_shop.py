"""The judges' shop written with grammY: a Node process beside the tests."""

import asyncio
import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import platformdirs
import pytest

from tests.sandbox.telegram.judges.story import CONFIG, PRICE, SECRET, STAFF, TOKEN

NODE_JUDGE = Path(__file__).parent.parent / "judge_node"
needs_node = pytest.mark.skipif(
    shutil.which("node") is None or shutil.which("npm") is None, reason="needs node and npm"
)
_INSTALL = ("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts")


def node_modules() -> Path:
    """grammY in its pinned version, installed once into the user's cache.

    Several test processes may install at once: each into a folder of its own, and the first to
    finish moves it into place.
    """
    package = NODE_JUDGE / "package.json"
    version = hashlib.sha256(package.read_bytes()).hexdigest()[:12]
    home = platformdirs.user_cache_path("wgshop") / "judge_node" / version
    if not (home / "node_modules").is_dir():
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home.parent, ignore_cleanup_errors=True) as place:
            shutil.copy(package, place)
            _install(Path(place))
            _move(Path(place), home)
    return home / "node_modules"


def _install(place: Path) -> None:
    try:
        subprocess.run(
            _INSTALL, cwd=place, timeout=150, check=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"npm cannot install grammY: {error}\n{error.output}")
        pytest.skip(f"npm cannot install grammY: {error}")


def _move(place: Path, home: Path) -> None:
    home.mkdir(exist_ok=True)
    try:
        (place / "node_modules").rename(home / "node_modules")
    except OSError:  # another process was faster
        if not (home / "node_modules").is_dir():
            raise


@asynccontextmanager
async def _running(base_url: str, png: bytes, mode: str) -> AsyncIterator[None]:
    settings = {
        "NODE_PATH": str(await asyncio.to_thread(node_modules)),
        "API_ROOT": base_url,
        "BOT_TOKEN": TOKEN,
        "SECRET": SECRET,
        "STAFF": str(STAFF),
        "MODE": mode,
        "PRICE": str(PRICE),
        "PNG": base64.b64encode(png).decode(),
        "CONFIG": base64.b64encode(CONFIG).decode(),
    }
    process = await asyncio.create_subprocess_exec(
        "node", str(NODE_JUDGE / "bot.cjs"), env={**os.environ, **settings},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=sys.stderr,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 30) == b"ready\n"
        yield
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 15) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def polling(base_url: str, png: bytes) -> AsyncIterator[None]:
    """The shop asks for its updates."""
    async with _running(base_url, png, "polling"):
        yield


@asynccontextmanager
async def by_webhook(base_url: str, png: bytes) -> AsyncIterator[None]:
    """The shop is sent its updates."""
    async with _running(base_url, png, "webhook"):
        yield
