"""The sandbox as a child process, and a server that answers whatever it is told."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from pydantic import SecretStr

from domain.ids import PurchaseId
from domain.languages import Language
from domain.money import roubles
from domain.payments import InvoiceRequest
from infra.settings import YooKassaSettings
from infra.yookassa import Patience, YooKassaGateway
from sandbox.yookassa.client import YooKassaSandbox

SHOP_ID = "100500"
SECRET_KEY = "test_sandbox-secret-key"
SHORT = Patience(connect=1, read=0.5, overall=5)


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    command = [sys.executable, "-m", "sandbox.yookassa", "--port", "0"]
    shop = ["--shop-id", SHOP_ID, "--secret-key", SECRET_KEY]
    with subprocess.Popen(command + shop, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("listening on ").strip()
        process.terminate()


@pytest.fixture
async def sandbox(sandbox_url: str) -> AsyncIterator[YooKassaSandbox]:
    async with YooKassaSandbox(sandbox_url) as control:
        yield control
        await control.reset()


GatewayMaker = Callable[..., YooKassaGateway]


@pytest.fixture
def gateway_to() -> Iterator[GatewayMaker]:
    """Makes gateways to an address, with settings and patience as wanted; closes them."""
    gateways: list[YooKassaGateway] = []

    def make(url: str, patience: Patience = SHORT, **changes: object) -> YooKassaGateway:
        settings = YooKassaSettings(
            **{
                "shop_id": SHOP_ID,
                "secret_key": SecretStr(SECRET_KEY),
                "api_url": f"{url}/v3",
                "return_url": "https://t.me/shop_bot",
                **changes,
            }
        )
        gateways.append(YooKassaGateway(settings, patience=patience))
        return gateways[-1]

    yield make
    for gateway in gateways:
        gateway.close()


@pytest.fixture
def gateway(
    sandbox_url: str, sandbox: YooKassaSandbox, gateway_to: GatewayMaker
) -> YooKassaGateway:
    return gateway_to(sandbox_url)


@pytest.fixture
def request_for_invoice() -> InvoiceRequest:
    return InvoiceRequest(
        purchase_id=PurchaseId(uuid4()),
        price=roubles("299.00"),
        description="VPN, 30 days",
        language=Language.RUSSIAN,
    )


@dataclass
class Received:
    """One request as it came over the wire."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        return json.loads(self.body)


@dataclass
class RawServer:
    """Answers every request with the same bytes, right or wrong as HTTP."""

    url: str = ""
    answer: bytes = b""
    received: list[Received] = field(default_factory=list)

    def will_answer(self, status: int, body: bytes | dict[str, object], headers: str = "") -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = f"HTTP/1.1 {status} Told So\r\nContent-Length: {len(content)}\r\n{headers}\r\n"
        self.answer = head.encode() + content

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        line, *fields = head.strip().split("\r\n")
        headers = {name.lower(): value for name, value in (f.split(": ", 1) for f in fields)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.received.append(Received(line, headers, body))
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@pytest.fixture
async def raw_server() -> AsyncIterator[RawServer]:
    raw = RawServer()
    async with AsyncExitStack() as stack:
        server = await asyncio.start_server(raw.serve, "127.0.0.1", 0)
        await stack.enter_async_context(server)
        raw.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield raw
