"""What a machine is to become, where its files lie, and what is known of it before."""

from importlib.resources import files
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network
from pathlib import PurePosixPath

from pydantic import SecretStr

from domain.model import Value
from domain.obfuscation import Obfuscation, TunnelTool
from domain.servers import Server
from infra.postgres.servers import ServerRegistration

PROGRAM = PurePosixPath("/usr/local/sbin/wgshop-peer")
HOME = PurePosixPath("/home/wgshop")
ACCOUNT = "wgshop"
SYSCTL = PurePosixPath("/etc/sysctl.d/60-wgshop.conf")
SUDOERS = PurePosixPath("/etc/sudoers.d/wgshop")
STATE = PurePosixPath("/var/lib/wgshop")


def server_side_program() -> bytes:
    """The program that `infra/node` holds."""
    return (files("infra") / "node" / "wgshop_peer.py").read_bytes()


class Installation(Value):
    """A server as the ledger wants it."""

    interface: str
    listen_port: int
    mtu: int
    network_v4: IPv4Network
    network_v6: IPv6Network
    obfuscation: Obfuscation | None
    tool: TunnelTool
    private_key: SecretStr
    public_key: str
    shop_key: str
    """The public half of the shop's SSH key: `ssh-ed25519 AAAA...`."""

    @classmethod
    def of(
        cls, registration: ServerRegistration, private_key: SecretStr, shop_key: str
    ) -> "Installation":
        """What the ledger's entry asks for."""
        server: Server = registration.server
        return cls(
            interface=server.interface,
            listen_port=server.endpoint_port,
            mtu=server.mtu,
            network_v4=registration.network_v4,
            network_v6=registration.network_v6,
            obfuscation=server.obfuscation,
            tool=server.tool,
            private_key=private_key,
            public_key=server.public_key,
            shop_key=shop_key,
        )

    @property
    def ipv4(self) -> IPv4Interface:
        """The server's own address in the tunnel: the first."""
        return IPv4Interface((self.network_v4[1], self.network_v4.prefixlen))

    @property
    def ipv6(self) -> IPv6Interface:
        """The same for IPv6."""
        return IPv6Interface((self.network_v6[1], self.network_v6.prefixlen))

    @property
    def folder(self) -> PurePosixPath:
        """Where wg-quick, or awg-quick, looks for interfaces."""
        return folder_of(self.tool)

    @property
    def key_file(self) -> PurePosixPath:
        """The interface's private key."""
        return self.folder / f"{self.interface}.key"

    @property
    def conf_file(self) -> PurePosixPath:
        """The interface, without its peers."""
        return self.folder / f"{self.interface}.conf"

    @property
    def firewall_file(self) -> PurePosixPath:
        """What may pass."""
        return self.folder / f"{self.interface}.nft"

    @property
    def unit_file(self) -> PurePosixPath:
        """Brings the peers back after a boot."""
        return PurePosixPath("/etc/systemd/system") / self.unit

    @property
    def unit(self) -> str:
        """That unit's name."""
        return f"wgshop-peer-{self.interface}.service"

    @property
    def quick(self) -> str:
        """The command that raises the interface: wg-quick or awg-quick."""
        return f"{self.tool}-quick"

    @property
    def program_call(self) -> str:
        """How the program is called, by whom ever."""
        tool = "" if self.tool is TunnelTool.WG else f"--wg /usr/bin/{self.tool} "
        return f"{PROGRAM} {tool}{self.interface}"

    @property
    def firewall_table(self) -> str:
        """The table of nftables, one for each interface."""
        return f"wgshop_{self.interface}"

    @property
    def limits_table(self) -> str:
        """The table in which the program keeps the speeds that customers are held to."""
        return f"wgshop_limits_{self.interface}"


def folder_of(tool: TunnelTool) -> PurePosixPath:
    """Where the tool's `-quick` looks for interfaces."""
    if tool is TunnelTool.WG:
        return PurePosixPath("/etc/wireguard")
    return PurePosixPath("/etc/amnezia/amneziawg")


class Machine(Value):
    """What was found before anything was changed."""

    system: str
    """Such as `Debian GNU/Linux 12 (bookworm)`."""
    has_systemd: bool
    has_ipv6: bool
    ipv6_uplink: str
    """The interface whose default route comes from router advertisements; mostly empty."""
    private_key: SecretStr | None = None
    """Of the interface, if there is one already."""
