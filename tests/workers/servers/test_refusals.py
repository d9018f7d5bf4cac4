"""What `wgshop server` refuses, and what it says to do instead."""

import pytest

from infra.postgres.fleet import Fleet
from tests.machines.bare_machine import BareMachine
from tests.machines.fixtures import NEEDS, can_make_machines
from tests.workers.servers.conftest import Operator

with_machines = [
    pytest.mark.root,
    pytest.mark.skipif(not can_make_machines(), reason=NEEDS),
]


class TestOnAMachine:
    """The machine is there, and stays as it was."""

    pytestmark = with_machines

    async def test_another_fingerprint_than_the_machines_is_refused(
        self, machine: BareMachine, operator: Operator, fleet: Fleet
    ) -> None:
        done = operator.adds(machine, "--fingerprint", "SHA256:someone-elses")
        assert done.code == 1
        assert f"shows the host key {machine.host_fingerprint}, not SHA256:someone" in done.output
        assert await fleet.berths() == ()

    async def test_with_nobody_at_the_terminal_a_new_key_has_to_be_named(
        self, machine: BareMachine, operator: Operator
    ) -> None:
        done = operator.says("add", f"root@{machine.network.address}", "--location", "nl")
        assert done.code == 1
        assert f"say --fingerprint {machine.host_fingerprint} if it is so" in done.output

    async def test_a_password_that_is_not_taken_is_told_without_repeating_it(
        self, machine: BareMachine, operator: Operator
    ) -> None:
        operator.password_file.write_text("hunter2\n")
        done = operator.adds(machine)
        assert done.code == 1
        assert "does not take this password or key" in done.output
        assert "PermitRootLogin" in done.output
        assert "hunter2" not in done.output

    async def test_an_interface_of_somebody_elses_is_left_alone(
        self, machine: BareMachine, operator: Operator, fleet: Fleet
    ) -> None:
        machine.inside("sh", "-c", "mkdir -p /etc/wireguard; echo mine > /etc/wireguard/wg0.conf")
        done = operator.adds(machine)
        assert done.code == 1
        assert "choose another --interface" in done.output
        assert await fleet.berths() == ()

    async def test_amneziawg_is_not_installed_by_the_shop_and_has_to_be_there(
        self, machine: BareMachine, operator: Operator
    ) -> None:
        done = operator.adds(machine, "--amneziawg")
        assert done.code == 1
        assert "[2/7] WireGuard failed" in done.output
        assert "for AmneziaWG install its kernel module and tools first" in done.output


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (("add", "198.18.0.1"), "say root@HOST or root@HOST:PORT"),
        (("add", "root@127.0.0.1:1", "--location", "nl"), "cannot be reached by SSH"),
        (("add", "root@127.0.0.1", "--mtu", "nine"), "Invalid value for '--mtu'"),
        (("add", "root@127.0.0.1", "--dns", "one.one"), "- dns.0: "),
        (("add", "root@127.0.0.1", "--interface", "wg0;id"), "- interface: "),
        (("add", "root@127.0.0.1", "--location", "the north"), "- location: "),
        (("add", "root@127.0.0.1", "--network-v4", "10.0.0.1/8"), "- network_v4: "),
        (("check", "nl9"), "`wgshop server list` names them"),
        (("drain", "nl9"), "`wgshop server list` names them"),
        (("reconcile", "nl9"), "`wgshop server list` names them"),
        (("remove", "nl9"), "`wgshop server list` names them"),
        (("upgrade", "nl9"), "`wgshop server list` names them"),
        (("register", "/dev/null"), "The server's description is wrong"),
    ],
)
def test_a_command_that_cannot_be_carried_out_says_why(
    operator: Operator, words: tuple[str, ...], advice: str
) -> None:
    done = operator.says(*words)
    assert done.code != 0
    assert advice in done.output
    assert "Traceback" not in done.output
