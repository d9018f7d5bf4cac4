"""One sandbox process for the session, a shop that talks to it, and its notification address."""

import asyncio
import contextlib
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.yookassa.client import YooKassaSandbox
from tests.sandbox.yookassa.official import (
    VARIABLE,
    Absent,
    Judge,
    Specification,
    find_specification,
)
from tests.sandbox.yookassa.shop_side import SECRET_KEY, SHOP_ID, Receiver, ShopSide


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    """The address of a running sandbox."""
    command = [sys.executable, "-m", "sandbox.yookassa", "--port", "0"]
    credentials = ["--shop-id", SHOP_ID, "--secret-key", SECRET_KEY]
    with subprocess.Popen([*command, *credentials], stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().split()[-1]
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
async def _control(sandbox_url: str) -> AsyncIterator[YooKassaSandbox]:
    async with YooKassaSandbox(sandbox_url) as client:
        yield client


@pytest.fixture
async def kassa(_control: YooKassaSandbox) -> YooKassaSandbox:
    """The control client of a sandbox without memories."""
    await _control.reset()
    return _control


@pytest.fixture
async def shop(sandbox_url: str, kassa: YooKassaSandbox) -> AsyncIterator[ShopSide]:
    """A shop with the right credentials."""
    side = ShopSide(sandbox_url)
    yield side
    await side.http.aclose()


@pytest.fixture(scope="session")
async def _listening() -> AsyncIterator[Receiver]:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    receiver = Receiver(f"http://127.0.0.1:{listener.getsockname()[1]}/notifications")

    async def notified(request: Request) -> Response:
        status = await receiver.take(await request.json(), request.client.host)
        return Response(status_code=status)

    app = Starlette(routes=[Route("/notifications", notified, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    server.capture_signals = contextlib.nullcontext
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    yield receiver
    server.should_exit = True
    await serving


@pytest.fixture
async def receiver(_listening: Receiver, kassa: YooKassaSandbox) -> AsyncIterator[Receiver]:
    """The shop's notification address, which the sandbox knows."""
    _listening.clear()
    await kassa.notify(_listening.url)
    yield _listening
    _listening.open.set()


@pytest.fixture(scope="session")
def official() -> Judge:
    """The official schemas where the file is at hand, else a judge who lets everything pass."""
    path = find_specification()
    return Absent() if path is None else Specification(path)


@pytest.fixture(scope="session")
def specification(official: Judge) -> Specification:
    """The official schemas; tests that are about nothing else are skipped without the file."""
    if not isinstance(official, Specification):
        pytest.skip(f"YooKassa's OpenAPI file is not here; set {VARIABLE} to its path.")
    return official
