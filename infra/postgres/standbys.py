"""A server that waits to take another one's customers, as if it were that one.

It has the principal's key, networks and disguise, and where customers know the principal by a DNS
name, that name too: once the name leads to it, their files work as they are.
"""

from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from asyncpg import Record

from domain.errors import FleetRefused
from domain.servers import ServerState
from infra.postgres.pool import Connection
from infra.postgres.servers import server_in
from infra.ssh import SshEndpoint


def principal_of(rows: Sequence[Record], known: Record | None, wished: str | None) -> Record | None:
    """The server that it stands by for; None for one of its own. Raises `FleetRefused`."""
    by_id = {row["server_id"]: row for row in rows}
    principal: Record | None = None
    if known is not None:
        principal = by_id.get(known["standby_of"])
        if wished not in {None, principal and principal["slug"]}:
            raise FleetRefused(f"{known['slug']} is a server already: remove it first")
        return principal
    if wished is None:
        return None
    principal = next((row for row in rows if row["slug"] == wished), None)
    if principal is None:
        raise FleetRefused(f"there is no server {wished!r}: `wgshop server list` names them")
    if principal["standby_of"] is not None:
        raise FleetRefused(
            f"{wished} itself stands by for {by_id[principal['standby_of']]['slug']}"
        )
    return principal


async def as_standby(
    connection: Connection, principal: Record, slug: str, line: SshEndpoint
) -> dict[str, Any]:
    """What a new standby is, save what its operator says otherwise."""
    server = server_in(principal)
    capacity = await connection.fetchval(
        "select count(*) from tunnel_addresses where server_id = $1", server.server_id
    )
    return {
        **server.model_dump(),
        "slug": slug,
        "state": ServerState.DRAINING,
        "endpoint_host": line.host if _is_address(server.endpoint_host) else server.endpoint_host,
        "network_v4": principal["network_v4"],
        "network_v6": principal["network_v6"],
        "capacity": max(capacity, 1),
    }


def _is_address(host: str) -> bool:
    with suppress(ValueError):
        return bool(ip_address(host))
    return False
