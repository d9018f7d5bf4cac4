"""An SSH server whose one command does nothing: what SSH itself costs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from infra.ssh import SshEndpoint
from sandbox.node.gate import Gate
from sandbox.node.keys import kept_host_key
from sandbox.node.ssh_servers import (
    AsyncSshServer,
    OpenSshServer,
    SshServer,
    current_user,
    sshd_path,
)
from sandbox.ports import LOOPBACK

NOTHING = ("/bin/true",)


@asynccontextmanager
async def running_bare_ssh(data: Path, authorized_key: str) -> AsyncIterator[SshEndpoint]:
    """The same server and the same relay before it as a node's, until the block ends."""
    host_key = _prepared(data)
    server = _server(data, authorized_key)
    gate = Gate(0, server.connect)
    await gate.open()
    try:
        yield SshEndpoint(
            name="bare", host=LOOPBACK, port=gate.port, user=current_user(), host_key=host_key
        )
    finally:
        await gate.close()
        await server.close()


def _prepared(data: Path) -> str:
    data.mkdir(mode=0o700)
    return kept_host_key(data / "ssh_host_ed25519_key")


def _server(data: Path, authorized_key: str) -> SshServer:
    sshd = sshd_path()
    if sshd is None:
        return AsyncSshServer(data, authorized_key, NOTHING)
    return OpenSshServer(sshd, data, authorized_key, NOTHING)
