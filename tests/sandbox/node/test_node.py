"""A node's life: what it keeps, how it ends, and the outages that can be ordered."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import asyncssh
import psutil
import pytest

from sandbox.node.client import NodePeer, order, peers_on, state_of
from sandbox.node.process import NodeFailed, running_node
from sandbox.node.ready import Ready, SshKind, WireGuardKind
from tests.sandbox.node.conftest import needs_root

PATIENCE = 20
ADD = {
    "op": "add",
    "public_key": "A" * 43 + "=",
    "preshared_key": "B" * 42 + "A=",
    "ipv4": "10.66.0.2",
    "ipv6": "fd66::2",
    "revision": 1,
}
HELD = NodePeer(
    public_key="A" * 43 + "=",
    has_preshared_key=True,
    endpoint=None,
    allowed_ips=("10.66.0.2/32", "fd66::2/128"),
    latest_handshake=0,
    received_bytes=0,
    sent_bytes=0,
)


async def ask(node: Ready, shop: asyncssh.SSHKey, request: dict[str, object]) -> dict[str, object]:
    """Ask as the shop does, by another client than the shop's."""
    async with asyncssh.connect(
        "127.0.0.1",
        node.port,
        username=node.ssh_user,
        client_keys=[shop],
        known_hosts=asyncssh.import_known_hosts(f"[127.0.0.1]:{node.port} {node.host_key}\n"),
        agent_path=None,
        config=None,
    ) as connection:
        done = await connection.run("wgshop-peer", input=json.dumps(request), timeout=PATIENCE)
        reply: dict[str, object] = json.loads(str(done.stdout))
        return reply


@pytest.mark.parametrize("kind", list(SshKind))
async def test_a_peer_that_is_added_over_ssh_is_seen_on_the_node(
    kind: SshKind, tmp_path: Path, shop: asyncssh.SSHKey, authorized_key: str, program: Path
) -> None:
    data = tmp_path / "a directory"
    async with running_node(data, authorized_key, program, ssh_server=kind, stand_in=True) as node:
        assert node.ssh_server is kind
        assert await ask(node, shop, ADD) == {"ok": True, "result": "changed"}
        assert await peers_on(node) == (HELD,)


@pytest.mark.parametrize("stand_in", [True, pytest.param(False, marks=needs_root)])
async def test_a_node_is_the_same_after_a_restart(
    stand_in: bool, tmp_path: Path, shop: asyncssh.SSHKey, authorized_key: str, program: Path
) -> None:
    async with running_node(tmp_path, authorized_key, program, stand_in=stand_in) as node:
        await ask(node, shop, ADD)
    async with running_node(
        tmp_path, authorized_key, program, port=node.port, stand_in=stand_in
    ) as again:
        assert again.model_copy(update={"control_port": node.control_port}) == node
        assert await peers_on(again) == (HELD,)


async def test_a_node_that_is_down_refuses_and_one_that_is_up_again_answers(
    tmp_path: Path, shop: asyncssh.SSHKey, authorized_key: str, program: Path
) -> None:
    async with running_node(tmp_path, authorized_key, program, stand_in=True) as node:
        await order(node, "down")
        with pytest.raises(ConnectionRefusedError):
            await ask(node, shop, {"op": "info"})
        await order(node, "up")
        assert (await ask(node, shop, {"op": "info"}))["ok"]


async def test_a_node_that_hangs_accepts_and_goes_on_once_it_is_up(
    tmp_path: Path, shop: asyncssh.SSHKey, authorized_key: str, program: Path
) -> None:
    async with running_node(tmp_path, authorized_key, program, stand_in=True) as node:
        await order(node, "hang")
        asking = asyncio.create_task(ask(node, shop, {"op": "info"}))
        reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
        await order(node, "up")
        assert (await reader.readline()).startswith(b"SSH-2.0-")
        writer.close()
        assert (await asking)["ok"]


async def test_a_node_tells_which_outage_is_in_force(
    tmp_path: Path, authorized_key: str, program: Path
) -> None:
    async with running_node(tmp_path, authorized_key, program, stand_in=True) as node:
        assert await state_of(node) == "up"
        for outage in ("down", "slow 250", "hang", "up"):
            await order(node, outage)
            assert await state_of(node) == outage


async def test_an_unknown_order_is_answered_with_those_that_there_are(
    tmp_path: Path, authorized_key: str, program: Path
) -> None:
    async with running_node(tmp_path, authorized_key, program, stand_in=True) as node:
        with pytest.raises(ValueError, match="up, down, hang, or slow"):
            await order(node, "explode")


async def test_a_node_without_its_program_does_not_come_up(
    tmp_path: Path, authorized_key: str
) -> None:
    with pytest.raises(NodeFailed):
        async with running_node(tmp_path, authorized_key, tmp_path / "none", stand_in=True):
            pass


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("stand_in", [True, pytest.param(False, marks=needs_root)])
async def test_a_node_that_is_told_to_stop_leaves_nothing_behind(
    number: signal.Signals, stand_in: bool, tmp_path: Path, shop: asyncssh.SSHKey, program: Path
) -> None:
    public_key = shop.export_public_key().decode().strip()
    process = await start(tmp_path, public_key, program, *(["--stand-in"] if stand_in else []))
    node = await ready(process)
    await ask(node, shop, {"op": "info"})
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    assert await process.wait() == 0
    assert not [child for child in children if child.is_running()]
    assert not interface_exists(node)


@pytest.mark.parametrize("stand_in", [True, pytest.param(False, marks=needs_root)])
async def test_a_node_ends_with_its_parent_even_when_that_is_killed(
    stand_in: bool, tmp_path: Path, authorized_key: str, program: Path
) -> None:
    command = node_command(tmp_path, authorized_key, program, *(["--stand-in"] if stand_in else []))
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "import subprocess, sys; subprocess.run(sys.argv[1:])"),
        *command,
        stdout=asyncio.subprocess.PIPE,
    )
    node = await ready(parent)
    family = psutil.Process(parent.pid).children(recursive=True)
    parent.kill()
    await parent.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, family, PATIENCE)
    assert not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]
    assert not interface_exists(node)


@pytest.mark.parametrize("stand_in", [pytest.param(False, marks=needs_root)])
async def test_a_node_that_is_killed_takes_its_interface_along(
    stand_in: bool, tmp_path: Path, authorized_key: str, program: Path
) -> None:
    process = await start(tmp_path, authorized_key, program)
    node = await ready(process)
    assert node.wireguard is not WireGuardKind.STAND_IN
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    await process.wait()
    await asyncio.to_thread(psutil.wait_procs, children, PATIENCE)
    if node.wireguard is WireGuardKind.WIREGUARD_GO:
        assert not interface_exists(node)
    async with running_node(tmp_path, authorized_key, program) as again:
        assert again.public_key == node.public_key


def interface_exists(node: Ready) -> bool:
    return Path(f"/sys/class/net/{node.interface}").exists()


def node_command(data: Path, authorized_key: str, program: Path, *more: str) -> list[str]:
    command = [sys.executable, "-m", "sandbox.node", "--data", str(data)]
    return [*command, "--authorized-key", authorized_key, "--program", str(program), *more]


async def start(
    data: Path, authorized_key: str, program: Path, *more: str
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *node_command(data, authorized_key, program, *more), stdout=asyncio.subprocess.PIPE
    )


async def ready(process: asyncio.subprocess.Process) -> Ready:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        return Ready.model_validate_json(await process.stdout.readline())
