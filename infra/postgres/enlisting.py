"""Deciding what a server is to be, before anything is done to it: name, networks, keys.

A second run finds the decisions of the first, so an installation that broke off goes on.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from typing import Annotated, Any

from asyncpg import Record
from pydantic import Field, IPvAnyAddress, SecretStr

from domain.errors import FleetRefused
from domain.model import Value
from domain.obfuscation import TunnelTool
from domain.ports import Sealer
from domain.servers import Server, ServerState
from infra.postgres.fleet import log_act
from infra.postgres.pool import Connection, Pool
from infra.postgres.server_keys import saved_key, seal_key
from infra.postgres.servers import ServerRegistration, server_in, write_server
from infra.postgres.standbys import as_standby, principal_of
from infra.ssh import SshEndpoint
from infra.wireguard_keys import new_obfuscation, new_private_key, public_key_of

FIRST_NETWORK, LAST_NETWORK = 66, 255
"""Tunnels take 10.66.0.0/16 and its followers, a network each."""
DEFAULT_CAPACITY = 250
DEFAULT_DNS = (IPv4Address("1.1.1.1"), IPv4Address("1.0.0.1"))


class Wishes(Value):
    """What an operator says of a server; None leaves it as it is, or to the shop."""

    slug: Annotated[str | None, Field(pattern=r"^[a-z0-9-]{1,32}$")] = None
    location: Annotated[str | None, Field(pattern=r"^[a-z0-9-]{1,24}$")] = None
    endpoint_host: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$")] = None
    endpoint_port: Annotated[int | None, Field(gt=0, lt=65536)] = None
    interface: Annotated[str | None, Field(pattern=r"^[a-z][a-z0-9]{0,14}$")] = None
    """Its name becomes part of scripts, files and a table of nftables."""
    dns: tuple[IPvAnyAddress, ...] = ()
    mtu: Annotated[int | None, Field(ge=1280, le=9000)] = None
    network_v4: IPv4Network | None = None
    network_v6: IPv6Network | None = None
    capacity: Annotated[int | None, Field(gt=0, le=65_000)] = None
    is_disguised: bool = False
    """AmneziaWG instead of WireGuard."""
    standby_of: Annotated[str | None, Field(pattern=r"^[a-z0-9-]{1,32}$")] = None
    """The server whose customers it waits to take."""
    replaces: bool = False
    """Another machine takes the place of a server that is known."""


class Enlisted(Value):
    """A server as it was decided."""

    registration: ServerRegistration
    private_key: SecretStr


async def enlist(
    pool: Pool,
    sealer: Sealer,
    *,
    line: SshEndpoint,
    wishes: Wishes,
    found_key: SecretStr | None,
    actor: str,
) -> Enlisted:
    """Write the server down, as one that takes no customers yet, or bring its entry up to date.

    Args:
        pool: the ledger's.
        sealer: for the server's private key.
        line: how the shop will reach it.
        wishes: the operator's.
        found_key: the private key that the machine has already, if any.
        actor: for the audit log.

    Raises:
        FleetRefused: what is wished would cut customers off, or cannot be.
    """
    async with pool.acquire() as connection, connection.transaction():
        # Names and networks are chosen by looking at all of them.
        await connection.execute("lock table vpn_servers in share row exclusive mode")
        rows = await connection.fetch("select * from vpn_servers order by slug")
        known = _known(rows, line, wishes)
        principal = principal_of(rows, known, wishes.standby_of)
        if principal is not None:
            private_key = saved_key(sealer, principal)
        else:
            private_key = _private_key(sealer, known, found_key)
        before = await _before(connection, rows, known, principal, line, wishes=wishes)
        registration = _decide(before, line, wishes, public_key_of(private_key))
        if known is not None and await _taken(connection, known):
            _refuse_cutting_off(known, registration)
        server_id = await write_server(connection, registration)
        await connection.execute(
            "update vpn_servers set private_key_sealed = $2, standby_of = $3 where server_id = $1",
            server_id,
            seal_key(sealer, server_id, private_key),
            None if principal is None else principal["server_id"],
        )
        await log_act(connection, actor, "server_enlisted", registration.server.slug)
    server = registration.server.model_copy(update={"server_id": server_id})
    return Enlisted(
        registration=registration.model_copy(update={"server": server}), private_key=private_key
    )


def default_interface(*, is_disguised: bool) -> str:
    """The interface's name where nobody chose one."""
    return f"{TunnelTool.AWG if is_disguised else TunnelTool.WG}0"


def _known(rows: Iterable[Record], line: SshEndpoint, wishes: Wishes) -> Record | None:
    """The entry that is meant: by its name, else by the machine. Raises `FleetRefused`."""
    here = next((row for row in rows if _is_at(row, line)), None)
    if wishes.slug is None:
        return here
    if here is not None and here["slug"] != wishes.slug:
        raise FleetRefused(f"this machine is {here['slug']}: remove that server first")
    known = next((row for row in rows if row["slug"] == wishes.slug), None)
    if known is None or known is here or wishes.replaces:
        return known
    raise FleetRefused(
        f"{wishes.slug} is the server at {known['ssh_host']}:{known['ssh_port']}: choose another "
        "--name, or say --replace if this machine takes its place"
    )


def _is_at(row: Record, line: SshEndpoint) -> bool:
    return bool((row["ssh_host"], row["ssh_port"]) == (line.host, line.port))


def _private_key(sealer: Sealer, known: Record | None, found: SecretStr | None) -> SecretStr:
    """The key that customers know, else the one that is there, else a new one."""
    if known is None:
        return found or new_private_key()
    if known["private_key_sealed"] is not None:
        return saved_key(sealer, known)
    if found is not None and public_key_of(found) == known["public_key"]:
        return found
    raise FleetRefused(
        f"{known['slug']} was registered by hand with the public key {known['public_key']}, which "
        "its customers have, and the machine does not hold that key: put its private key into "
        f"/etc/wireguard/{known['interface']}.key and run this again"
    )


def _decide(
    before: dict[str, Any], line: SshEndpoint, wishes: Wishes, public_key: str
) -> ServerRegistration:
    told = {
        name: value
        for name, value in wishes.model_dump().items()
        if value is not None and value != ()
    }
    reached = {
        "ssh_host": line.host,
        "ssh_port": line.port,
        "ssh_user": line.user,
        "ssh_host_key": line.host_key,
    }
    values = {**before, **told, **reached, "public_key": public_key}
    if wishes.is_disguised and not values.get("obfuscation"):
        values["obfuscation"] = new_obfuscation()
    return ServerRegistration(
        server=Server.model_validate(values),
        network_v4=values["network_v4"],
        network_v6=values["network_v6"],
        capacity=wishes.capacity or values.get("capacity", DEFAULT_CAPACITY),
    )


async def _before(
    connection: Connection,
    rows: list[Record],
    known: Record | None,
    principal: Record | None,
    line: SshEndpoint,
    *,
    wishes: Wishes,
) -> dict[str, Any]:
    """What it is without anybody's wishes."""
    if known is not None:
        return _kept(known, line)
    if principal is not None:
        slug = next(_free_names(rows, wishes.location or principal["location"]))
        return await as_standby(connection, principal, slug, line)
    return _defaults(rows, line, wishes)


def _kept(known: Record, line: SshEndpoint) -> dict[str, Any]:
    kept = server_in(known).model_dump()
    if known["endpoint_host"] == known["ssh_host"]:
        kept["endpoint_host"] = line.host
    return {**kept, "network_v4": known["network_v4"], "network_v6": known["network_v6"]}


def _defaults(rows: list[Record], line: SshEndpoint, wishes: Wishes) -> dict[str, Any]:
    if wishes.location is None:
        raise FleetRefused("say where the server stands: --location nl")
    network_v4, network_v6 = next(_free_networks(rows), (None, None))
    if (wishes.network_v4 or network_v4) is None or (wishes.network_v6 or network_v6) is None:
        raise FleetRefused("no network is left: say --network-v4 and --network-v6")
    return {
        "server_id": 0,
        "slug": next(_free_names(rows, wishes.location)),
        "state": ServerState.DRAINING,
        "endpoint_host": line.host,
        "endpoint_port": 51820,
        "interface": default_interface(is_disguised=wishes.is_disguised),
        "dns": DEFAULT_DNS,
        "network_v4": network_v4,
        "network_v6": network_v6,
    }


def _free_names(rows: Iterable[Record], location: str) -> Iterator[str]:
    taken = {row["slug"] for row in rows}
    number = 1
    while True:
        if (name := f"{location}{number}") not in taken:
            yield name
        number += 1


def _free_networks(rows: list[Record]) -> Iterator[tuple[IPv4Network, IPv6Network]]:
    for number in range(FIRST_NETWORK, LAST_NETWORK + 1):
        ipv4 = IPv4Network(f"10.{number}.0.0/16")
        ipv6 = IPv6Network(f"fd66:{number:x}::/64")
        if not any(
            ipv4.overlaps(row["network_v4"]) or ipv6.overlaps(row["network_v6"]) for row in rows
        ):
            yield ipv4, ipv6


async def _taken(connection: Connection, known: Record) -> bool:
    return bool(
        await connection.fetchval(
            "select exists (select from tunnel_addresses where server_id = $1 "
            "and device_id is not null)",
            known["server_id"],
        )
    )


def _refuse_cutting_off(known: Record, wanted: ServerRegistration) -> None:
    """A change after which the files that customers have no longer work needs an empty server."""
    before, after = server_in(known), wanted.server
    changes = {
        "its UDP port": before.endpoint_port != after.endpoint_port,
        "AmneziaWG's parameters": before.obfuscation != after.obfuscation,
        "its key": before.public_key != after.public_key,
        "its networks": (known["network_v4"], known["network_v6"])
        != (wanted.network_v4, wanted.network_v6),
    }
    if named := [what for what, differs in changes.items() if differs]:
        raise FleetRefused(
            f"{before.slug} has customers, whose files would stop working if {', '.join(named)} "
            "changed: add another server and let the customers move there first"
        )
