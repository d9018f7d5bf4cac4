"""A device's configuration, put together from its row and its server's."""

from ipaddress import IPv4Interface, IPv6Interface

from asyncpg import Record
from pydantic import SecretStr

from domain.ids import DeviceId
from domain.ports import Sealer
from domain.servers import ClientConfig, Server
from infra.postgres.peers import device_context


def config_of(device: Record, server: Server, sealer: Sealer) -> ClientConfig:
    """The file of a device at the address that stands in its row, decrypted."""
    device_id = DeviceId(device["device_id"])

    def opened(column: str) -> SecretStr:
        context = device_context(device_id)
        return SecretStr(sealer.unseal(device[column], context=context).decode())

    return ClientConfig(
        private_key=opened("private_key_sealed"),
        preshared_key=opened("preshared_key_sealed"),
        ipv4=IPv4Interface(device["ipv4"]),
        ipv6=IPv6Interface(device["ipv6"]),
        dns=server.dns,
        mtu=server.mtu,
        server_public_key=server.public_key,
        endpoint_host=server.endpoint_host,
        endpoint_port=server.endpoint_port,
        obfuscation=server.obfuscation,
        name=f"wg-{server.slug}"[:15],
    )
