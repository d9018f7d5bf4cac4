"""Machines for tests to install things on; a conftest that wants them imports these fixtures."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.machines.bare_machine import (
    TAKEN_AWAY,
    BareImage,
    BareMachine,
    bare_machine,
    package_folder,
)
from tests.machines.commands import answering_site, attempt
from tests.machines.network import WEB, WEB_V6, Network, small_internet
from tests.memory import memory

TOOLS = ("ip", "nft", "unshare", "nsenter", "sshd", "dpkg", "wg-quick", "wireguard-go", "sudo")
NEEDS = "needs root, namespaces, and the Debian packages that `.ci/run` installs"
NEEDS_PACKAGES = "needs Debian packages in .debs, where `.ci/run` puts them"


def can_make_machines() -> bool:
    """Whether bare machines can be made here."""
    if os.geteuid() != 0 or not all(map(shutil.which, TOOLS)):
        return False
    return (
        attempt("unshare", "--mount", "--net", "mount", "-t", "tmpfs", "x", "/mnt").returncode == 0
    )


@pytest.fixture(scope="session")
def memory_folder() -> Iterator[Path]:
    """Where overlays may write: not on an overlay itself, as a container's own root is."""
    with TemporaryDirectory(prefix="wgshop-machines-", dir=memory(gibibytes=1)) as name:
        yield Path(name)


@pytest.fixture(scope="session")
def bare_image(memory_folder: Path) -> BareImage:
    """Debian without anything that a VPN server needs."""
    return BareImage(memory_folder / "bare", package_folder(), TAKEN_AWAY)


@pytest.fixture(scope="session")
def equipped_image(memory_folder: Path) -> BareImage:
    """The same with all packages, for tests that are not about them."""
    return BareImage(memory_folder / "equipped")


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
