"""Work for one VPN server never blocks another, however much of it waits.

With a real Temporal server, the shop's own workers and gateway, and real SSH.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncssh
import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle

from domain.devices import DeviceTurn, SetupOutcome
from domain.ids import DeviceId
from domain.servers import Server
from infra.admission import LineLimits
from infra.keyring import KeyRing
from infra.wireguard import SshPeerGateway
from sandbox.node.process import running_node
from sandbox.node.ready import SshKind
from temporal.client import TemporalTarget, connect
from tests.workflows.fake_ledger import USER, a_server
from tests.workflows.shop import ANSWER, Shop
from workflows.device_setup import DeviceSetup, DeviceSetupWorkflow
from workflows.names import SHOP_QUEUE, device_workflow_id

PROGRAM = Path("infra/node/wgshop_peer.py")
PLACES = 4
"""Of the worker, for all servers."""
ONE_SERVER = LineLimits(calls=1, waiting=1)
CROWD = 5 * PLACES

SettingUp = WorkflowHandle[DeviceSetupWorkflow, SetupOutcome]


@pytest.fixture
async def hanging() -> AsyncIterator[Server]:
    """A server that accepts connections and never says a word."""
    listener = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    key = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    yield a_server(1).model_copy(update={"ssh_port": port, "ssh_host_key": key})
    listener.close()


@pytest.fixture
def shop_key(tmp_path: Path) -> asyncssh.SSHKey:
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(tmp_path / "shop")
    return key


@pytest.fixture
async def well(shop_key: asyncssh.SSHKey, tmp_path: Path) -> AsyncIterator[Server]:
    """A server that does as it is told."""
    public = shop_key.export_public_key().decode().strip()
    async with running_node(
        tmp_path / "nl2", public, PROGRAM, ssh_server=SshKind.ASYNCSSH, stand_in=True
    ) as node:
        place = {
            "ssh_port": node.port,
            "ssh_host_key": node.host_key,
            "ssh_user": node.ssh_user,
            "interface": node.interface,
        }
        yield a_server(2).model_copy(update=place)


@pytest.fixture
async def gateway(shop_key: asyncssh.SSHKey, tmp_path: Path) -> AsyncIterator[SshPeerGateway]:
    gateway = SshPeerGateway(tmp_path / "shop", limits=ONE_SERVER)
    yield gateway
    await gateway.close()


async def begin_on(shop: Shop, server: Server) -> SettingUp:
    """A device is added, which the ledger puts there."""
    turn = DeviceTurn(device_id=DeviceId(uuid4()), user_id=USER, revision=1)
    shop.ledger.servers = [server]
    running = await shop.client.start_workflow(
        DeviceSetupWorkflow.run,
        DeviceSetup(turn=turn),
        id=device_workflow_id(turn),
        task_queue=SHOP_QUEUE,
    )
    await shop.journal.until("placed_peer", turn.device_id)
    return running


async def test_a_device_is_set_up_on_one_server_while_a_crowd_waits_for_another_that_hangs(
    temporal_target: TemporalTarget,
    key_ring: KeyRing,
    hanging: Server,
    well: Server,
    gateway: SshPeerGateway,
) -> None:
    shop = Shop(await connect(temporal_target, key_ring))
    async with shop.at_work(gateway, vpn_places=PLACES):
        # Each of the crowd has had one of the four places, and has asked for its server.
        crowd = [await begin_on(shop, hanging) for _ in range(CROWD)]

        lone = await begin_on(shop, well)

        assert await lone.result(rpc_timeout=ANSWER) is SetupOutcome.HELD
        pending = [(await each.describe()).status for each in crowd]
        assert set(pending) == {WorkflowExecutionStatus.RUNNING}
