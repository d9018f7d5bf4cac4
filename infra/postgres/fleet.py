"""The fleet, as an operator sees it: every server with its room, and what may be done with it."""

from asyncpg import Record
from pydantic import SecretStr

from domain.canaries import Canary
from domain.errors import FleetRefused
from domain.health import Health, Symptom
from domain.ids import ServerId
from domain.model import Value
from domain.ports import Sealer
from domain.servers import DeviceKeys, Server, ServerState
from infra.postgres.pool import Connection, Pool
from infra.postgres.servers import ServerRegistration, server_in
from infra.wireguard_keys import new_device_keys

_BERTHS = """
    select v.*,
        (select count(*) from tunnel_addresses a where a.server_id = v.server_id) as capacity,
        (select count(*) from tunnel_addresses a join devices d using (device_id)
         where a.server_id = v.server_id and a.leaving_revision is null and d.is_wanted) as taken,
        (select strangers from server_drifts r where r.server_id = v.server_id
         order by generation desc limit 1) as strangers,
        (select coalesce(sum(missing + changed + returned), 0) from server_drifts r
         where r.server_id = v.server_id and found_at > now() - interval '30 days') as drift,
        (select coalesce(sum(received_bytes + sent_bytes), 0)::bigint from device_traffic t
         where t.server_id = v.server_id) as traffic,
        h.health, h.symptom,
        (select slug from vpn_servers p where p.server_id = v.standby_of) as principal
    from vpn_servers v left join server_health h using (server_id)
"""

# What the server holds, or may still hold: nobody may forget the server before these are gone.
_STILL_THERE = """
    select
        (select count(*) from tunnel_addresses a join devices d using (device_id)
         where a.server_id = $1
           and (a.leaving_revision is not null or d.is_wanted or d.absent_since is null))
        + (select count(*) from retired_keys where server_id = $1 and gone_at is null)
"""


class Berth(Value):
    """A server of the fleet, with its networks and its room."""

    registration: ServerRegistration
    taken: int
    """Customers' devices that belong on it now."""
    strangers: tuple[str, ...] = ()
    """Public keys on it that the ledger did not know at the last reconcile."""
    drift: int = 0
    """Peers that were not as the ledger says, and were put right, in the last thirty days."""
    traffic_bytes: int = 0
    """What its present and former customers have transferred through it, both ways."""
    principal: str | None = None
    """The slug of the server whose customers it waits to take."""
    program_version: str | None = None
    """Of the program on it, at the last reconcile."""
    health: Health | None = None
    """What the last looks came to; None before the first."""
    symptom: Symptom | None = None
    is_installed: bool
    """Whether its installation came to its end; a server registered by hand has none."""

    @property
    def tried_at(self) -> Server:
        """As the canary tries it: the name in customers' files leads to the principal."""
        server = self.registration.server
        return server if self.principal is None else server.at_its_own_address()


class Fleet:
    """The tables `vpn_servers` and `server_canaries`, for operators."""

    def __init__(self, pool: Pool, sealer: Sealer) -> None:
        self._pool = pool
        self._sealer = sealer

    async def berths(self) -> tuple[Berth, ...]:
        """Every server, by name."""
        return tuple(_berth(row) for row in await self._pool.fetch(f"{_BERTHS} order by slug"))

    async def berth(self, slug: str) -> Berth:
        """The server of that name. Raises `FleetRefused`."""
        row = await self._pool.fetchrow(f"{_BERTHS} where slug = $1", slug)
        if row is None:
            raise FleetRefused(f"there is no server {slug!r}: `wgshop server list` names them")
        return _berth(row)

    async def limits_speeds(self) -> bool:
        """Whether any plan does, so that servers have to be able to."""
        return bool(
            await self._pool.fetchval(
                "select exists (select from tariffs "
                "where speed_mbit is not null or traffic_gb is not null)"
            )
        )

    async def set_state(self, slug: str, state: ServerState, actor: str) -> None:
        """Let it take new customers, or not. Raises `FleetRefused`."""
        async with self._pool.acquire() as connection, connection.transaction():
            if state is ServerState.SELLING:
                await _refuse_selling(connection, slug)
            changed = await connection.fetchval(
                "update vpn_servers set state = $2 where slug = $1 returning true", slug, state
            )
            if not changed:
                raise FleetRefused(f"there is no server {slug!r}: `wgshop server list` names them")
            await log_act(connection, actor, f"server_{state}", slug)

    async def finish_installation(self, slug: str, actor: str) -> bool:
        """Its installation is complete; whether that was the first time, so that it now sells."""
        async with self._pool.acquire() as connection, connection.transaction():
            is_first = await connection.fetchval(
                """
                update vpn_servers set installed_at = now(), state = 'selling'
                where slug = $1 and installed_at is null and private_key_sealed is not null
                  and state = 'draining' and standby_of is null
                returning true
                """,
                slug,
            )
            await connection.execute(
                "update vpn_servers set installed_at = now() where slug = $1", slug
            )
            await log_act(connection, actor, "server_installed", slug)
        return bool(is_first)

    async def remove(self, slug: str, actor: str) -> None:
        """Forget a server that holds nobody. Raises `FleetRefused`."""
        async with self._pool.acquire() as connection, connection.transaction():
            server_id = await connection.fetchval(
                "select server_id from vpn_servers where slug = $1 for update", slug
            )
            if server_id is None:
                raise FleetRefused(f"there is no server {slug!r}: `wgshop server list` names them")
            held = await connection.fetchval(_STILL_THERE, server_id)
            if held:
                raise FleetRefused(
                    f"{slug} holds {held} devices, or has not confirmed that they are gone: "
                    f"`wgshop server drain {slug}` keeps new ones away; remove it when it is empty"
                )
            await connection.execute("delete from tunnel_addresses where server_id = $1", server_id)
            await connection.execute("delete from vpn_servers where server_id = $1", server_id)
            await log_act(connection, actor, "server_removed", slug)

    async def canary(self, slug: str) -> Canary:
        """The shop's own peer on the server, decided on when it is first asked for.

        Raises:
            FleetRefused: no such server, or a customer's device holds its address.
        """
        berth = await self.berth(slug)
        registration = berth.registration
        async with self._pool.acquire() as connection, connection.transaction():
            await _reserve(connection, registration)
            row = await connection.fetchrow(
                "select * from server_canaries where server_id = $1",
                registration.server.server_id,
            ) or await self._hatch(connection, registration)
        return canary_in(row, self._sealer)

    async def _hatch(self, connection: Connection, registration: ServerRegistration) -> Record:
        keys, server_id = new_device_keys(), registration.server.server_id
        context = canary_context(server_id)
        ipv4, ipv6 = registration.canary_addresses
        await connection.execute(
            """
            insert into server_canaries (server_id, public_key, private_key_sealed,
                preshared_key_sealed, ipv4, ipv6)
            values ($1, $2, $3, $4, $5, $6) on conflict (server_id) do nothing
            """,
            server_id,
            keys.public_key,
            self._sealer.seal(keys.private_key.get_secret_value().encode(), context=context),
            self._sealer.seal(keys.preshared_key.get_secret_value().encode(), context=context),
            ipv4,
            ipv6,
        )
        row = await connection.fetchrow(
            "select * from server_canaries where server_id = $1", server_id
        )
        assert row is not None  # noqa: S101  # inserted above, here or by another
        return row


async def _refuse_selling(connection: Connection, slug: str) -> None:
    row = await connection.fetchrow(
        """
        select (select slug from vpn_servers p where p.server_id = v.standby_of) as principal,
               (select t.slug from evacuations e join vpn_servers t on t.server_id = e.target_id
                where e.source_id = v.server_id and e.cause = 'evacuation'
                  and e.finished_at is null) as target
        from vpn_servers v where slug = $1
        """,
        slug,
    )
    if row is not None and row["principal"] is not None:
        principal = row["principal"]
        raise FleetRefused(
            f"{slug} stands by for {principal}, with the same key and networks: it sells once "
            f"`wgshop server evacuate {principal} --to {slug}` has let it take that one's place"
        )
    if row is not None and row["target"] is not None:
        raise FleetRefused(f"{slug} is being evacuated to {row['target']}: let that end first")


async def _reserve(connection: Connection, registration: ServerRegistration) -> None:
    """Keep the canary's address out of the pool, which older registrations have put it into."""
    server_id, (ipv4, _) = registration.server.server_id, registration.canary_addresses
    await connection.execute(
        "delete from tunnel_addresses where server_id = $1 and ipv4 = $2 and device_id is null",
        server_id,
        ipv4,
    )
    if await connection.fetchval(
        "select true from tunnel_addresses where server_id = $1 and ipv4 = $2", server_id, ipv4
    ):
        raise FleetRefused(
            f"{registration.server.slug}: a customer's device holds {ipv4}, the last address of "
            "the server's network, which is the shop's own: give the server a wider network"
        )


async def log_act(connection: Connection, actor: str, action: str, slug: str) -> None:
    """Put an operator's act into the audit log."""
    await connection.execute(
        "insert into admin_logs (actor, action, subject) values ($1, $2, $3)",
        actor,
        action,
        f"server:{slug}",
    )


def canary_context(server_id: ServerId) -> bytes:
    """Binds a sealed key to the server whose canary it belongs to."""
    return f"canary:{server_id}".encode()


def canary_in(row: Record, sealer: Sealer) -> Canary:
    """The canary that a row of `server_canaries` describes."""
    context = canary_context(ServerId(row["server_id"]))

    def opened(column: str) -> SecretStr:
        return SecretStr(sealer.unseal(row[column], context=context).decode())

    keys = DeviceKeys(
        public_key=row["public_key"],
        private_key=opened("private_key_sealed"),
        preshared_key=opened("preshared_key_sealed"),
    )
    return Canary(keys=keys, ipv4=row["ipv4"], ipv6=row["ipv6"], revision=row["revision"])


def _berth(row: Record) -> Berth:
    registration = ServerRegistration.model_construct(
        server=server_in(row),
        network_v4=row["network_v4"],
        network_v6=row["network_v6"],
        capacity=row["capacity"],
    )
    return Berth.model_construct(
        registration=registration,
        taken=row["taken"],
        strangers=tuple(row["strangers"] or ()),
        drift=row["drift"],
        traffic_bytes=row["traffic"],
        principal=row["principal"],
        program_version=row["program_version"],
        health=row["health"] and Health(row["health"]),
        symptom=row["symptom"] and Symptom(row["symptom"]),
        is_installed=row["installed_at"] is not None,
    )
