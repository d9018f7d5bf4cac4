"""Machines for tests to install things on; a conftest that wants them imports these fixtures."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.machines.bare_machine import BareImage, BareMachine, bare_machine, package_folder
from tests.machines.commands import answering_site, attempt
from tests.machines.network import WEB, WEB_V6, Network, small_internet

TOOLS = ("ip", "nft", "unshare", "nsenter", "sshd", "dpkg-deb", "wg-quick", "wireguard-go")
ROOM = 2**29
NEEDS = "needs root, namespaces, Debian's tools, and packages in .debs as `.ci/run` puts them there"


def can_make_machines() -> bool:
    """Whether bare machines can be made here."""
    if os.geteuid() != 0 or not all(map(shutil.which, TOOLS)) or package_folder() is None:
        return False
    return (
        attempt("unshare", "--mount", "--net", "mount", "-t", "tmpfs", "x", "/mnt").returncode == 0
    )


@pytest.fixture(scope="session")
def memory_folder() -> Iterator[Path]:
    """Where overlays may write: not on an overlay itself, as a container's own root is."""
    shm = Path("/dev/shm")
    is_roomy = shm.is_dir() and shutil.disk_usage(shm).free > ROOM
    with TemporaryDirectory(prefix="wgshop-machines-", dir=shm if is_roomy else None) as name:
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
    with small_internet() as network, answering_site(network.at(network.web), WEB, WEB_V6):
        yield network


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
