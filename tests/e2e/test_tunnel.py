"""What the customer buys is a tunnel: through a server that the shop has set up on a bare machine.

A purchase yields the file, `wg-quick up` takes it as it is, and packets pass to a site behind the
server's NAT for as long as the subscription lasts.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from temporalio.client import Client
from temporalio.testing import TimeSkipper

from infra.postgres.pool import Connection
from sandbox.shop import EmbeddedShop
from sandbox.shopper import Shopper
from tests.e2e.ledger import Ledger
from tests.machines.bare_machine import PASSWORD, BareMachine
from tests.machines.commands import answering_site
from tests.machines.device import Device, device_at
from tests.machines.fixtures import (
    NEEDS,
    can_make_machines,
    equipped_image,
    machine,
    memory_folder,
    network,
)
from tests.machines.network import WEB, WEB_V6, Network

__all__ = ["equipped_image", "machine", "memory_folder", "network"]

pytestmark = [
    pytest.mark.xdist_group("e2e"),
    pytest.mark.root,
    pytest.mark.skipif(not can_make_machines(), reason=NEEDS),
]
LOCATION = "zz"
PAGE, PAGE_V6 = f"http://{WEB}/", f"http://[{WEB_V6}]/"
NATS = ["203.0.113.1", "2001:db8:77::1"]
"""The server's own addresses towards the site: it sees these and no customer's."""


@pytest.fixture
async def server(
    shop: EmbeddedShop, machine: BareMachine, database: Connection, tmp_path: Path
) -> AsyncIterator[BareMachine]:
    """A machine that the shop has made its emptiest server; afterwards nobody gets on it."""
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    done = await shop.wgshop(
        *("server", "add", f"root@{machine.network.address}", "--location", LOCATION),
        *("--fingerprint", machine.host_fingerprint, "--password-file", str(password)),
        *("--dns", WEB, "--capacity", "1000"),
    )
    assert done.exit_code == 0, done.output
    yield machine
    await database.execute(
        "update vpn_servers set state = 'draining' where location = $1", LOCATION
    )
    await database.execute(
        "delete from tunnel_addresses a using vpn_servers v "
        "where v.server_id = a.server_id and location = $1 and device_id is null",
        LOCATION,
    )


@pytest.fixture
async def phone(network: Network, tmp_path: Path) -> AsyncIterator[Device]:
    with device_at(network, network.home, tmp_path / "phone") as device:
        yield device


@pytest.fixture
async def laptop(network: Network, tmp_path: Path) -> AsyncIterator[Device]:
    with device_at(network, network.cafe, tmp_path / "laptop") as device:
        yield device


class Delivery(NamedTuple):
    """A file from the chat."""

    name: str
    config: bytes

    @property
    def address(self) -> str:
        """The device's own, in the tunnel."""
        values = dict(
            line.split(" = ") for line in self.config.decode().splitlines() if "=" in line
        )
        return values["Address"].split("/")[0]


async def buys_tunnel(customer: Shopper, ledger: Ledger) -> Delivery:
    await customer.buys()
    await ledger.reaches(customer, "done")
    delivery = Delivery(*await customer.gets_config())
    assert delivery.name.startswith(f"wg-{LOCATION}")
    return delivery


async def until_over(customer: Shopper, temporal: Client, database: Connection) -> None:
    """The subscription's time passes, and its peer is gone from the server."""
    subscription, device = await database.fetchrow(
        "select subscription_id, device_id from subscriptions join devices using (subscription_id) "
        "where user_id = $1",
        customer.user_id,
    )
    handle = temporal.get_workflow_handle(f"subscription:{subscription}")
    # Three days after the end it has its last word, and is over.
    await TimeSkipper(temporal).fast_forward(handle, timedelta(days=34))
    await handle.result()
    (removal,) = [
        each
        async for each in temporal.list_workflows("WorkflowType = 'PeerRemoval'")
        if str(device) in each.id
    ]
    await temporal.get_workflow_handle(removal.id).result()


@pytest.mark.usefixtures("server")
async def test_a_tunnel_carries_packets_exactly_as_long_as_it_is_paid_for(
    newcomer: Shopper, ledger: Ledger, phone: Device, temporal: Client, database: Connection
) -> None:
    delivery = await buys_tunnel(newcomer, ledger)
    assert not phone.reaches(PAGE_V6)
    phone.connect(*delivery)
    assert [phone.fetch(PAGE), phone.fetch(PAGE_V6)] == NATS
    assert phone.asks_dns().split() == ["nameserver", WEB]

    await until_over(newcomer, temporal, database)
    assert not phone.reaches(PAGE)
    assert not phone.reaches(PAGE_V6)

    message = await newcomer.buys_again()
    await ledger.reaches(newcomer, "done")
    renewed = Delivery(*await newcomer.gets_config(after=message.message_id))
    assert renewed == delivery
    phone.disconnect(delivery.name)
    phone.connect(*renewed)
    assert [phone.fetch(PAGE), phone.fetch(PAGE_V6)] == NATS
    # Here an evacuation will follow: the same file, another server, and packets pass.


async def test_customers_reach_the_internet_and_nothing_beside_it(
    newcomer: Shopper,
    second_newcomer: Shopper,
    ledger: Ledger,
    server: BareMachine,
    phone: Device,
    laptop: Device,
    tmp_path: Path,
) -> None:
    first = await buys_tunnel(newcomer, ledger)
    second = await buys_tunnel(second_newcomer, ledger)
    phone.connect(*first)
    laptop.connect(*second)
    assert [phone.fetch(PAGE), laptop.fetch(PAGE)] == [NATS[0]] * 2

    gateway = f"{first.address.rsplit('.', 1)[0]}.1"
    management = server.network.address
    with (
        answering_site(server.entrance, "0.0.0.0"),
        answering_site(laptop.entrance, "0.0.0.0"),
    ):
        assert laptop.reaches(f"http://{second.address}/")
        with device_at(server.network, server.network.web, tmp_path / "stranger") as stranger:
            assert stranger.reaches(f"http://{NATS[0]}/")
        for address in (gateway, management, NATS[0], second.address):
            assert not phone.reaches(f"http://{address}/"), address
