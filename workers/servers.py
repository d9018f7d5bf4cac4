"""What an operator does with VPN servers: add, upgrade, list, drain, remove."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import typer
from pydantic import SecretStr

from bot.phrasebook import phrasebook
from domain.errors import FleetRefused, NeighbourAway
from domain.languages import Language
from domain.obfuscation import TunnelTool
from domain.servers import ServerState
from infra.keyring import KeyRing
from infra.peer_sets import limits_speeds
from infra.postgres.enlisting import Wishes, default_interface, enlist
from infra.postgres.fleet import Berth, Fleet
from infra.postgres.pool import OUTAGES, Pool, open_pool
from infra.provisioning.installation import ACCOUNT, Installation, Machine
from infra.provisioning.installer import install, look, uninstall
from infra.provisioning.root_session import RootSession
from infra.settings import DatabaseSettings, EncryptionSettings, VpnSettings, load
from infra.ssh import Credential, SshEndpoint, SshTimeouts, load_private_key
from infra.wireguard import SshPeerGateway
from workers.bootstrap import Login, Target, confirmed_endpoint
from workers.server_checks import cannot_limit_speeds, find_problems, prove
from workers.tables import aligned

ACTOR = "cli"
TIMEOUTS = SshTimeouts()
NO_KEY = SecretStr("")


@dataclass(frozen=True)
class Office:
    """What the commands need: the ledger, the fleet, and the shop's way into its servers."""

    pool: Pool
    ring: KeyRing
    fleet: Fleet
    peers: SshPeerGateway
    shop_key: str
    """The public half of the shop's SSH key."""


@asynccontextmanager
async def open_office() -> AsyncIterator[Office]:
    """Open it; at the end close everything."""
    ring = load(EncryptionSettings).key_ring()
    private_key = load(VpnSettings).ssh_key
    public = load_private_key(private_key)
    peers = SshPeerGateway(private_key)
    try:
        async with await _open_ledger() as pool:
            shop_key = f"{public.get_name()} {public.get_base64()}"
            yield Office(pool, ring, Fleet(pool, ring), peers, shop_key)
    finally:
        await peers.close()


async def _open_ledger() -> Pool:
    try:
        return await open_pool(load(DatabaseSettings).url.get_secret_value(), size=2)
    except OUTAGES as error:
        raise NeighbourAway(
            f"PostgreSQL does not answer at DATABASE_URL ({error}): the fleet is written there"
        ) from error


async def add_server(target: Target, login: Login, fingerprint: str | None, wishes: Wishes) -> None:
    """Turn a bare machine into a selling server; on one that is known, bring all up to date."""
    async with open_office() as office:
        known = await _known(office, target, wishes)
        pinned = known.registration.server.ssh_host_key if known else None
        endpoint = confirmed_endpoint(target, TIMEOUTS, fingerprint, pinned)
        await _install(office, endpoint, login.credential(target), wishes, known)


async def upgrade_server(slug: str, user: str, login: Login, fingerprint: str | None) -> None:
    """Bring program, files and packages of a known server up to this release's."""
    async with open_office() as office:
        known = await office.fleet.berth(slug)
        server = known.registration.server
        target = Target(user, server.ssh_host, server.ssh_port)
        endpoint = confirmed_endpoint(target, TIMEOUTS, fingerprint, server.ssh_host_key)
        wishes = Wishes(slug=slug, capacity=known.registration.capacity)
        await _install(office, endpoint, login.credential(target), wishes, known)


async def _known(office: Office, target: Target, wishes: Wishes) -> Berth | None:
    for berth in await office.fleet.berths():
        server = berth.registration.server
        here = (server.ssh_host, server.ssh_port) == (target.host, target.port)
        if server.slug == wishes.slug or (wishes.slug is None and here):
            return berth
    return None


async def _install(
    office: Office,
    endpoint: SshEndpoint,
    credential: Credential,
    wishes: Wishes,
    known: Berth | None,
) -> None:
    """Look, decide, act, prove; only then does a new server sell."""
    machine = await asyncio.to_thread(_look, endpoint, credential, wishes, known)
    typer.echo(f"{endpoint.host}: {machine.system}")
    decided = await enlist(
        office.pool,
        office.ring,
        line=endpoint.model_copy(update={"user": ACCOUNT}),
        wishes=wishes,
        found_key=machine.private_key,
        actor=ACTOR,
    )
    registration, slug = decided.registration, decided.registration.server.slug
    typer.echo(f"It is {slug}: {registration.network_v4} and {registration.network_v6}")
    wanted = Installation.of(registration, decided.private_key, office.shop_key)
    await asyncio.to_thread(_act, endpoint, credential, wanted, machine)
    berth = await office.fleet.berth(slug)
    await prove(office.peers, await office.fleet.canary(slug), berth.tried_at)
    if await office.fleet.finish_installation(slug, ACTOR):
        typer.echo(f"{slug} is ready and sells")
    elif berth.principal is not None:
        typer.echo(f"{slug} is ready and stands by for {berth.principal}")
    else:
        typer.echo(f"{slug} is up to date; its state is {berth.registration.server.state}")


def _look(
    endpoint: SshEndpoint, credential: Credential, wishes: Wishes, known: Berth | None
) -> Machine:
    server = known.registration.server if known else None
    usual = default_interface(is_disguised=wishes.is_disguised)
    interface = wishes.interface or (server.interface if server else usual)
    tool = server.tool if server else TunnelTool.WG
    if wishes.is_disguised:
        tool = TunnelTool.AWG
    with RootSession.open(endpoint, credential, TIMEOUTS) as root:
        return look(root, interface, tool)


def _act(
    endpoint: SshEndpoint, credential: Credential, wanted: Installation, machine: Machine
) -> None:
    with RootSession.open(endpoint, credential, TIMEOUTS) as root:
        install(root, wanted, machine, typer.echo)


async def check_server(slug: str) -> bool:
    """Look at a server from all sides; whether all is well."""
    async with open_office() as office:
        berth = await office.fleet.berth(slug)
        canary = await office.fleet.canary(slug)
        problems = await find_problems(
            office.peers,
            canary,
            berth.tried_at,
            must_limit_speeds=await office.fleet.limits_speeds(),
        )
        if berth.strangers:
            problems.append(
                f"the ledger does not know {len(berth.strangers)} of its peers: "
                f"`wgshop server reconcile {slug}` names them"
            )
    for problem in problems:
        typer.secho(f"- {problem}", fg=typer.colors.RED)
    return not problems


# The fleet


async def list_servers() -> None:
    """Print every server with its room."""
    async with open_office() as office:
        berths = await office.fleet.berths()
        must_limit_speeds = await office.fleet.limits_speeds()
    rows = [
        (
            "server",
            "location",
            "state",
            "health",
            "customers",
            "traffic",
            "drift",
            "strangers",
            "endpoint",
            "ssh",
        ),
        *map(_row, berths),
    ]
    for line in aligned(rows):
        typer.echo(line)
    for berth in berths if must_limit_speeds else ():
        slug, version = berth.registration.server.slug, berth.program_version
        if version is not None and not limits_speeds(version):
            typer.secho(f"{slug}: {cannot_limit_speeds(slug, version)}", fg=typer.colors.RED)


def _row(berth: Berth) -> tuple[str, ...]:
    server = berth.registration.server
    return (
        server.slug,
        server.location,
        server.state if berth.principal is None else f"standby of {berth.principal}",
        _health(berth),
        f"{berth.taken}/{berth.registration.capacity}",
        phrasebook(Language.ENGLISH).size(berth.traffic_bytes),
        str(berth.drift),
        str(len(berth.strangers)),
        f"{server.endpoint_host}:{server.endpoint_port}",
        f"{server.ssh_user}@{server.ssh_host}:{server.ssh_port}",
    )


def _health(berth: Berth) -> str:
    if berth.health is None:
        return "not looked at"
    return berth.health if berth.symptom is None else f"{berth.health}: {berth.symptom}"


async def set_server_state(slug: str, state: ServerState) -> None:
    """Let a server take new customers, or not."""
    async with open_office() as office:
        await office.fleet.set_state(slug, state, ACTOR)
        taken = (await office.fleet.berth(slug)).taken
    typer.echo(f"{slug} is {state}; {taken} customers' devices are on it")


async def remove_server(slug: str, user: str | None, login: Login) -> None:
    """Forget an empty server, and clean the machine when root's account is named."""
    async with open_office() as office:
        berth = await office.fleet.berth(slug)
        if berth.taken:
            raise FleetRefused(
                f"{slug} has {berth.taken} customers' devices: drain it and let them move first"
            )
        if user is not None:
            typer.echo(await asyncio.to_thread(_clean, berth, user, login))
        await office.fleet.remove(slug, ACTOR)
    typer.echo(f"{slug} is removed")


def _clean(berth: Berth, user: str, login: Login) -> str:
    server = berth.registration.server
    target = Target(user, server.ssh_host, server.ssh_port)
    endpoint = confirmed_endpoint(target, TIMEOUTS, None, server.ssh_host_key)
    unwanted = Installation.of(berth.registration, NO_KEY, shop_key="")
    with RootSession.open(endpoint, login.credential(target), TIMEOUTS) as root:
        return uninstall(root, unwanted, look(root, server.interface, server.tool))
