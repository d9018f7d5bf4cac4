"""VPN nodes as the shop meets them: the server-side program behind a real SSH server."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from pydantic import SecretStr

from domain.ids import DeviceId, ServerId
from domain.servers import Peer, Server, ServerState
from infra.wireguard_keys import new_device_keys
from sandbox.node.process import running_node
from sandbox.node.ready import Ready
from sandbox.ports import LOOPBACK
from sandbox.secrets import DemoSecrets, kept_secrets
from sandbox.shop import PEER_PROGRAM


class Fleet(NamedTuple):
    """Nodes, and the key to them."""

    ssh_key: SecretStr
    authorized_key: str
    """Its public half."""
    nodes: Sequence[Ready]

    @property
    def servers(self) -> list[Server]:
        """What the ledger would say of them."""
        return [_server(number, node) for number, node in enumerate(self.nodes, 1)]

    @property
    def kind(self) -> str:
        """What they are made of."""
        return f"{self.nodes[0].ssh_server}, {self.nodes[0].wireguard}"


@asynccontextmanager
async def running_fleet(data: Path, count: int, *, stand_in: bool = False) -> AsyncIterator[Fleet]:
    """Nodes with no peers, until the block ends."""
    secrets = _new_secrets(data)
    async with AsyncExitStack() as stack:
        nodes = [
            await stack.enter_async_context(
                running_node(
                    data / f"nl{number}",
                    secrets.ssh_public_key,
                    PEER_PROGRAM,
                    stand_in=stand_in,
                )
            )
            for number in range(1, count + 1)
        ]
        yield Fleet(SecretStr(secrets.ssh_key), secrets.ssh_public_key, nodes)


def new_peer(server: Server, number: int, revision: int = 1) -> Peer:
    """The server's peer of that number, with keys of its own."""
    keys = new_device_keys()
    return Peer(
        device_id=DeviceId(uuid4()),
        server=server,
        public_key=keys.public_key,
        preshared_key=keys.preshared_key,
        ipv4=IPv4Address("10.66.0.1") + number,
        ipv6=IPv6Address("fd66::1") + number,
        revision=revision,
    )


def _new_secrets(data: Path) -> DemoSecrets:
    data.mkdir(parents=True)
    return kept_secrets(data)


def _server(number: int, node: Ready) -> Server:
    return Server(
        server_id=ServerId(number),
        slug=f"nl{number}",
        location="nl",
        state=ServerState.SELLING,
        endpoint_host=LOOPBACK,
        endpoint_port=node.listen_port,
        public_key=node.public_key,
        interface=node.interface,
        dns=(IPv4Address("1.1.1.1"),),
        ssh_host=LOOPBACK,
        ssh_port=node.port,
        ssh_user=node.ssh_user,
        ssh_host_key=node.host_key,
    )
