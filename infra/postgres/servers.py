"""VPN servers."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from itertools import islice
from typing import Annotated

from asyncpg import Record
from pydantic import Field

from domain.ids import ServerId
from domain.model import Value
from domain.obfuscation import Obfuscation
from domain.servers import Server, ServerState
from infra.postgres.pool import Connection, Pool

_UPSERT = """
    insert into vpn_servers (slug, location, state, endpoint_host, endpoint_port,
        public_key, interface, dns, mtu, network_v4, network_v6,
        ssh_host, ssh_port, ssh_user, ssh_host_key, obfuscation)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
    on conflict (slug) do update
        set location = excluded.location, endpoint_host = excluded.endpoint_host,
            endpoint_port = excluded.endpoint_port, public_key = excluded.public_key,
            interface = excluded.interface, dns = excluded.dns, mtu = excluded.mtu,
            network_v4 = excluded.network_v4, network_v6 = excluded.network_v6,
            ssh_host = excluded.ssh_host, ssh_port = excluded.ssh_port,
            ssh_user = excluded.ssh_user, ssh_host_key = excluded.ssh_host_key,
            obfuscation = excluded.obfuscation
    returning server_id
"""


class ServerRegistration(Value):
    """A server with the networks of its tunnel and the number of customers that it may hold."""

    server: Server
    """Its `server_id` is not used: the slug names it."""
    network_v4: IPv4Network
    network_v6: IPv6Network
    capacity: Annotated[int, Field(gt=0, le=65_000)]

    @property
    def canary_addresses(self) -> tuple[IPv4Address, IPv6Address]:
        """The last host's, which no customer gets: for the shop's own peer."""
        last = max(self.network_v4.num_addresses - 2, 0)
        return self.network_v4[last], self.network_v6[min(last, self.network_v6.num_addresses - 1)]


class Servers:
    """The tables `vpn_servers` and `tunnel_addresses`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def register(self, registration: ServerRegistration) -> ServerId:
        """Add a server with its addresses, or bring it up to date; the slug names it.

        A server that is known keeps its state, which is the operator's, and its customers keep
        their addresses; free addresses outside the new networks are given to nobody.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            return await write_server(connection, registration)

    async def all(self) -> tuple[Server, ...]:
        """Every server."""
        rows = await self._pool.fetch("select * from vpn_servers order by slug")
        return tuple(server_in(row) for row in rows)

    async def locations_for_sale(self) -> tuple[str, ...]:
        """Each location with a server that takes new customers, once, in order."""
        rows = await self._pool.fetch(
            """
            select distinct location from vpn_servers left join server_health using (server_id)
            where state = 'selling' and health is distinct from 'down'
            order by location
            """
        )
        return tuple(row["location"] for row in rows)


async def server_from(connection: Connection, server_id: ServerId) -> Server:
    """The server with that id."""
    row = await connection.fetchrow("select * from vpn_servers where server_id = $1", server_id)
    if row is None:
        raise LookupError(f"there is no server {server_id}")
    return server_in(row)


async def write_server(connection: Connection, registration: ServerRegistration) -> ServerId:
    """The server's row and its free addresses, new or brought up to date."""
    server = registration.server
    server_id = await connection.fetchval(
        _UPSERT,
        server.slug,
        server.location,
        server.state,
        server.endpoint_host,
        server.endpoint_port,
        server.public_key,
        server.interface,
        list(server.dns),
        server.mtu,
        registration.network_v4,
        registration.network_v6,
        server.ssh_host,
        server.ssh_port,
        server.ssh_user,
        server.ssh_host_key,
        None if server.obfuscation is None else server.obfuscation.model_dump(),
    )
    await _fill_pool(connection, server_id, registration)
    return ServerId(server_id)


async def _fill_pool(
    connection: Connection, server_id: int, registration: ServerRegistration
) -> None:
    # The first host of each network is the server itself; v4 and v6 run side by side.
    reserved = registration.canary_addresses[0]
    pairs = [
        (ipv4, ipv6)
        for ipv4, ipv6 in zip(
            islice(registration.network_v4.hosts(), 1, registration.capacity + 1),
            islice(registration.network_v6.hosts(), 1, registration.capacity + 1),
            strict=False,
        )
        if ipv4 != reserved
    ]
    await connection.execute(
        """
        delete from tunnel_addresses
        where server_id = $1 and device_id is null and not (ipv4 <<= $2 and ipv6 <<= $3)
        """,
        server_id,
        registration.network_v4,
        registration.network_v6,
    )
    await connection.execute(
        """
        insert into tunnel_addresses (server_id, ipv4, ipv6)
        select $1, ipv4, ipv6 from unnest($2::inet[], $3::inet[]) as pair (ipv4, ipv6)
        on conflict do nothing
        """,
        server_id,
        [ipv4 for ipv4, _ in pairs],
        [ipv6 for _, ipv6 in pairs],
    )


def server_in(row: Record) -> Server:
    """The server that a row of `vpn_servers` describes."""
    return Server(
        server_id=ServerId(row["server_id"]),
        slug=row["slug"],
        location=row["location"],
        state=ServerState(row["state"]),
        endpoint_host=row["endpoint_host"],
        endpoint_port=row["endpoint_port"],
        public_key=row["public_key"],
        interface=row["interface"],
        dns=tuple(row["dns"]),
        mtu=row["mtu"],
        ssh_host=row["ssh_host"],
        ssh_port=row["ssh_port"],
        ssh_user=row["ssh_user"],
        ssh_host_key=row["ssh_host_key"],
        obfuscation=row["obfuscation"] and Obfuscation.model_validate(row["obfuscation"]),
    )
