"""`wgshop server add --amneziawg`, over stand-ins: AmneziaWG is in no distribution."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from domain.servers import ServerState
from infra.keyring import KeyRing
from infra.postgres.fleet import Fleet
from infra.postgres.pool import Pool
from infra.postgres.server_keys import server_context
from sandbox.node import stand_in_wg
from tests.machines.bare_machine import BareMachine
from tests.machines.fixtures import NEEDS, can_make_machines
from tests.workers.servers.conftest import Operator

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(not can_make_machines(), reason=NEEDS),
]

STAND_IN = "/usr/local/lib/stand_in_wg.py"
AWG = f"""#!/bin/sh
exec /usr/bin/python3 -IS {STAND_IN} /var/lib/awg.json "$@"
"""
AWG_QUICK = r"""#!/bin/sh
set -eu
conf=/etc/amnezia/amneziawg/$2.conf
run_hooks() { sed -n "s/^$1 = //p" "$conf" | sed "s/%i/$2/g" | sh -eu; }
case $1 in
    up)
        ip link add dev "$2" type veth
        awg set "$2" $(sed -nE 's/^(Jc|Jmin|Jmax|S1|S2|H[1-4]) = /\L\1 /p' "$conf") \
            listen-port "$(sed -n 's/^ListenPort = //p' "$conf")"
        run_hooks PostUp "$2"
        ;;
    down) run_hooks PostDown "$2"; ip link delete dev "$2" ;;
esac
"""


def install_stand_ins(machine: BareMachine) -> None:
    """Put AmneziaWG's commands on the machine, without systemd's units for them.

    The stand-in itself too: the machine does not see a checkout that lies in `/tmp`.
    """
    machine.inside("rm", "-r", "/run/systemd", "/usr/local/bin/systemctl")
    files = {
        STAND_IN: Path(stand_in_wg.__file__).read_text(),
        "/usr/bin/awg": AWG,
        "/usr/bin/awg-quick": AWG_QUICK,
    }
    for path, script in files.items():
        put = f"cat > {path} <<'SCRIPT'\n{script}\nSCRIPT\nchmod 755 {path}"
        machine.inside("sh", "-c", put)


@contextmanager
def amneziawg_answering(machine: BareMachine, keys: dict[str, object]) -> Iterator[None]:
    """Something on the machine speaks the protocol, disguised as the ledger has decided."""
    command = machine.network.at(
        machine.network.vps, sys.executable, "-m", "tests.infra.canary.responder", "51820"
    )
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(keys) + "\n")
            process.stdin.flush()
            assert process.stdout.readline() == "ready\n"
            yield
        finally:
            process.kill()


async def decided(fleet: Fleet, pool: Pool, ring: KeyRing) -> dict[str, object]:
    """What the ledger has decided about the server."""
    server = (await fleet.berth("nl1")).registration.server
    sealed = await pool.fetchval("select private_key_sealed from vpn_servers")
    assert server.obfuscation is not None
    return {
        "private_key": ring.unseal(sealed, context=server_context(server.server_id)).decode(),
        "preshared_key": (await fleet.canary("nl1")).keys.preshared_key.get_secret_value(),
        "obfuscation": server.obfuscation.model_dump(),
    }


async def test_a_server_of_amneziawg_is_installed_disguised_and_sells_once_it_answers(
    machine: BareMachine, operator: Operator, fleet: Fleet, pool: Pool
) -> None:
    install_stand_ins(machine)
    ring = KeyRing.parse(operator.environment["ENCRYPTION_KEYS"])
    silent = operator.adds(machine, "--amneziawg")
    assert "[7/7] saved peers: done" in silent.output
    assert "canary: unreachable" in silent.output
    server = (await fleet.berth("nl1")).registration.server
    assert server.state is ServerState.DRAINING
    assert server.obfuscation is not None

    conf = machine.inside("cat", "/etc/amnezia/amneziawg/awg0.conf").splitlines()
    assert set(server.obfuscation.lines()) <= set(conf)
    assert "--wg /usr/bin/awg awg0" in machine.inside("cat", "/etc/sudoers.d/wgshop")

    with amneziawg_answering(machine, await decided(fleet, pool, ring)):
        done = operator.adds(machine, "--amneziawg")
    assert done.code == 0, done.output
    assert (await fleet.berth("nl1")).registration.server.obfuscation == server.obfuscation
    assert "nl1 is ready and sells" in done.output


async def test_an_interface_whose_disguise_was_changed_by_hand_is_told(
    machine: BareMachine, operator: Operator
) -> None:
    install_stand_ins(machine)
    operator.adds(machine, "--amneziawg")
    machine.inside("awg", "set", "awg0", "s1", "1", "h2", "77")
    check = operator.says("check", "nl1")
    assert check.code == 1
    assert "its AmneziaWG parameters are not the ledger's: `wgshop server upgrade" in check.output
