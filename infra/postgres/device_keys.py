"""Devices' keys: minted once, sealed at rest, replaced when they leak, wiped when they are over."""

from collections.abc import Callable
from uuid import UUID

from asyncpg import Record

from domain.ids import DeviceId
from domain.ports import Sealer
from domain.servers import DeviceKeys
from infra.postgres.addresses import server_of
from infra.postgres.peers import device_context
from infra.postgres.pool import Connection
from infra.postgres.speeds import SPEEDS

_INSERT = f"""
    insert into devices (device_id, subscription_id, name, public_key,
                         private_key_sealed, preshared_key_sealed, speed_mbit)
    select $1, $2, $3, $4, $5, $6, wanted_mbit from {SPEEDS} w where subscription_id = $2
"""  # noqa: S608  # a text of ours

_REPLACE = """
    update devices set public_key = $2, private_key_sealed = $3, preshared_key_sealed = $4,
                       revision = $5
    where device_id = $1
"""

_RETIRE = """
    insert into retired_keys (device_id, last_revision, public_key, server_id, gone_at)
    values ($1, $2, $3, $4, case when $4::integer is null then now() end)
"""


class DeviceKeyRing:
    """Makes devices and their keys, inside the ledger's transactions."""

    def __init__(self, sealer: Sealer, mint_keys: Callable[[], DeviceKeys]) -> None:
        self._sealer = sealer
        self._mint_keys = mint_keys

    async def make_device(
        self, connection: Connection, device_id: DeviceId, subscription_id: UUID, name: str = ""
    ) -> None:
        """A new device; it may connect, and has no address yet."""
        sealed = self._new_keys(device_id)
        await connection.execute(_INSERT, device_id, subscription_id, name, *sealed)

    async def replace_keys(self, connection: Connection, device: Record) -> int:
        """Give the device new keys at its old address; the revision from which they are valid.

        The revision between belongs to the old key's removal: newer than any order to hold it.
        """
        device_id, last_revision = DeviceId(device["device_id"]), device["revision"] + 1
        server_id = await server_of(connection, device_id)
        await connection.execute(_RETIRE, device_id, last_revision, device["public_key"], server_id)
        sealed = self._new_keys(device_id)
        await connection.execute(_REPLACE, device_id, *sealed, last_revision + 1)
        return int(last_revision + 1)

    def _new_keys(self, device_id: DeviceId) -> tuple[str, bytes, bytes]:
        keys = self._mint_keys()
        return (
            keys.public_key,
            self._seal(device_id, keys.private_key.get_secret_value()),
            self._seal(device_id, keys.preshared_key.get_secret_value()),
        )

    def _seal(self, device_id: DeviceId, key: str) -> bytes:
        return self._sealer.seal(key.encode(), context=device_context(device_id))


async def wipe_keys(connection: Connection, device_id: DeviceId) -> None:
    """A device that never returns needs no secrets; its public key names it to its server."""
    await connection.execute(
        "update devices set private_key_sealed = '', preshared_key_sealed = '' "
        "where device_id = $1",
        device_id,
    )


async def key_of_revision(connection: Connection, device_id: DeviceId, revision: int) -> str:
    """The public key that was the device's at that revision."""
    found = await connection.fetchval(
        """
        select coalesce(
            (select public_key from retired_keys where device_id = $1 and last_revision >= $2
             order by last_revision limit 1),
            (select public_key from devices where device_id = $1))
        """,
        device_id,
        revision,
    )
    if found is None:
        raise LookupError(f"there is no device {device_id}")
    return str(found)


async def note_key_gone(
    connection: Connection, device_id: DeviceId, server_id: int, revision: int
) -> None:
    """The server has confirmed that it does not hold the key of that revision."""
    await connection.execute(
        """
        update retired_keys set gone_at = now()
        where device_id = $1 and server_id = $2 and gone_at is null and last_revision = (
            select min(last_revision) from retired_keys
            where device_id = $1 and last_revision >= $3)
        """,
        device_id,
        server_id,
        revision,
    )
