"""A shop's ledger and command line, beside a bare machine on a small internet."""

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

from infra.keyring import KeyRing
from infra.postgres.fleet import Fleet
from infra.postgres.pool import Pool
from tests.infra.wireguard.conftest import write_key
from tests.machines.bare_machine import (
    PASSWORD,
    BareImage,
    BareMachine,
    bare_machine,
    package_folder,
)
from tests.machines.network import WEB, Network, small_internet

WGSHOP = Path(sysconfig.get_path("scripts")) / "wgshop"
TOOLS = ("ip", "nft", "unshare", "nsenter", "sshd", "dpkg-deb")
NEEDS = "needs root, Debian's tools, and packages in .debs as `.ci/run` puts them there"


def can_make_machines() -> bool:
    """Whether bare machines can be made here."""
    return os.geteuid() == 0 and all(map(shutil.which, TOOLS)) and package_folder() is not None


@pytest.fixture(scope="session")
def memory_folder() -> Iterator[Path]:
    """Where overlays may write: not on an overlay itself, as a container's own root is."""
    shm = Path("/dev/shm")
    with TemporaryDirectory(prefix="wgshop-machines-", dir=shm if shm.is_dir() else None) as name:
        yield Path(name)


@pytest.fixture(scope="session")
def bare_image(memory_folder: Path) -> BareImage:
    """Debian without anything that a VPN server needs."""
    packages = package_folder()
    assert packages is not None
    return BareImage(memory_folder / "bare", packages)


@pytest.fixture(scope="session")
def equipped_image(memory_folder: Path) -> BareImage:
    """The same with all packages, for tests that are not about them."""
    packages = package_folder()
    assert packages is not None
    return BareImage(memory_folder / "equipped", packages, taken_away=())


@pytest.fixture
def network() -> Iterator[Network]:
    """With a site far away that answers DNS."""
    with small_internet() as network:
        site = Path("tests/machines/site.py").resolve()
        command = network.at(network.web, "/usr/bin/python3", "-IS", str(site), WEB)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield network
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def bare(bare_image: BareImage, network: Network, memory_folder: Path) -> Iterator[BareMachine]:
    """A machine without packages."""
    with bare_machine(bare_image, memory_folder / network.run_id, network) as machine:
        yield machine


@pytest.fixture
def machine(
    equipped_image: BareImage, network: Network, memory_folder: Path
) -> Iterator[BareMachine]:
    """A machine with the packages."""
    with bare_machine(equipped_image, memory_folder / network.run_id, network) as machine:
        yield machine


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
