"""A shop's ledger and command line, beside a bare machine on a small internet."""

import os
import select
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

from infra.keyring import KeyRing
from infra.postgres.fleet import Fleet
from infra.postgres.pool import Pool
from tests.infra.wireguard.conftest import write_key
from tests.machines.bare_machine import PASSWORD, BareMachine
from tests.machines.fixtures import (
    bare,
    bare_image,
    equipped_image,
    machine,
    memory_folder,
    network,
)
from tests.machines.network import WEB

__all__ = ["bare", "bare_image", "equipped_image", "machine", "memory_folder", "network"]

WGSHOP = Path(sysconfig.get_path("scripts")) / "wgshop"


@dataclass(frozen=True)
class Operator:
    """Someone at a shell, with the shop's settings."""

    environment: dict[str, str]
    password_file: Path

    def says(self, *words: str) -> "Outcome":
        """Run `wgshop server ...` to its end."""
        with self.starts(*words) as process:
            output, _ = process.communicate(timeout=120)
        return Outcome(process.returncode, output)

    def starts(self, *words: str) -> subprocess.Popen[str]:
        """Run `wgshop server ...`."""
        return subprocess.Popen(
            [WGSHOP, "server", *words],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @contextmanager
    def at_a_terminal(self, *words: str) -> Iterator["Terminal"]:
        """Run `wgshop server ...` by hand."""
        process, screen = os.forkpty()
        if process == 0:
            os.execve(WGSHOP, ["wgshop", "server", *words], self.environment)
        yield Terminal(screen)
        os.close(screen)
        os.waitpid(process, 0)

    def adding(self, machine: BareMachine, *options: str) -> tuple[str, ...]:
        """The words of `add`, after a look at the fingerprint on the machine's console."""
        return (
            *("add", f"root@{machine.network.address}", "--location", "nl", "--dns", WEB),
            *("--fingerprint", machine.host_fingerprint),
            *("--password-file", str(self.password_file), *options),
        )

    def adds(self, machine: BareMachine, *options: str) -> "Outcome":
        """Run `wgshop server add`."""
        return self.says(*self.adding(machine, *options))


@dataclass(frozen=True)
class Terminal:
    """What a person sees and types."""

    screen: int

    def reads_until(self, words: str) -> str:
        """All that is said until these words appear."""
        said = b""
        while words.encode() not in said:
            ready, _, _ = select.select([self.screen], [], [], 60)
            assert ready, f"nothing more after {said!r}"
            said += os.read(self.screen, 1024)
        return said.decode()

    def types(self, words: str) -> None:
        """With the Enter key."""
        os.write(self.screen, f"{words}\n".encode())


class Outcome(NamedTuple):
    """How a command ended."""

    code: int
    output: str


@pytest.fixture
def operator(database_url: str, tmp_path: Path) -> Operator:
    write_key(tmp_path / "shop")
    password = tmp_path / "password"
    password.write_text(f"{PASSWORD}\n")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "DATABASE_URL": database_url,
        "ENCRYPTION_KEYS": KeyRing.generate_entry("test"),
        "VPN_SSH_KEY_FILE": str(tmp_path / "shop"),
    }
    return Operator(environment, password)


@pytest.fixture
def fleet(pool: Pool, operator: Operator) -> Fleet:
    return Fleet(pool, KeyRing.parse(operator.environment["ENCRYPTION_KEYS"]))
