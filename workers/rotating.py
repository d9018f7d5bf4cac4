"""`wgshop server rotate-key`: another key for a server, and a new file for each customer on it."""

import asyncio

import typer
from pydantic import SecretStr

from domain.evacuation import EvacuationCause, EvacuationOrder
from infra.postgres.fleet import Berth
from infra.postgres.key_rotation import adopt_key, is_being_handed_out, next_key
from infra.provisioning.installation import Installation
from infra.provisioning.installer import install, look
from infra.provisioning.root_session import RootSession
from infra.settings import TemporalSettings, load
from infra.wireguard_keys import public_key_of
from temporal.client import connect
from temporal.evacuation import begin_or_join
from workers.bootstrap import Login, Target, confirmed_endpoint
from workers.evacuating import confirm, watch
from workers.servers import ACTOR, TIMEOUTS, Office, check_server, open_office
from workers.temporal_link import temporal_target


async def rotate_key(
    slug: str, user: str, login: Login, fingerprint: str | None, *, pace: int, is_sure: bool
) -> bool:
    """Say what it costs, change the key on the machine, then see that everybody gets the file.

    Broken off anywhere, it goes on from there. Whether the server is well afterwards.
    """
    order = EvacuationOrder(cause=EvacuationCause.KEY_ROTATION, source=slug, target=slug, pace=pace)
    async with open_office() as office:
        berth = await office.fleet.berth(slug)
        if not await is_being_handed_out(office.pool, slug):
            _explain(berth)
            confirm(is_sure=is_sure)
            server = berth.registration.server
            target = Target(user, server.ssh_host, server.ssh_port)
            await _change(office, berth, target, login, fingerprint)
        client = await connect(temporal_target(load(TemporalSettings)), office.ring, lazy=True)
    await watch(await begin_or_join(client, order))
    return await check_server(slug)


async def _change(
    office: Office, berth: Berth, target: Target, login: Login, fingerprint: str | None
) -> None:
    server = berth.registration.server
    endpoint = confirmed_endpoint(target, TIMEOUTS, fingerprint, server.ssh_host_key)
    credential = login.credential(target)
    key = await next_key(office.pool, office.ring, server.slug)
    wanted = _with_key(berth, key, office.shop_key)

    def act() -> None:
        with RootSession.open(endpoint, credential, TIMEOUTS) as root:
            machine = look(root, server.interface, server.tool)
            install(root, wanted, machine, typer.echo)

    await asyncio.to_thread(act)
    await adopt_key(office.pool, office.ring, server.slug, ACTOR)
    for other in await office.fleet.berths():
        if other.principal == server.slug:
            name = other.registration.server.slug
            typer.echo(f"{name} stands by for {server.slug}: `wgshop server upgrade {name}` now")


def _with_key(berth: Berth, key: SecretStr, shop_key: str) -> Installation:
    registration = berth.registration
    server = registration.server.model_copy(update={"public_key": public_key_of(key)})
    return Installation.of(registration.model_copy(update={"server": server}), key, shop_key)


def _explain(berth: Berth) -> None:
    slug = berth.registration.server.slug
    typer.echo(
        f"{slug} has {berth.taken} customers' devices. With another key none of them can connect "
        "until its new file is in its app; each file is sent in the chat, once. It cannot be "
        "undone: going back would be another change"
    )
