"""The gateway against a node with a real SSH server, reached through the node's own gate."""

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from uuid import uuid4

import asyncssh
import pytest

from domain.errors import ServerRefused, ServerUnavailable, SettingsError
from domain.ids import DeviceId, ServerId
from domain.servers import DeviceKeys, Peer, PeerRemoval, Server, ServerState
from infra.ssh import SshTimeouts
from infra.wireguard import SshPeerGateway
from infra.wireguard_keys import new_device_keys
from sandbox.node.client import order, peers_on
from sandbox.node.process import running_node
from sandbox.node.ready import Ready, SshKind

PROGRAM = Path("infra/node/wgshop_peer.py")
IMPATIENT = SshTimeouts(call=1.5, connect=1.0, banner=1.0, auth=1.0, channel=1.0)


def new_key(path: Path) -> str:
    """An ed25519 key pair at `path`; the public half."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(path)
    path.chmod(0o600)
    return " ".join(key.export_public_key().decode().split()[:2])


def server_of(node: Ready, **changes: object) -> Server:
    server = Server(
        server_id=ServerId(1),
        slug="nl1",
        location="nl",
        state=ServerState.SELLING,
        endpoint_host="127.0.0.1",
        endpoint_port=node.listen_port,
        public_key=node.public_key,
        interface=node.interface,
        dns=(IPv4Address("10.66.0.1"),),
        ssh_host="127.0.0.1",
        ssh_port=node.port,
        ssh_user=node.ssh_user,
        ssh_host_key=node.host_key,
    )
    return server.model_copy(update=changes)


def peer_on(
    server: Server, number: int, *, keys: DeviceKeys | None = None, revision: int = 1
) -> Peer:
    keys = keys or new_device_keys()
    return Peer(
        device_id=DeviceId(uuid4()),
        server=server,
        public_key=keys.public_key,
        preshared_key=keys.preshared_key,
        ipv4=IPv4Address("10.66.0.0") + number,
        ipv6=IPv6Address("fd66::") + number,
        revision=revision,
    )


def removal_of(peer: Peer, revision: int) -> PeerRemoval:
    return PeerRemoval(server=peer.server, public_key=peer.public_key, revision=revision)


@pytest.fixture(scope="module")
def shop_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys") / "shop"


@pytest.fixture(scope="module", params=list(SshKind))
async def node(
    request: pytest.FixtureRequest, shop_key: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Ready]:
    data = tmp_path_factory.mktemp("node")
    async with running_node(
        data, new_key(shop_key), PROGRAM, ssh_server=request.param, stand_in=True
    ) as ready:
        yield ready


@pytest.fixture
async def gateway(node: Ready, shop_key: Path) -> AsyncIterator[SshPeerGateway]:
    await order(node, "up")
    async with contextlib.aclosing(Closing(SshPeerGateway(shop_key))) as closing:
        yield closing.gateway
    await order(node, "up")


class Closing:
    """`aclosing` wants `aclose`; the gateway has `close`."""

    def __init__(self, gateway: SshPeerGateway) -> None:
        self.gateway = gateway

    async def aclose(self) -> None:
        await self.gateway.close()


@pytest.fixture
async def impatient(node: Ready, shop_key: Path) -> AsyncIterator[SshPeerGateway]:
    async with contextlib.aclosing(Closing(SshPeerGateway(shop_key, timeouts=IMPATIENT))) as made:
        yield made.gateway
    await order(node, "up")


async def test_a_peer_that_is_ensured_is_on_the_server_with_its_addresses_and_secret(
    gateway: SshPeerGateway, node: Ready
) -> None:
    peer = peer_on(server_of(node), 10)
    await gateway.ensure_peer(peer)
    held = {one.public_key: one for one in await peers_on(node)}[peer.public_key]
    assert held.allowed_ips == ("10.66.0.10/32", "fd66::a/128")
    assert held.has_preshared_key
