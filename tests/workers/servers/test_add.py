"""`wgshop server add` against a machine as it is handed over: Debian, root's password, no more."""

import re
from pathlib import Path

import pytest

from domain.servers import ServerState
from infra.postgres.fleet import Fleet
from infra.postgres.pool import Pool
from tests.infra.wireguard.conftest import write_key
from tests.machines.bare_machine import PASSWORD, BareMachine, package_folder
from tests.machines.fixtures import NEEDS, NEEDS_PACKAGES, can_make_machines
from tests.machines.network import WEB
from tests.workers.servers.conftest import Operator

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(not can_make_machines(), reason=NEEDS),
]
WELL = "and DNS answers through the tunnel"


async def state_of(fleet: Fleet, slug: str = "nl1") -> ServerState:
    return (await fleet.berth(slug)).registration.server.state


@pytest.mark.skipif(package_folder() is None, reason=NEEDS_PACKAGES)
async def test_a_bare_machine_becomes_a_selling_server_that_outlives_a_reboot(
    bare: BareMachine, operator: Operator, fleet: Fleet
) -> None:
    bare.inside("mv", "/srv/debs/Packages", "/srv/debs/away")
    broken_off = operator.adds(bare)
    assert broken_off.code == 1
    assert "[1/7] packages failed" in broken_off.output
    assert "What to do: see that `apt-get update` works" in broken_off.output
    assert await state_of(fleet) is ServerState.DRAINING
    before = await fleet.berth("nl1")

    bare.inside("mv", "/srv/debs/away", "/srv/debs/Packages")
    done = operator.adds(bare)
    assert done.code == 0, done.output
    assert "installed nftables sudo wireguard-tools" in done.output
    assert WELL in done.output
    assert "nl1 is ready and sells" in done.output
    assert await state_of(fleet) is ServerState.SELLING
    assert (await fleet.berth("nl1")).registration.server.public_key == (
        before.registration.server.public_key
    )

    interface = bare.inside("cat", "/sys/class/net/wg0/ifindex")
    again = operator.adds(bare)
    assert again.code == 0, again.output
    assert not re.search("installed|raised|made|turned on", again.output)
    assert bare.inside("cat", "/sys/class/net/wg0/ifindex") == interface

    bare.power_off()
    bare.boot()
    check = operator.says("check", "nl1")
    assert check.code == 0, check.output
    assert WELL in check.output

    everything = b"".join(bare.changed_files().values()).decode(errors="replace")
    assert PASSWORD not in everything + done.output + again.output


async def test_an_installation_that_is_killed_anywhere_goes_on_where_it_was(
    machine: BareMachine, operator: Operator, fleet: Fleet
) -> None:
    for number in (4, 6):
        with operator.starts(*operator.adding(machine)) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith(f"[{number}/"):
                    process.kill()
            assert process.wait() < 0
        assert await state_of(fleet) is ServerState.DRAINING
    done = operator.adds(machine)
    assert done.code == 0, done.output
    assert WELL in done.output
    assert len(await fleet.berths()) == 1


async def test_an_interface_that_was_left_half_made_is_made_anew(
    machine: BareMachine, operator: Operator
) -> None:
    assert operator.adds(machine).code == 0
    machine.inside("ip", "address", "flush", "dev", "wg0")
    machine.inside("nft", "delete", "table", "inet", "wgshop_wg0")
    mended = operator.adds(machine)
    assert "wg0 raised" in mended.output
    assert WELL in mended.output


async def test_at_a_terminal_the_key_is_shown_and_the_password_asked_for_unseen(
    machine: BareMachine, operator: Operator
) -> None:
    target = f"root@{machine.network.address}"
    with operator.at_a_terminal("add", target, "--location", "nl", "--dns", WEB) as terminal:
        assert machine.host_fingerprint in terminal.reads_until("Is it the same? [y/N]: ")
        terminal.types("y")
        terminal.reads_until(f"Password of {target}: ")
        terminal.types(PASSWORD)
        said = terminal.reads_until("nl1 is ready and sells")
    assert PASSWORD not in said


async def test_a_server_whose_port_is_closed_is_told_and_sells_nothing_until_it_is_open(
    machine: BareMachine, operator: Operator, fleet: Fleet
) -> None:
    hook = "add chain inet hoster input { type filter hook input priority -10; }"
    rule = "add rule inet hoster input udp dport 51820 drop"
    machine.inside("nft", f"add table inet hoster; {hook}; {rule}")
    done = operator.adds(machine)
    assert done.code == 1
    assert "canary: silent" in done.output
    assert "open the port in the hoster's firewall" in done.output
    assert await state_of(fleet) is ServerState.DRAINING

    machine.inside("nft", "delete table inet hoster")
    assert "nl1 is ready and sells" in operator.adds(machine).output


async def test_a_machine_without_systemd_is_installed_and_says_what_to_run_at_boot(
    machine: BareMachine, operator: Operator
) -> None:
    machine.inside("rm", "-r", "/run/systemd", "/usr/local/bin/systemctl")
    done = operator.adds(machine)
    assert done.code == 0, done.output
    assert "there is no systemd here: have `wg-quick up wg0` and then" in done.output
    assert WELL in done.output


async def test_another_machine_takes_the_place_of_one_with_its_key_and_its_customers(
    machine: BareMachine, operator: Operator, fleet: Fleet, pool: Pool
) -> None:
    assert operator.adds(machine, "--capacity", "20").code == 0
    first = (await fleet.berth("nl1")).registration.server
    await pool.execute("update vpn_servers set ssh_host = 'dead.example', ssh_host_key = 'x y'")
    machine.inside("sh", "-c", "wg-quick down wg0 && rm -r /etc/wireguard /var/lib/wgshop")

    refused = operator.adds(machine, "--name", "nl1")
    assert "say --replace if this machine takes its place" in refused.output
    done = operator.adds(machine, "--name", "nl1", "--replace")
    assert done.code == 0, done.output
    assert (await fleet.berth("nl1")).registration.server.public_key == first.public_key
    assert machine.inside("wg", "show", "wg0", "public-key").strip() == first.public_key


async def test_a_server_is_drained_resumed_and_removed_with_all_that_was_installed(
    machine: BareMachine, operator: Operator, fleet: Fleet, tmp_path: Path
) -> None:
    before = set(machine.changed_files())
    assert operator.adds(machine).code == 0
    assert "nl1 is draining" in operator.says("drain", "nl1").output
    assert "draining  not looked at  0/250" in operator.says("list").output
    assert "nl1 is selling" in operator.says("resume", "nl1").output
    public = write_key(tmp_path / "roots")
    machine.inside("sh", "-c", f"mkdir -p /root/.ssh; echo {public} > /root/.ssh/authorized_keys")
    key = ("--key-file", str(tmp_path / "roots"))
    upgraded = operator.says("upgrade", "nl1", *key)
    assert upgraded.code == 0, upgraded.output

    done = operator.says("remove", "nl1", "--clean-as", "root", *key)
    assert (done.code, done.output.splitlines()[-1]) == (0, "nl1 is removed")
    assert await fleet.berths() == ()
    left = {path for path in machine.changed_files() if "wgshop" in path} - before
    assert left == {"/var/lib/wgshop/wg0.json", "/var/lib/wgshop/wg0.lock"}
    assert "wg0" not in machine.inside("ip", "-brief", "link")
