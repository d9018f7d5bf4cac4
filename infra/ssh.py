"""One SSH connection to a pinned server, on which short commands run; blocking, for a thread.

paramiko waits for ever in several places unless each is told how long, and it notices a
black-holed connection only through the kernel; the choices here are measured ones.
"""

import base64
import binascii
import contextlib
import io
import selectors
import socket
import time
from pathlib import Path

import paramiko
from pydantic import BaseModel, ConfigDict, SecretStr

from domain.errors import ServerRefused, ServerUnavailable, SettingsError

MAX_OUTPUT_BYTES = 8 * 1024 * 1024
"""The counters of 5000 peers are 670 kB."""
KEEPALIVE_SECONDS = 10
UNACKNOWLEDGED_MILLISECONDS = 20_000
"""paramiko never checks that keepalives are answered (paramiko#918); TCP does."""
PIECE_BYTES = 64 * 1024


class SshTimeouts(BaseModel):
    """Patience, in seconds, for each thing that can hang."""

    model_config = ConfigDict(frozen=True)

    call: float = 30.0
    """A whole call, waiting for its turn included."""
    connect: float = 5.0
    """The TCP connection, and then the key exchange."""
    banner: float = 5.0
    auth: float = 10.0
    channel: float = 5.0


class SshEndpoint(BaseModel):
    """Where a server's SSH is, and which server it has to be."""

    model_config = ConfigDict(frozen=True)

    name: str
    """What operators call the server."""
    host: str
    port: int
    user: str
    host_key: str
    """The pinned key, as in known_hosts: `ssh-ed25519 AAAA...`."""

    @property
    def known_hosts_name(self) -> str:
        """How known_hosts, and paramiko with it, names the server."""
        return self.host if self.port == paramiko.config.SSH_PORT else f"[{self.host}]:{self.port}"


Credential = paramiko.PKey | SecretStr
"""What opens an account: a key, or a password."""


class ConnectionLost(ServerUnavailable):
    """The connection died. On one that was held this says little: try a new one."""


class CommandOutput(BaseModel):
    """What a command said before it ended."""

    model_config = ConfigDict(frozen=True)

    exit_status: int
    stdout: bytes
    stderr: bytes


class Deadline:
    """A moment on the monotonic clock by which a call has to be over."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def within(self, seconds: float) -> float:
        """At most that many seconds, and never past the deadline.

        Raises:
            TimeoutError: the deadline has passed.
        """
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call's time is up")
        return min(seconds, left)

    @property
    def left(self) -> float:
        """The seconds that are left. Raises `TimeoutError`."""
        return self.within(float("inf"))


def load_private_key(source: SecretStr | Path) -> paramiko.Ed25519Key:
    """The shop's ed25519 key, from PEM text or from a file of it.

    Raises:
        SettingsError: there is no such key.
    """
    try:
        if isinstance(source, Path):
            return paramiko.Ed25519Key.from_private_key_file(str(source))
        return paramiko.Ed25519Key.from_private_key(io.StringIO(source.get_secret_value()))
    except (OSError, ValueError, paramiko.SSHException) as error:
        origin = f"the file {source}" if isinstance(source, Path) else "the text"
        raise SettingsError(
            f"the SSH private key: {origin} is not an ed25519 key without a passphrase, "
            "as `ssh-keygen -t ed25519 -N ''` makes one"
        ) from error


class SshConnection:
    """An authenticated connection. For one call at a time; close it after any error."""

    def __init__(self, client: paramiko.SSHClient, connection: socket.socket, name: str) -> None:
        self._client = client
        self._socket = connection
        self._name = name

    @classmethod
    def open(
        cls,
        endpoint: SshEndpoint,
        credential: Credential,
        timeouts: SshTimeouts,
        deadline: Deadline,
    ) -> "SshConnection":
        """Connect and log in.

        Raises:
            ServerRefused: another host key than the pinned one, or our key is not let in.
            ServerUnavailable: anything else; the same may succeed later.
        """
        pinned = _pinned_key(endpoint)
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.RejectPolicy)
        client.get_host_keys().add(endpoint.known_hosts_name, pinned.get_name(), pinned)
        try:
            connection = connected_socket(
                endpoint.host, endpoint.port, deadline.within(timeouts.connect)
            )
            _log_in(client, connection, endpoint, credential, timeouts)
        except (paramiko.SSHException, OSError, EOFError) as error:
            client.close()
            raise _connect_error(endpoint, error) from error
        return cls(client, connection, endpoint.name)

    @property
    def is_alive(self) -> bool:
        """Whether the connection still stands, as far as this end has heard."""
        transport = self._client.get_transport()
        return transport is not None and transport.is_active()

    def close(self) -> None:
        """End the connection; may block for a moment."""
        self._client.close()

    def abort(self) -> None:
        """End the connection from another thread, at once; its call ends with an error."""
        with contextlib.suppress(OSError):  # It has ended already.
            self._socket.shutdown(socket.SHUT_RDWR)

    def run(
        self, command: str, stdin: bytes, timeouts: SshTimeouts, deadline: Deadline
    ) -> CommandOutput:
        """Run a command with an input, to its end.

        The deadline holds for all but the moment in which the server grants the command, where
        paramiko waits without limit: there only `abort` helps.

        Raises:
            ConnectionLost: the connection died before the command's end was heard.
            ServerUnavailable: time ran out.
        """
        try:
            return self._run(command, stdin, timeouts, deadline)
        except TimeoutError as error:
            raise ServerUnavailable(f"{self._name}: no answer in time ({error})") from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise ConnectionLost(f"{self._name}: connection lost ({_words(error)})") from error

    def files(self, timeouts: SshTimeouts) -> paramiko.SFTPClient:
        """The server's files, by SFTP, each answer awaited as long as a channel is.

        Raises:
            ConnectionLost: the connection died, or the server has no SFTP.
        """
        transport = self._client.get_transport()
        try:
            files = None if transport is None else paramiko.SFTPClient.from_transport(transport)
            channel = None if files is None else files.get_channel()
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise ConnectionLost(f"{self._name}: no SFTP ({_words(error)})") from error
        if files is None or channel is None:
            raise ConnectionLost(f"{self._name}: no SFTP (closed)")
        channel.settimeout(timeouts.channel)
        return files

    def _run(
        self, command: str, stdin: bytes, timeouts: SshTimeouts, deadline: Deadline
    ) -> CommandOutput:
        transport = self._client.get_transport()
        if transport is None:
            raise EOFError("closed")
        with transport.open_session(timeout=deadline.within(timeouts.channel)) as channel:
            channel.exec_command(command)
            channel.settimeout(deadline.left)
            channel.sendall(stdin)
            channel.shutdown_write()
            stdout, stderr = _drain(channel, deadline)
            # recv_exit_status() has no timeout of its own (paramiko#1815).
            if not channel.status_event.wait(deadline.left):
                raise TimeoutError("the command does not end")
            if channel.exit_status < 0:
                raise EOFError("the command ended without a status")
            return CommandOutput(exit_status=channel.exit_status, stdout=stdout, stderr=stderr)


def _log_in(
    client: paramiko.SSHClient,
    connection: socket.socket,
    endpoint: SshEndpoint,
    credential: Credential,
    timeouts: SshTimeouts,
) -> None:
    """Exchange keys, check the server's, show our credential; nothing else is tried."""
    client.connect(
        endpoint.host,
        endpoint.port,
        endpoint.user,
        password=credential.get_secret_value() if isinstance(credential, SecretStr) else None,
        pkey=None if isinstance(credential, SecretStr) else credential,
        sock=connection,
        timeout=timeouts.connect,
        banner_timeout=timeouts.banner,
        auth_timeout=timeouts.auth,
        channel_timeout=timeouts.channel,
        allow_agent=False,
        look_for_keys=False,
    )
    transport = client.get_transport()
    if transport is None:
        raise paramiko.SSHException("the connection closed at once")
    transport.set_keepalive(KEEPALIVE_SECONDS)


def _drain(channel: paramiko.Channel, deadline: Deadline) -> tuple[bytes, bytes]:
    """Read both streams to their ends, as they come: either, left full, stalls the command."""
    stdout, stderr = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(channel, selectors.EVENT_READ)
        while True:
            ended = channel.eof_received or channel.closed
            while channel.recv_ready():
                stdout += channel.recv(PIECE_BYTES)
            while channel.recv_stderr_ready():
                stderr += channel.recv_stderr(PIECE_BYTES)
            if len(stdout) + len(stderr) > MAX_OUTPUT_BYTES:
                raise paramiko.SSHException(f"more than {MAX_OUTPUT_BYTES} bytes of output")
            if ended:
                return bytes(stdout), bytes(stderr)
            if not selector.select(deadline.left):
                raise TimeoutError("the command says nothing")


def connected_socket(host: str, port: int, seconds: float) -> socket.socket:
    """A connection tuned as paramiko's own are not: it takes a third of the time per command."""
    connection = socket.create_connection((host, port), seconds)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        option = socket.TCP_USER_TIMEOUT
        connection.setsockopt(socket.IPPROTO_TCP, option, UNACKNOWLEDGED_MILLISECONDS)
    return connection


def _pinned_key(endpoint: SshEndpoint) -> paramiko.PKey:
    try:
        kind, encoded = endpoint.host_key.split()[:2]
        return paramiko.PKey.from_type_string(kind, base64.b64decode(encoded, validate=True))
    except (ValueError, binascii.Error, paramiko.SSHException) as error:
        raise ServerRefused(
            f"{endpoint.name}: the pinned host key is malformed; "
            "it must read `ssh-ed25519 AAAA...`, as in known_hosts"
        ) from error


def _connect_error(endpoint: SshEndpoint, error: Exception) -> ServerRefused | ServerUnavailable:
    """What a failed connection means, and what a person can do about it."""
    where = f"{endpoint.name} ({endpoint.user}@{endpoint.host}:{endpoint.port})"
    if isinstance(error, paramiko.BadHostKeyException):
        return ServerRefused(
            f"{where} showed the host key {error.key.fingerprint}, which is not the pinned one: "
            "another machine answers there; if the server was reinstalled, pin its new key"
        )
    if isinstance(error, paramiko.AuthenticationException) and _was_answered(error):
        return ServerRefused(
            f"{where} does not let the shop's SSH key in: "
            "put its public half into that account's authorized_keys"
        )
    return ServerUnavailable(f"{where} cannot be reached: {_words(error)}")


def _was_answered(error: paramiko.AuthenticationException) -> bool:
    """Whether the server said no; paramiko raises the same type for silence and a lost line."""
    return isinstance(error, paramiko.BadAuthenticationType) or str(error) == (
        "Authentication failed."
    )


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
