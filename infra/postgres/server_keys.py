"""Servers' private keys, sealed: a server that is installed anew is the same to its customers."""

from asyncpg import Record
from pydantic import SecretStr

from domain.errors import FleetRefused
from domain.ids import ServerId
from domain.ports import Sealer


def server_context(server_id: ServerId) -> bytes:
    """Binds a sealed private key to its server."""
    return f"server:{server_id}".encode()


def saved_key(sealer: Sealer, server: Record) -> SecretStr:
    """The private key in a server's row. Raises `FleetRefused` where there is none."""
    if server["private_key_sealed"] is None:
        slug = server["slug"]
        raise FleetRefused(
            f"{slug} was registered by hand, and its private key is not in the ledger: "
            f"`wgshop server upgrade {slug}` fetches it"
        )
    return unseal_key(sealer, ServerId(server["server_id"]), server["private_key_sealed"])


def unseal_key(sealer: Sealer, server_id: ServerId, sealed: bytes) -> SecretStr:
    """A private key from its server's row."""
    return SecretStr(sealer.unseal(sealed, context=server_context(server_id)).decode())


def seal_key(sealer: Sealer, server_id: ServerId, key: SecretStr) -> bytes:
    """A private key as its server's row keeps it."""
    return sealer.seal(key.get_secret_value().encode(), context=server_context(server_id))
