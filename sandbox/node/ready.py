"""What the node says of itself when it is ready: one line of JSON on stdout."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class SshKind(StrEnum):
    """Which server speaks SSH here. Never paramiko: the shop's client would share its bugs."""

    OPENSSH = "openssh"
    ASYNCSSH = "asyncssh"


class WireGuardKind(StrEnum):
    """What holds the peers."""

    KERNEL = "kernel"
    WIREGUARD_GO = "wireguard-go"
    STAND_IN = "stand-in"
    """Rows in a file: the same program runs, but no packet flows."""


class Ready(BaseModel):
    """Everything that the shop's ledger, the demo and the tests need to know of a node."""

    model_config = ConfigDict(frozen=True)

    port: int
    """Of the SSH server, on 127.0.0.1."""
    control_port: int
    """Where outages are ordered, on 127.0.0.1: see `sandbox.node.gate`."""
    host_key: str
    """`ssh-ed25519 AAAA...`"""
    ssh_user: str
    ssh_server: SshKind
    wireguard: WireGuardKind
    wg: str
    """The wg tool, or what stands in for it."""
    nft: str
    """The nft tool, or what stands in for it."""
    public_key: str
    listen_port: int
    interface: str
