"""The credential that opens a bare machine once, and the machine's key that is confirmed first.

Neither a password nor a passphrase is ever an argument, a setting or a line in a log.
"""

import re
import sys
from pathlib import Path
from typing import NamedTuple, Self

import typer
from pydantic import SecretStr

from domain.errors import SettingsError
from infra.provisioning.root_session import fetch_host_key, load_bootstrap_key
from infra.ssh import Credential, SshEndpoint, SshTimeouts

SSH_PORT = 22
TARGET = re.compile(r"(?P<user>[^@\s]+)@(?P<host>\[[0-9a-fA-F:]+\]|[^:\s]+)(:(?P<port>\d{1,5}))?")


class Target(NamedTuple):
    """An account on a machine."""

    user: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `root@host` or `root@host:2222`. Raises `SettingsError`."""
        found = TARGET.fullmatch(text)
        if found is None:
            raise SettingsError(f"{text!r} is no machine: say root@HOST or root@HOST:PORT")
        port = int(found["port"] or SSH_PORT)
        return cls(found["user"], found["host"].strip("[]"), port)


class Login(NamedTuple):
    """How the operator proves to be root: by a file's key, else by a password."""

    key_file: Path | None = None
    password_file: Path | None = None

    def credential(self, target: Target) -> Credential:
        """Read it, or ask for it at the terminal. Raises `SettingsError`."""
        if self.key_file is not None:
            return self._key(self.key_file)
        if self.password_file is not None:
            return SecretStr(_first_line(self.password_file))
        return _ask(f"Password of {target.user}@{target.host}")

    def _key(self, path: Path) -> Credential:
        try:
            return load_bootstrap_key(path, None)
        except SettingsError:
            if not sys.stdin.isatty():
                raise
        return load_bootstrap_key(path, _ask(f"Passphrase of {path}, if it has one"))


def confirmed_endpoint(
    target: Target, timeouts: SshTimeouts, fingerprint: str | None, pinned: str | None
) -> SshEndpoint:
    """The machine with the key that the operator vouches for.

    Args:
        target: where it is.
        timeouts: for the look at its key.
        fingerprint: what was said in advance; None asks at the terminal.
        pinned: the key that the ledger knows already, which needs no other word.

    Raises:
        SettingsError: it is another key, or nobody is there to say so.
    """
    key = fetch_host_key(target.host, target.port, timeouts)
    shown = f"{key.get_name()} {key.get_base64()}"
    name = f"{target.host}:{target.port}"
    if shown != pinned:
        _confirm(name, key.fingerprint, fingerprint, is_new=pinned is None)
    return SshEndpoint(
        name=target.host, host=target.host, port=target.port, user=target.user, host_key=shown
    )


def _confirm(name: str, shown: str, expected: str | None, *, is_new: bool) -> None:
    change = "" if is_new else "This is another key than the one that the shop has pinned. "
    if expected is not None:
        if expected.strip() != shown:
            raise SettingsError(
                f"{name} shows the host key {shown}, not {expected}: another machine answers "
                "there, or the fingerprint is of another of its keys"
            )
        return
    typer.echo(f"{name} shows the host key\n    {shown}")
    typer.echo(
        f"{change}Compare it with the hoster's page, or with what the machine's own console says "
        "to `ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub`."
    )
    if not sys.stdin.isatty():
        raise SettingsError(f"nobody is here to confirm it: say --fingerprint {shown} if it is so")
    typer.confirm("Is it the same?", abort=True)


def _ask(what: str) -> SecretStr:
    if not sys.stdin.isatty():
        raise SettingsError("no credential: say --key-file or --password-file")
    return SecretStr(typer.prompt(what, hide_input=True, default="", show_default=False))


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").splitlines()[0]
    except (OSError, IndexError, UnicodeDecodeError):
        raise SettingsError(f"{path} cannot be read as a file with a password") from None
