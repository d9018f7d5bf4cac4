"""A real server falls ill in the ways that servers do, and each illness has its name."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from activities.health import HealthActivities
from domain.canaries import Canary, CanaryReport
from domain.health import Health, HealthRecord, Symptom
from domain.servers import Server
from infra.canary.probe import ProbePatience, probe
from infra.keyring import KeyRing
from infra.postgres.fleet import Fleet
from infra.postgres.health import PostgresHealthLedger
from infra.postgres.pool import Pool
from infra.ssh import SshTimeouts
from infra.wireguard import SshPeerGateway
from tests.machines.bare_machine import BareMachine
from tests.machines.fixtures import NEEDS, can_make_machines
from tests.workers.servers.conftest import Operator

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(not can_make_machines(), reason=NEEDS),
]
SHORTLY = SshTimeouts(connect=2, call=5)
BRIEFLY = ProbePatience(tries=2, answer=0.5)


class Doctor:
    """Looks once, as the shop does each minute."""

    def __init__(self, activities: HealthActivities) -> None:
        self._activities = activities

    async def looks(self) -> HealthRecord:
        seen = await ActivityEnvironment().run(self._activities.look_at_servers)
        (record,) = seen.records
        return record


@pytest.fixture
async def doctor(pool: Pool, operator: Operator) -> AsyncIterator[Doctor]:
    ring = KeyRing.parse(operator.environment["ENCRYPTION_KEYS"])
    key = Path(operator.environment["VPN_SSH_KEY_FILE"])
    gateway = SshPeerGateway(key, timeouts=SHORTLY)

    async def briefly(canary: Canary, server: Server) -> CanaryReport:
        return await probe(canary, server, BRIEFLY)

    yield Doctor(HealthActivities(PostgresHealthLedger(pool, ring), gateway, briefly))
    await gateway.close()


async def test_a_servers_illnesses_are_told_apart(
    machine: BareMachine, operator: Operator, fleet: Fleet, doctor: Doctor
) -> None:
    assert operator.adds(machine).code == 0
    assert (await doctor.looks()).health is Health.HEALTHY

    block = "table inet test { chain in { type filter hook input priority -300; %s drop; }; }"
    machine.inside("nft", block % "udp dport 51820")
    assert (await doctor.looks()).symptom is Symptom.BLOCKED
    machine.inside("nft", "delete table inet test")

    machine.inside("nft", block % "tcp dport 22")
    assert (await doctor.looks()).symptom is Symptom.NO_PROGRAM
    machine.inside("nft", "add rule inet test in udp dport 51820 drop")
    fallen = await doctor.looks()
    assert (fallen.symptom, fallen.health, fallen.news) == (
        Symptom.GONE,
        Health.DOWN,
        Health.DOWN,
    )
    assert (await fleet.berth("nl1")).health is Health.DOWN
    machine.inside("nft", "delete table inet test")

    machine.inside("sysctl", "-qw", "net.ipv4.ip_forward=0")
    assert (await doctor.looks()).symptom is Symptom.NOTHING_PASSES
    machine.inside("sysctl", "-qw", "net.ipv4.ip_forward=1")

    machine.inside("wg", "set", "wg0", "listen-port", "51999")
    assert (await doctor.looks()).symptom is Symptom.INTERFACE
    machine.inside("wg", "set", "wg0", "listen-port", "51820")

    canary = (await fleet.canary("nl1")).keys.public_key
    machine.inside("wg", "set", "wg0", "peer", canary, "remove")
    for health in (Health.DOWN, Health.DOWN, Health.HEALTHY):
        assert (await doctor.looks()).health is health
