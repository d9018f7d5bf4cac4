"""A server dies, and its customers' tunnels go on through another: real machines, real packets."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.testing import TimeSkipper

from infra.postgres.pool import Connection
from sandbox.shop import EmbeddedShop
from sandbox.shopper import Shopper
from tests.e2e.ledger import Ledger
from tests.e2e.test_tunnel import NATS, PAGE, PAGE_V6, Delivery, buys_tunnel, phone, server
from tests.machines.bare_machine import PASSWORD, BareImage, BareMachine, bare_machine
from tests.machines.device import Device
from tests.machines.fixtures import (
    NEEDS,
    can_make_machines,
    equipped_image,
    machine,
    memory_folder,
    network,
)
from tests.machines.network import Network, second_machine_on

__all__ = ["equipped_image", "machine", "memory_folder", "network", "phone", "server"]

pytestmark = [
    pytest.mark.xdist_group("e2e"),
    pytest.mark.root,
    pytest.mark.skipif(not can_make_machines(), reason=NEEDS),
]
NAME = "zz.example"
"""Where customers' files lead: a name of the owner's."""
ELSEWHERE = ["203.0.113.2", "2001:db8:77::2"]
"""The other server's own addresses towards the site."""

ANNOUNCE = """
create or replace function announce_relocation() returns trigger language plpgsql as $$
begin
    perform pg_notify('relocated', new.device_id::text);
    return new;
end $$;
create or replace trigger announce_relocation after insert on relocations
    for each row execute function announce_relocation();
"""


@pytest.fixture
def spare(
    equipped_image: BareImage, network: Network, memory_folder: Path
) -> Iterator[BareMachine]:
    """A second machine."""
    with (
        second_machine_on(network) as place,
        bare_machine(equipped_image, memory_folder / f"{network.run_id}-2", place) as spare,
    ):
        yield spare


@asynccontextmanager
async def relocated(database: Connection) -> AsyncIterator[asyncio.Event]:
    """Is set when the ledger has moved somebody."""
    moved = asyncio.Event()

    def wake(*_: object) -> None:
        moved.set()

    await database.execute(ANNOUNCE)
    await database.add_listener("relocated", wake)
    yield moved
    await database.remove_listener("relocated", wake)


async def succeeds(shop: EmbeddedShop, *words: str) -> str:
    done = await shop.wgshop("server", *words)
    assert done.exit_code == 0, done.output
    return done.output


async def test_a_tunnel_outlives_its_server_with_the_same_file_and_a_new_key_with_a_new_one(
    newcomer: Shopper,
    ledger: Ledger,
    server: BareMachine,
    spare: BareMachine,
    phone: Device,
    shop: EmbeddedShop,
    database: Connection,
    temporal: Client,
    tmp_path: Path,
) -> None:
    password = ("--password-file", str(tmp_path / "password"))
    (tmp_path / "password").write_text(PASSWORD)
    source = await database.fetchval(
        "update vpn_servers set endpoint_host = $1 where ssh_host = $2 returning slug",
        *(NAME, server.network.address),
    )
    delivery = await buys_tunnel(newcomer, ledger)
    phone.learns(NAME, server.network.address)
    phone.connect(*delivery)
    assert [phone.fetch(PAGE), phone.fetch(PAGE_V6)] == NATS

    added = await succeeds(
        shop,
        *("add", f"root@{spare.network.address}", "--standby-of", source, "--name", "zz-spare"),
        *("--fingerprint", spare.host_fingerprint, *password),
    )
    assert f"zz-spare is ready and stands by for {source}" in added
    server.power_off()
    assert not phone.reaches(PAGE)

    # The worker is killed when it has just decided, and the command watches on.
    async with relocated(database) as moved:
        evacuate = ("evacuate", source, "--to", "zz-spare", "--yes")
        command = asyncio.create_task(succeeds(shop, *evacuate))
        await moved.wait()
        await shop.children["worker"].kill()
        await shop.start_shop_process("worker")
        said = await command
    assert f"Point {NAME} to {spare.network.address} now" in said
    assert f"{source} has not let go of 1 peers yet" in said

    phone.learns(NAME, spare.network.address)
    phone.disconnect(delivery.name)
    phone.connect(*delivery)
    assert [phone.fetch(PAGE), phone.fetch(PAGE_V6)] == ELSEWHERE
    assert await newcomer.configs() == [delivery.config]

    # The dead one comes back, with all that it had saved, and lets go.
    server.boot()
    assert len(peers_of(server)) == 2
    clearing = temporal.get_workflow_handle(f"clear:{source}")
    await TimeSkipper(temporal).fast_forward(clearing, timedelta(minutes=5))
    await clearing.result()
    assert len(peers_of(server)) == 1, "only the shop's own"

    # The shop's own canary knows no hosts file of the phone's.
    await database.execute(
        "update vpn_servers set endpoint_host = ssh_host where slug = 'zz-spare'"
    )
    said = await succeeds(shop, "rotate-key", "zz-spare", "--yes", *password)
    assert "none of them can connect until its new file is in its app" in said
    _, renewed = await newcomer.configs()
    phone.disconnect(delivery.name)
    phone.connect(*Delivery(delivery.name, renewed))
    assert [phone.fetch(PAGE), phone.fetch(PAGE_V6)] == ELSEWHERE


def peers_of(server: BareMachine) -> list[str]:
    """The public keys on its interface."""
    return server.inside("wg", "show", "wg0", "peers").split()
