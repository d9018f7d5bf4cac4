"""Speeds on a server that `wgshop server add` has set up: what packets really get."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from pathlib import Path
from uuid import uuid4

import pytest

from domain.ids import DeviceId
from domain.servers import ClientConfig, DeviceKeys, Peer, PeerRemoval, Server
from infra.postgres.fleet import Fleet
from infra.postgres.pool import Pool
from infra.wireguard import SshPeerGateway
from infra.wireguard_keys import new_device_keys
from tests.machines.bare_machine import BareMachine
from tests.machines.device import Device, device_at
from tests.machines.fixtures import NEEDS, can_make_machines
from tests.machines.network import WEB
from tests.workers.servers.conftest import Operator

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(not can_make_machines(), reason=NEEDS),
]
SITE = f"http://{WEB}/"
MBIT = 5
AT_ONCE = MBIT * 125_000 + 128 * 1024
"""What the limit lets through before it limits: a second's worth, and a burst."""
SIZE = AT_ONCE + 2 * MBIT * 125_000
"""Two seconds more than that."""


@pytest.fixture
async def gateway(operator: Operator) -> AsyncIterator[SshPeerGateway]:
    gateway = SshPeerGateway(Path(operator.environment["VPN_SSH_KEY_FILE"]))
    yield gateway
    await gateway.close()


@pytest.fixture
def devices(machine: BareMachine, tmp_path: Path) -> Iterator[tuple[Device, Device]]:
    network = machine.network
    with ExitStack() as stack:
        home = stack.enter_context(device_at(network, network.home, tmp_path / "home"))
        cafe = stack.enter_context(device_at(network, network.cafe, tmp_path / "cafe"))
        yield home, cafe


def peer_of(server: Server, number: int, keys: DeviceKeys, speed: int | None) -> Peer:
    return Peer(
        device_id=DeviceId(uuid4()),
        server=server,
        public_key=keys.public_key,
        preshared_key=keys.preshared_key,
        ipv4=IPv4Address(f"10.66.0.{number}"),
        ipv6=IPv6Address(f"fd66:42::{number}"),
        revision=1,
        speed_mbit=speed,
    )


def file_of(peer: Peer, keys: DeviceKeys) -> bytes:
    server = peer.server
    config = ClientConfig(
        private_key=keys.private_key,
        preshared_key=keys.preshared_key,
        ipv4=IPv4Interface(peer.ipv4),
        ipv6=IPv6Interface(peer.ipv6),
        dns=server.dns,
        mtu=server.mtu,
        server_public_key=server.public_key,
        endpoint_host=server.endpoint_host,
        endpoint_port=server.endpoint_port,
        name="wg-nl1",
    )
    return config.render().encode()


async def test_a_customer_gets_the_speed_of_their_plan_and_nobody_else_is_slowed(
    machine: BareMachine,
    operator: Operator,
    fleet: Fleet,
    gateway: SshPeerGateway,
    devices: tuple[Device, Device],
) -> None:
    assert operator.adds(machine).code == 0
    server = (await fleet.berth("nl1")).registration.server
    peers = []
    for number, device, speed in ((10, devices[0], MBIT), (11, devices[1], None)):
        keys = new_device_keys()
        peer = peer_of(server, number, keys, speed)
        await gateway.ensure_peer(peer)
        device.connect("wg-nl1.conf", file_of(peer, keys))
        peers.append(peer)
    limited, free = devices

    for measured in (Device.seconds_to_get, Device.seconds_to_give):
        slow, quick = measured(limited, SITE, SIZE), measured(free, SITE, SIZE)
        assert 1 < slow < 4, "two seconds, by a factor of two"
        assert quick < slow / 2

    table = machine.inside("nft", "list", "table", "inet", "wgshop_limits_wg0")
    assert "rate over 625000 bytes/second" in table

    machine.power_off()
    machine.boot()
    assert machine.inside("nft", "list", "table", "inet", "wgshop_limits_wg0").count("rate") == 2

    await gateway.remove_peer(
        PeerRemoval(server=server, public_key=peers[0].public_key, revision=2)
    )
    assert "rate" not in machine.inside("nft", "list", "table", "inet", "wgshop_limits_wg0")


async def test_a_program_that_knows_no_speeds_is_told_of_until_it_is_upgraded(
    machine: BareMachine, operator: Operator, fleet: Fleet, pool: Pool
) -> None:
    assert operator.adds(machine).code == 0
    program = "/usr/local/sbin/wgshop-peer"
    machine.inside("sed", "-i", 's/^VERSION = ".*"/VERSION = "1.2.0"/', program)
    await pool.execute("update vpn_servers set program_version = '1.2.0'")
    assert "speed" not in operator.says("check", "nl1").output
    assert "speed" not in operator.says("list").output

    await pool.execute("update tariffs set speed_mbit = 50 where slug = 'month'")
    words = "its program 1.2.0 cannot hold customers to their plans' speed"
    check = operator.says("check", "nl1")
    assert (check.code, words in check.output) == (1, True)
    assert words in operator.says("list").output

    upgraded = operator.adds(machine)
    assert "[3/7] server-side program: version 1.3.0 installed" in upgraded.output
    assert operator.says("check", "nl1").code == 0
