"""`python -m sandbox.node`: a VPN node on loopback, until SIGTERM, SIGINT or its parent's end."""

import argparse
import asyncio
import contextlib
import hashlib
import os
import signal
import sys
from pathlib import Path

from sandbox.node.commands import run
from sandbox.node.gate import Gate, serve_control
from sandbox.node.keys import kept_host_key
from sandbox.node.ready import Ready, SshKind
from sandbox.node.ssh_servers import (
    AsyncSshServer,
    OpenSshServer,
    SshServer,
    current_user,
    sshd_path,
)
from sandbox.node.tunnel import Tunnel, raise_tunnel

PARENT_POLL_SECONDS = 0.5
DEBIAN_PYTHON = Path("/usr/bin/python3")


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.node", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="of the SSH server; 0: any free one")
    parser.add_argument(
        "--data", type=directory, required=True, help="where keys and peers are kept"
    )
    parser.add_argument("--authorized-key", required=True, help="'ssh-ed25519 AAAA...', the shop's")
    parser.add_argument("--program", type=Path, required=True, help="the server-side program")
    parser.add_argument("--interface", help="unique on the machine; default: from --data")
    parser.add_argument("--ssh-server", type=SshKind, help="default: the best there is")
    parser.add_argument("--stand-in", action="store_true", help="no real interface, even as root")
    return parser.parse_args()


def directory(text: str) -> Path:
    """An existing directory's full path, made if need be."""
    path = Path(text).resolve()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def interface_of(data: Path) -> str:
    """A name that two nodes on one machine do not share, in at most 15 characters."""
    return "wgd" + hashlib.sha256(str(data).encode()).hexdigest()[:8]


def forced_command(program: Path, tunnel: Tunnel, data: Path) -> list[str]:
    """What every SSH session runs: in production the same, less the paths."""
    python = DEBIAN_PYTHON if DEBIAN_PYTHON.exists() else Path(sys.executable)
    tools = ["--wg", tunnel.wg, "--nft", tunnel.nft, "--state-dir", str(data / "state")]
    return [str(python), "-IS", str(program.resolve()), *tools, tunnel.interface]


def ssh_server(kind: SshKind | None, data: Path, key: str, command: list[str]) -> SshServer:
    """OpenSSH where it works, unless asyncssh is asked for."""
    sshd = sshd_path()
    if kind is SshKind.OPENSSH and sshd is None:
        sys.exit("OpenSSH's sshd is not installed, or cannot log this account in")
    if kind is SshKind.ASYNCSSH or sshd is None:
        return AsyncSshServer(data, key, command)
    return OpenSshServer(sshd, data, key, command)


async def until_told_to_stop(parent: int) -> None:
    """Wait for SIGTERM, SIGINT, or the death of whoever started the node."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    while not stopping.is_set() and os.getppid() == parent:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PARENT_POLL_SECONDS):
                await stopping.wait()


async def serve(chosen: argparse.Namespace, parent: int) -> None:
    """Raise the interface, put the saved peers on it, open the door, say so, and wait."""
    data: Path = chosen.data
    host_key = kept_host_key(data / "ssh_host_ed25519_key")
    async with contextlib.AsyncExitStack() as stack:
        tunnel = await raise_tunnel(
            chosen.interface or interface_of(data), data, stand_in=chosen.stand_in
        )
        stack.push_async_callback(tunnel.close)
        command = forced_command(chosen.program, tunnel, data)
        await run(*command, stdin=b'{"op": "apply"}')
        server = ssh_server(chosen.ssh_server, data, chosen.authorized_key, command)
        stack.push_async_callback(server.close)
        gate = Gate(chosen.port, server.connect)
        await gate.open()
        stack.push_async_callback(gate.close)
        control = await serve_control(gate)
        stack.callback(control.close)
        ready = Ready(
            port=gate.port,
            control_port=control.sockets[0].getsockname()[1],
            host_key=host_key,
            ssh_user=current_user(),
            ssh_server=server.kind,
            wireguard=tunnel.kind,
            wg=tunnel.wg,
            nft=tunnel.nft,
            public_key=tunnel.public_key,
            listen_port=tunnel.listen_port,
            interface=tunnel.interface,
        )
        sys.stdout.write(ready.model_dump_json() + "\n")
        sys.stdout.flush()
        await until_told_to_stop(parent)


if __name__ == "__main__":
    # Read before anything is said: whoever hears that the node is ready may be gone a moment later.
    asyncio.run(serve(options(), os.getppid()))
