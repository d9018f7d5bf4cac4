"""VPN servers, the peers on them, and the file that a customer's device needs."""

from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from typing import Annotated

from pydantic import Field, SecretStr

from domain.ids import DeviceId, ServerId
from domain.model import Value
from domain.obfuscation import Obfuscation, TunnelTool

WireGuardKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{43}=$")]
"""32 bytes in base64: 44 characters, as `wg genkey` prints them."""


class ServerState(StrEnum):
    """Whether a server takes new customers."""

    SELLING = "selling"
    DRAINING = "draining"
    DOWN = "down"


class Server(Value):
    """A VPN server: how customers reach it and how the shop reaches it."""

    server_id: ServerId
    slug: str
    """Short and unique, such as `nl1`; shown to operators."""
    location: str
    """Where it stands, as plans name it, such as `nl`."""
    state: ServerState
    endpoint_host: str
    endpoint_port: Annotated[int, Field(gt=0, lt=65536)]
    public_key: WireGuardKey
    interface: str
    dns: tuple[IPv4Address | IPv6Address, ...]
    mtu: int = 1420
    ssh_host: str
    ssh_port: Annotated[int, Field(gt=0, lt=65536)] = 22
    ssh_user: str
    ssh_host_key: str
    """The pinned host key, as in known_hosts: `ssh-ed25519 AAAA...`."""
    obfuscation: Obfuscation | None = None
    """AmneziaWG's parameters; None where the server speaks plain WireGuard."""

    def at_its_own_address(self) -> "Server":
        """As a standby is tried: the name in customers' files leads to its principal."""
        return self.model_copy(update={"endpoint_host": self.ssh_host})

    @property
    def tool(self) -> TunnelTool:
        """The command that configures its interface."""
        return TunnelTool.WG if self.obfuscation is None else TunnelTool.AWG


class DeviceKeys(Value):
    """A device's key pair and pre-shared key. Made on our side, encrypted at rest, never logged."""

    public_key: WireGuardKey
    private_key: SecretStr
    preshared_key: SecretStr


class Peer(Value):
    """A device's peer as its server must hold it. A retry repeats the same bytes."""

    device_id: DeviceId
    server: Server
    public_key: WireGuardKey
    preshared_key: SecretStr
    ipv4: IPv4Address
    ipv6: IPv6Address
    revision: int
    """Grows with each decision about this peer; the server refuses an older one."""
    speed_mbit: int | None = None
    """Megabits a second, each way, that the server holds it to; None: as fast as it goes."""


class PeerRemoval(Value):
    """A peer that its server must not hold."""

    server: Server
    public_key: WireGuardKey
    revision: int


class ServerInfo(Value):
    """What a server's program says of itself."""

    version: str
    interface: str
    public_key: str
    listen_port: int
    obfuscation: dict[str, str] = Field(default_factory=dict)
    """AmneziaWG's parameters as its own tool names them; empty on a plain interface."""
    peer_count: int
    generation: int = 0
    """The newest whole set of peers that it was brought to."""
    serial: int = 0
    """Its last change."""


class PeerStatistics(Value):
    """One peer's counters, as `wg show dump` tells them."""

    public_key: WireGuardKey
    endpoint: str | None
    """The customer's address and port: personal data, for support only."""
    latest_handshake: datetime | None
    received_bytes: int
    """What the customer sent."""
    sent_bytes: int
    """What the customer received."""
    allowed_ips: frozenset[str] | None = None
    """The networks that the interface gives it; not told by programs before 1.2.0."""


class ClientConfig(Value):
    """The values of a device's WireGuard configuration file."""

    private_key: SecretStr
    preshared_key: SecretStr
    ipv4: IPv4Interface
    ipv6: IPv6Interface
    dns: tuple[IPv4Address | IPv6Address, ...]
    mtu: int
    server_public_key: WireGuardKey
    endpoint_host: str
    endpoint_port: int
    obfuscation: Obfuscation | None = None
    name: str
    """The tunnel's name, which apps take from the file's name: at most 15 of `a-zA-Z0-9_=+.-`."""

    @property
    def file_name(self) -> str:
        """What the file is called when it reaches the customer."""
        return f"{self.name}.conf"

    @property
    def digest(self) -> str:
        """Tells one file from another, and nothing of the random keys inside."""
        return sha256(self.render().encode()).hexdigest()[:16]

    def render(self) -> str:
        """The file as wg-quick(8) reads it.

        Both address families go into the tunnel even where the server has no IPv6: what it
        cannot carry is dropped inside, never leaked around it.
        """
        host = f"[{self.endpoint_host}]" if ":" in self.endpoint_host else self.endpoint_host
        disguise = () if self.obfuscation is None else self.obfuscation.lines()
        return "\n".join(
            (
                "[Interface]",
                f"PrivateKey = {self.private_key.get_secret_value()}",
                f"Address = {self.ipv4}, {self.ipv6}",
                f"DNS = {', '.join(map(str, self.dns))}",
                f"MTU = {self.mtu}",
                *disguise,
                "",
                "[Peer]",
                f"PublicKey = {self.server_public_key}",
                f"PresharedKey = {self.preshared_key.get_secret_value()}",
                f"Endpoint = {host}:{self.endpoint_port}",
                "AllowedIPs = 0.0.0.0/0, ::/0",
                "PersistentKeepalive = 25",
                "",
            )
        )
