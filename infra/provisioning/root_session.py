"""Root's session on a machine that is being set up, with a credential that is used for it only."""

import contextlib
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Self

import paramiko
from pydantic import SecretStr

from domain.errors import InstallationFailed, ServerRefused, ServerUnavailable, SettingsError
from infra.ssh import (
    Credential,
    Deadline,
    SshConnection,
    SshEndpoint,
    SshTimeouts,
    connected_socket,
)

PRELUDE = (
    "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "
    "DEBIAN_FRONTEND=noninteractive; "
)
SCRIPT_SECONDS = 60.0
LAST_WORDS = 600


def fetch_host_key(host: str, port: int, timeouts: SshTimeouts) -> paramiko.PKey:
    """The key that a machine shows to strangers, for a person to compare. Nothing is trusted yet.

    Raises:
        ServerUnavailable: nobody answers there, or not in SSH.
    """
    try:
        transport = paramiko.Transport(connected_socket(host, port, timeouts.connect))
        try:
            transport.banner_timeout = timeouts.banner
            transport.start_client(timeout=timeouts.connect + timeouts.banner)
            return transport.get_remote_server_key()
        finally:
            transport.close()
    except (OSError, EOFError, paramiko.SSHException) as error:
        raise ServerUnavailable(
            f"{host}:{port} cannot be reached by SSH ({error}): check the address, and that the "
            "machine runs and lets this one in"
        ) from error


def load_bootstrap_key(path: Path, passphrase: SecretStr | None) -> paramiko.PKey:
    """Root's own key, of any kind. Raises `SettingsError`."""
    secret = None if passphrase is None else passphrase.get_secret_value()
    try:
        return paramiko.PKey.from_path(path, secret)
    except (OSError, ValueError, TypeError, paramiko.SSHException) as error:
        raise SettingsError(f"{path} cannot be read as a private SSH key: {error}") from error


class CommandFailed(Exception):
    """A script ended with an error; the message is what it said last."""


class RootSession:
    """Runs scripts and puts files in place, as root; blocking, for one thread at a time."""

    def __init__(self, connection: SshConnection, timeouts: SshTimeouts) -> None:
        self._connection = connection
        self._timeouts = timeouts
        self._files: paramiko.SFTPClient | None = None

    @classmethod
    @contextlib.contextmanager
    def open(
        cls, endpoint: SshEndpoint, credential: Credential, timeouts: SshTimeouts
    ) -> Iterator[Self]:
        """A session, closed at the block's end.

        Raises:
            InstallationFailed: the credential is not taken.
            ServerRefused: the machine shows another host key than the one that was confirmed.
            ServerUnavailable: it cannot be reached.
        """
        where = f"{endpoint.user}@{endpoint.host}:{endpoint.port}"
        try:
            connection = SshConnection.open(endpoint, credential, timeouts, Deadline(timeouts.call))
        except ServerRefused as error:
            if not isinstance(error.__cause__, paramiko.AuthenticationException):
                raise
            raise InstallationFailed(
                f"{where} does not take this password or key: check it with ssh, and that "
                "sshd_config allows root to log in that way (PermitRootLogin)"
            ) from error
        try:
            yield cls(connection, timeouts)
        finally:
            connection.close()

    def run(self, script: str, *, stdin: bytes = b"", seconds: float = SCRIPT_SECONDS) -> str:
        """Run a shell script, which stops at its first error; its output.

        Raises:
            CommandFailed: it ended with an error.
            ServerUnavailable: the connection died, or time ran out.
        """
        command = f"sh -euc {shlex.quote(PRELUDE + script)}"
        output = self._connection.run(command, stdin, self._timeouts, Deadline(seconds))
        if output.exit_status != 0:
            said = (output.stderr or output.stdout).decode(errors="replace").strip()
            raise CommandFailed(said[-LAST_WORDS:] or f"status {output.exit_status}")
        return output.stdout.decode(errors="replace")

    def holds(self, script: str) -> bool:
        """Whether a script ends well."""
        try:
            self.run(script)
        except CommandFailed:
            return False
        return True

    def read(self, path: PurePosixPath) -> bytes | None:
        """A file's content; None where there is none."""
        with _in_words(path):
            try:
                with self._sftp.open(str(path), "rb") as file:
                    return file.read()
            except FileNotFoundError:
                return None

    def put(self, path: PurePosixPath, content: bytes, mode: int) -> bool:
        """Have a file of root's with this content, in place whole or not at all.

        Whether anything had to be changed.
        """
        if self.read(path) == content and self._mode(path) == mode:
            return False
        draft = path.with_name(f".{path.name}.wgshop-new")
        with _in_words(path):
            with self._sftp.open(str(draft), "wb") as file:
                file.chmod(mode)
                file.write(content)
            self._sftp.posix_rename(str(draft), str(path))
        return True

    def _mode(self, path: PurePosixPath) -> int:
        with _in_words(path):
            return stat.S_IMODE(self._sftp.stat(str(path)).st_mode or 0)

    @property
    def _sftp(self) -> paramiko.SFTPClient:
        if self._files is None:
            self._files = self._connection.files(self._timeouts)
        return self._files


@contextlib.contextmanager
def _in_words(path: PurePosixPath) -> Iterator[None]:
    """Turn what SFTP raises into our errors."""
    try:
        yield
    except (EOFError, TimeoutError, ConnectionError, paramiko.SSHException) as error:
        raise ServerUnavailable(f"the connection broke while {path} was handled") from error
    except OSError as error:
        raise CommandFailed(f"{path}: {error}") from error
