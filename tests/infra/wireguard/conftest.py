"""A node behind each kind of SSH server, and a gateway that holds the key to it."""

import socket
from collections.abc import AsyncIterator, Callable, Iterator
from ipaddress import IPv4Address, IPv6Address
from itertools import count
from pathlib import Path
from uuid import uuid4

import asyncssh
import pytest

from domain.ids import DeviceId, ServerId
from domain.servers import Peer, Server, ServerState
from infra.admission import LineLimits
from infra.ssh import SshTimeouts
from infra.wireguard import SshPeerGateway
from infra.wireguard_keys import new_device_keys
from sandbox.node.client import order
from sandbox.node.process import running_node
from sandbox.node.ready import Ready, SshKind
from sandbox.node.ssh_servers import sshd_path

PROGRAM = Path("infra/node/wgshop_peer.py")
KINDS = [
    pytest.param(
        SshKind.OPENSSH,
        marks=pytest.mark.skipif(sshd_path() is None, reason="OpenSSH's sshd does not work here"),
    ),
    SshKind.ASYNCSSH,
]

NewPeer = Callable[[], Peer]


def write_key(path: Path) -> str:
    """An ed25519 key pair at `path`; the public half."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(path)
    path.chmod(0o600)
    return " ".join(key.export_public_key().decode().split()[:2])


@pytest.fixture(scope="module")
def shop_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "shop"
    path.with_suffix(".pub").write_text(write_key(path))
    return path


@pytest.fixture
def strangers_key(tmp_path: Path) -> Path:
    path = tmp_path / "stranger"
    write_key(path)
    return path


@pytest.fixture(scope="module", params=KINDS)
async def running(
    request: pytest.FixtureRequest, shop_key: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Ready]:
    public_key = shop_key.with_suffix(".pub").read_text()
    data = tmp_path_factory.mktemp("node")
    async with running_node(
        data, public_key, PROGRAM, ssh_server=request.param, stand_in=True
    ) as node:
        yield node


@pytest.fixture
async def node(running: Ready) -> AsyncIterator[Ready]:
    yield running
    await order(running, "up")


@pytest.fixture
def server(node: Ready) -> Server:
    return Server(
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


@pytest.fixture
def unused_port() -> Iterator[int]:
    """A port that is taken but does not listen: connections to it are refused."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return count(10)


@pytest.fixture
def new_peer(server: Server, numbers: Iterator[int]) -> NewPeer:
    """Makes a peer of its own address and keys at each call."""

    def make() -> Peer:
        number, keys = next(numbers), new_device_keys()
        return Peer(
            device_id=DeviceId(uuid4()),
            server=server,
            public_key=keys.public_key,
            preshared_key=keys.preshared_key,
            ipv4=IPv4Address("10.66.0.0") + number,
            ipv6=IPv6Address("fd66::") + number,
            revision=1,
        )

    return make


@pytest.fixture
async def gateway(shop_key: Path) -> AsyncIterator[SshPeerGateway]:
    gateway = SshPeerGateway(shop_key)
    yield gateway
    await gateway.close()


@pytest.fixture
async def impatient(shop_key: Path) -> AsyncIterator[SshPeerGateway]:
    """A gateway with one thread for a server, which a call that never ends would use up."""
    timeouts = SshTimeouts(call=1.5, connect=1.0, banner=1.0, auth=1.0, channel=1.0)
    gateway = SshPeerGateway(shop_key, timeouts=timeouts, limits=LineLimits(calls=1, waiting=1))
    yield gateway
    await gateway.close()
