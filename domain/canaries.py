"""The canary: a peer of the shop's own on each server, whose tunnel the shop tries itself.

SSH tells that a server lives, not that customers reach it: UDP may be blocked on the way, and a
WireGuard server says nothing to strangers. So the shop keeps a peer of its own there.
"""

from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from uuid import NAMESPACE_DNS, uuid5

from domain.ids import DeviceId
from domain.model import Value
from domain.servers import DeviceKeys, Peer, Server


class Canary(Value):
    """The shop's own peer on a server. It belongs to each full set of the server's peers."""

    keys: DeviceKeys
    ipv4: IPv4Address
    ipv6: IPv6Address
    revision: int = 1

    def peer_on(self, server: Server) -> Peer:
        """What the server has to hold of it."""
        return Peer(
            device_id=DeviceId(uuid5(NAMESPACE_DNS, f"canary.{server.slug}.wgshop")),
            server=server,
            public_key=self.keys.public_key,
            preshared_key=self.keys.preshared_key,
            ipv4=self.ipv4,
            ipv6=self.ipv6,
            revision=self.revision,
        )


class Handshake(StrEnum):
    """What came of greeting a server's WireGuard."""

    ANSWERED = "answered"
    LOADED = "loaded"
    """It asked to come again with a cookie: it lives, and is under load or attack."""
    SILENT = "silent"
    """Nothing came back: blocked, down, another key, or another disguise."""
    UNREACHABLE = "unreachable"
    """The address does not resolve, or its machine says that nobody listens."""


class CanaryReport(Value):
    """How the canary fared, from where the shop runs."""

    handshake: Handshake
    took: timedelta | None = None
    """From the greeting to the answer."""
    passes: bool | None = None
    """Whether a question to the server's DNS came back through the tunnel; None: not asked."""
    detail: str = ""

    @property
    def is_well(self) -> bool:
        """Whether a customer would have a working tunnel."""
        return self.handshake is Handshake.ANSWERED and self.passes is not False
