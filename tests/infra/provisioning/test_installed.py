"""What an installed server lets be done to it, with the shop's key or as the shop's account."""

import json
import shutil
from collections.abc import AsyncIterator, Iterator
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

import asyncssh
import pytest
from pydantic import SecretStr

from domain.obfuscation import TunnelTool
from infra.provisioning.installation import Installation
from infra.provisioning.installer import install, look
from infra.provisioning.root_session import RootSession, fetch_host_key
from infra.ssh import SshEndpoint, SshTimeouts
from infra.wireguard_keys import new_private_key, public_key_of
from tests.infra.node.conftest import add_of
from tests.infra.wireguard.conftest import write_key
from tests.machines.bare_machine import PASSWORD, BareImage, BareMachine, bare_machine
from tests.machines.commands import attempt, run
from tests.machines.fixtures import NEEDS, can_make_machines, equipped_image, memory_folder
from tests.machines.network import small_internet

__all__ = ["equipped_image", "memory_folder"]

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(not can_make_machines(), reason=NEEDS),
    pytest.mark.xdist_group("installed"),
]


@pytest.fixture(scope="module")
def shop_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's SSH key; its public half beside it."""
    path = tmp_path_factory.mktemp("keys") / "shop"
    path.with_suffix(".pub").write_text(write_key(path))
    return path


@pytest.fixture(scope="module")
def server(equipped_image: BareImage, memory_folder: Path, shop_key: Path) -> Iterator[BareMachine]:
    """A machine that was installed, for all tests here."""
    with (
        small_internet() as network,
        bare_machine(equipped_image, memory_folder / network.run_id, network) as machine,
    ):
        host_key = fetch_host_key(network.address, 22, SshTimeouts())
        endpoint = SshEndpoint(
            name="nl1",
            host=network.address,
            port=22,
            user="root",
            host_key=f"{host_key.get_name()} {host_key.get_base64()}",
        )
        key = new_private_key()
        wanted = Installation(
            interface="wg0",
            listen_port=51820,
            mtu=1420,
            network_v4=IPv4Network("10.66.0.0/16"),
            network_v6=IPv6Network("fd66::/64"),
            obfuscation=None,
            tool=TunnelTool.WG,
            private_key=key,
            public_key=public_key_of(key),
            shop_key=shop_key.with_suffix(".pub").read_text(),
        )
        with RootSession.open(endpoint, SecretStr(PASSWORD), SshTimeouts()) as root:
            install(root, wanted, look(root, "wg0", TunnelTool.WG), tell=str)
        yield machine


@pytest.fixture
async def thief(server: BareMachine, shop_key: Path) -> AsyncIterator[asyncssh.SSHClientConnection]:
    """Somebody with the shop's private key."""
    async with asyncssh.connect(
        server.network.address,
        username="wgshop",
        client_keys=[str(shop_key)],
        known_hosts=None,
        agent_path=None,
        config=None,
    ) as connection:
        yield connection


async def test_whoever_steals_the_shops_key_reaches_the_program_and_nothing_else(
    thief: asyncssh.SSHClientConnection,
) -> None:
    for command in ("id", "", "sh -i", "; touch /tmp/owned", "--wg /bin/sh wg0", "scp -t /tmp"):
        done = await thief.run(command, input='{"op": "info"}', timeout=10)
        assert json.loads(str(done.stdout))["interface"] == "wg0", command
    done = await thief.run("id", input="id\n", env={"LD_PRELOAD": "/tmp/x.so"}, timeout=10)
    assert json.loads(str(done.stdout))["error"] == "malformed"
    done = await thief.run(subsystem="sftp", input="\0\0\0\5\1\0\0\0\3", timeout=10)
    assert json.loads(str(done.stdout))["error"] == "malformed"
    with pytest.raises(asyncssh.ChannelOpenError):
        await thief.create_process(term_type="xterm")
    with pytest.raises(asyncssh.ChannelOpenError):
        await thief.open_connection("127.0.0.1", 22)
    with pytest.raises(asyncssh.ChannelListenError):
        await thief.forward_remote_port("127.0.0.1", 0, "127.0.0.1", 1)


async def test_the_account_owns_nothing_and_may_run_one_command(server: BareMachine) -> None:
    mine = ("-user", "wgshop", "-o", "-group", "wgshop")
    assert not server.inside("find", "/etc", "/home", "/usr/local", "/var/lib/wgshop", *mine)
    files = "/usr/local/sbin/wgshop-peer /home/wgshop/.ssh/authorized_keys /etc/sudoers.d/wgshop"
    for path in files.split():
        assert server.inside("stat", "-c", "%U", path) == "root\n"
        assert not server.inside("find", path, "-perm", "/022")
    run(*server.entrance, "/usr/local/sbin/wgshop-peer", "wg0", stdin=json.dumps(add_of(1)))
    secrets = "/etc/wireguard/wg0.key /etc/wireguard/wg0.conf /var/lib/wgshop/wg0.json"
    assert not server.inside("find", *secrets.split(), "-perm", "/077")
    for command in ("id", "/usr/local/sbin/wgshop-peer wg1", "/usr/local/sbin/wgshop-peer"):
        done = attempt(*server.entrance, "su", "wgshop", "-c", f"sudo -n {command}")
        assert done.returncode != 0, command
        assert "uid=0" not in done.stdout


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs Debian's systemd")
async def test_systemd_understands_the_boot_unit(server: BareMachine) -> None:
    unit = "/etc/systemd/system/wgshop-peer-wg0.service"
    done = attempt(*server.entrance, "systemd-analyze", "verify", "--man=no", unit)
    assert (done.returncode, done.stderr) == (0, "")
