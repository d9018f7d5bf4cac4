"""A server gets another key: decided first, put onto the machine, and only then the ledger's.

So an installation that breaks off leaves customers with files that are true, and a second one finds
the key of the first.
"""

from asyncpg import Record
from pydantic import SecretStr

from domain.devices import DeviceTurn
from domain.errors import FleetRefused
from domain.ids import DeviceId, UserId
from domain.ports import Sealer
from infra.postgres.evacuating import refuse_crossing
from infra.postgres.evacuations import note_relocation
from infra.postgres.fleet import log_act
from infra.postgres.moving import keep_digest
from infra.postgres.pool import Connection, Pool
from infra.postgres.server_keys import saved_key, seal_key, unseal_key
from infra.postgres.servers import server_in
from infra.wireguard_keys import new_private_key, public_key_of

_ON_IT = """
    select d.*, s.user_id, a.ipv4, a.ipv6
    from tunnel_addresses a
    join devices d using (device_id)
    join subscriptions s using (subscription_id)
    where a.server_id = $1 and a.leaving_revision is null and d.is_wanted
    order by d.device_id for no key update of d
"""


async def is_being_handed_out(pool: Pool, slug: str) -> bool:
    """Whether the server has its new key, and customers are still being told."""
    return bool(
        await pool.fetchval(
            """
            select exists (
                select from evacuations e join vpn_servers v on v.server_id = e.source_id
                where v.slug = $1 and e.cause = 'key_rotation' and e.finished_at is null)
            """,
            slug,
        )
    )


async def next_key(pool: Pool, sealer: Sealer, slug: str) -> SecretStr:
    """The key that the server is to have; the second time the same. Raises `FleetRefused`."""
    async with pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(
            "select * from vpn_servers where slug = $1 for no key update", slug
        )
        if row is None:
            raise FleetRefused(f"there is no server {slug!r}: `wgshop server list` names them")
        if row["standby_of"] is not None:
            raise FleetRefused(f"{slug} stands by for another server, and has that one's key")
        saved_key(sealer, row)
        await refuse_crossing(connection, row, row)
        if (sealed := row["next_private_key_sealed"]) is not None:
            return unseal_key(sealer, row["server_id"], sealed)
        key = new_private_key()
        await connection.execute(
            "update vpn_servers set next_private_key_sealed = $2 where server_id = $1",
            row["server_id"],
            seal_key(sealer, row["server_id"], key),
        )
    return key


async def adopt_key(pool: Pool, sealer: Sealer, slug: str, actor: str) -> None:
    """The machine has it: from now on it is the server's, and every customer's file has changed."""
    async with pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(
            "select * from vpn_servers where slug = $1 for no key update", slug
        )
        if row is None or row["next_private_key_sealed"] is None:
            return
        server_id = row["server_id"]
        await _note_files(connection, sealer, row)
        key = unseal_key(sealer, server_id, row["next_private_key_sealed"])
        await connection.execute(
            """
            update vpn_servers
            set public_key = $2, private_key_sealed = next_private_key_sealed,
                next_private_key_sealed = null
            where server_id = $1
            """,
            server_id,
            public_key_of(key),
        )
        await log_act(connection, actor, "server_key_rotated", slug)


async def _note_files(connection: Connection, sealer: Sealer, row: Record) -> None:
    """Everybody on it has to be told; what file they have is remembered before it changes."""
    evacuation_id = await connection.fetchval(
        """
        insert into evacuations (cause, source_id, target_id) values ('key_rotation', $1, $1)
        returning evacuation_id
        """,
        row["server_id"],
    )
    for device in await connection.fetch(_ON_IT, row["server_id"]):
        await keep_digest(connection, sealer, device, server_in(row))
        turn = DeviceTurn(
            device_id=DeviceId(device["device_id"]),
            user_id=UserId(device["user_id"]),
            revision=device["revision"],
        )
        await note_relocation(connection, evacuation_id, 1, turn)
