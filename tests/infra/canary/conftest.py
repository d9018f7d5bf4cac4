"""A server of the test's own that answers greetings, disguised or not."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from ipaddress import IPv4Address, IPv6Address

import pytest

from domain.canaries import Canary
from domain.ids import ServerId
from domain.obfuscation import Obfuscation
from domain.servers import Server, ServerState
from infra.wireguard_keys import new_device_keys
from tests.infra.canary.responder import Responder, serve

RESOLVER = IPv4Address("9.9.9.9")
DISGUISE = Obfuscation(s1=20, s2=33, h1=1001, h2=1002, h3=1003, h4=1004)


def server_at(port: int, public_key: str, disguise: Obfuscation | None = None) -> Server:
    return Server(
        server_id=ServerId(1),
        slug="nl1",
        location="nl",
        state=ServerState.SELLING,
        endpoint_host="127.0.0.1",
        endpoint_port=port,
        public_key=public_key,
        interface="wg0",
        dns=(RESOLVER,),
        ssh_host="127.0.0.1",
        ssh_user="wgshop",
        ssh_host_key="ssh-ed25519 AAAA",
        obfuscation=disguise,
    )


@pytest.fixture
def canary() -> Canary:
    return Canary(
        keys=new_device_keys(), ipv4=IPv4Address("10.66.255.254"), ipv6=IPv6Address("fd66::ffff")
    )


Answering = Callable[[Obfuscation | None], AbstractAsyncContextManager[tuple[Server, Responder]]]


@pytest.fixture
def answering(canary: Canary) -> Answering:
    """Starts a server that knows the canary."""

    @asynccontextmanager
    async def start(disguise: Obfuscation | None) -> AsyncIterator[tuple[Server, Responder]]:
        keys = new_device_keys()
        secrets = (keys.private_key, canary.keys.preshared_key)
        responder = Responder(*(secret.get_secret_value() for secret in secrets), disguise)
        port = await serve("127.0.0.1", 0, responder)
        yield server_at(port, keys.public_key, disguise), responder
        responder.close()

    return start
