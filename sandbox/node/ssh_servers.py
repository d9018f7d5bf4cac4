"""The SSH servers that can front the node: OpenSSH's, or asyncssh where it is not installed.

Either serves one connection at a time, over a socket pair whose other end the gate holds. So the
gate alone decides who gets through, and a node that is killed leaves no server behind: its end
of every pair closes.
"""

import asyncio
import contextlib
import os
import pwd
import shlex
import shutil
import socket
from asyncio import StreamReader, StreamWriter
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import asyncssh

from sandbox.node.commands import stop
from sandbox.node.ready import SshKind

CLOSE_SECONDS = 2.0

Streams = tuple[StreamReader, StreamWriter]

SSHD_CONFIG = """\
HostKey "{data}/ssh_host_ed25519_key"
AuthorizedKeysFile "{data}/authorized_keys"
# The directory may lie under /tmp, which anyone can write.
StrictModes no
AllowUsers {user}
PermitRootLogin forced-commands-only
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
# The account's shell runs the forced command, and would run its owner's start-up files first.
SetEnv "HOME={data}"
UseDNS no
PrintMotd no
PidFile none
LogLevel ERROR
"""


class SshServer(Protocol):
    """Serves SSH connections; every session runs the one command, whatever was asked for."""

    kind: SshKind

    async def connect(self) -> Streams:
        """The client's end of a new connection to the server."""
        ...

    async def close(self) -> None:
        """End all connections."""
        ...


def current_user() -> str:
    """The account that serves the node: whoever started it."""
    return pwd.getpwuid(os.geteuid()).pw_name


def sshd_path() -> str | None:
    """OpenSSH's server, if it is installed and can log the current account in.

    Without PAM sshd refuses a locked account (`!` in shadow(5)), and a forced command is run by
    the account's shell.
    """
    account = pwd.getpwuid(os.geteuid())
    shell_works = Path(account.pw_shell or "/bin/sh").name not in {"nologin", "false"}
    sshd = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", ""))
    return sshd if shell_works and not _is_locked(account.pw_name) else None


def _is_locked(user: str) -> bool:
    try:
        rows = Path("/etc/shadow").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False  # Unreadable: then sshd, run by the same user, cannot see it either.
    return any(row.startswith(f"{user}:!") for row in rows)


class OpenSshServer:
    """A child `sshd -i` for each connection."""

    kind = SshKind.OPENSSH

    def __init__(self, sshd: str, data: Path, authorized_key: str, command: Sequence[str]) -> None:
        self._sshd = sshd
        self._config = data / "sshd_config"
        self._log = data / "sshd.log"
        self._children: set[asyncio.subprocess.Process] = set()
        forced = shlex.join(command).replace('"', '\\"')
        line = f'restrict,command="{forced}" {authorized_key}\n'
        (data / "authorized_keys").write_text(line, encoding="utf-8")
        text = SSHD_CONFIG.format(data=data, user=current_user())
        self._config.write_text(text, encoding="utf-8")
        if os.geteuid() == 0:
            # Debian makes it when its own service starts, which may never have happened here.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)

    async def connect(self) -> Streams:
        """Start a server on one end of a socket pair."""
        ours, theirs = socket.socketpair()
        with theirs, self._log.open("ab") as log:
            child = await asyncio.create_subprocess_exec(
                *(self._sshd, "-i", "-e", "-f", str(self._config)),
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=log,
            )
        self._children = {one for one in self._children if one.returncode is None} | {child}
        return await asyncio.open_connection(sock=ours)

    async def close(self) -> None:
        """Wait for the servers to notice that their connections ended, then end what is left."""
        ending = [asyncio.create_task(child.wait()) for child in self._children]
        if ending:
            await asyncio.wait(ending, timeout=CLOSE_SECONDS)
        await asyncio.gather(*(stop(child) for child in self._children))


class AsyncSshServer:
    """asyncssh in this process."""

    kind = SshKind.ASYNCSSH

    def __init__(self, data: Path, authorized_key: str, command: Sequence[str]) -> None:
        self._host_key = asyncssh.read_private_key(data / "ssh_host_ed25519_key")
        self._authorized = asyncssh.import_authorized_keys(f"{authorized_key}\n")
        self._command = tuple(command)
        self._handshakes: set[asyncio.Task[asyncssh.SSHServerConnection]] = set()

    async def connect(self) -> Streams:
        """Serve one end of a socket pair."""
        ours, theirs = socket.socketpair()
        handshake = asyncio.create_task(self._serve(theirs))
        self._handshakes.add(handshake)
        handshake.add_done_callback(self._handshake_done)
        return await asyncio.open_connection(sock=ours)

    async def _serve(self, connection: socket.socket) -> asyncssh.SSHServerConnection:
        return await asyncssh.run_server(
            connection,
            server_host_keys=[self._host_key],
            authorized_client_keys=self._authorized,
            process_factory=self._run_command,
            password_auth=False,
            kbdint_auth=False,
            allow_pty=False,
            allow_scp=False,
            agent_forwarding=False,
            encoding=None,
        )

    def _handshake_done(self, handshake: asyncio.Task[asyncssh.SSHServerConnection]) -> None:
        self._handshakes.discard(handshake)
        if not handshake.cancelled():
            handshake.exception()  # A client that gave up is its own affair: do not report it.

    async def _run_command(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        """Run the forced command in place of what the client asked for."""
        if process.subsystem is not None:
            process.exit(1)
            return
        request = await process.stdin.read()
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_exec(
            *self._command, stdin=pipe, stdout=pipe, stderr=pipe
        )
        try:
            output, errors = await child.communicate(request)
        finally:
            await stop(child)
        with contextlib.suppress(BrokenPipeError, ConnectionError):
            process.stdout.write(output)
            process.stderr.write(errors)
            process.exit(child.returncode or 0)

    async def close(self) -> None:
        """Give up on handshakes under way; the rest ends with the gate's connections."""
        for handshake in self._handshakes:
            handshake.cancel()
