"""An installation from its first step to its last; broken off anywhere, it is begun anew."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from domain.errors import InstallationFailed
from domain.obfuscation import TunnelTool
from infra.provisioning import steps
from infra.provisioning.installation import Installation, Machine
from infra.provisioning.root_session import CommandFailed, RootSession

Progress = Callable[[str], None]
"""Is told of each step that is done."""


class Step(NamedTuple):
    """One step: what it is for, how it is done, and what to do when it fails."""

    title: str
    act: Callable[[RootSession, Installation, Machine], str]
    advice: str


STEPS: Sequence[Step] = (
    Step(
        "packages",
        steps.install_packages,
        "see that `apt-get update` works on the machine: its network, its sources, its disk",
    ),
    Step(
        "WireGuard",
        steps.have_wireguard,
        "for AmneziaWG install its kernel module and tools first (see docs/server.md); for "
        "WireGuard take a machine with a kernel of its own, or whose distribution has wireguard-go",
    ),
    Step(
        "server-side program",
        steps.install_program,
        "it needs Python 3.8 or newer and a file system that may hold programs",
    ),
    Step("account", steps.make_account, "look at /etc/sudoers: it must include /etc/sudoers.d"),
    Step(
        "forwarding",
        steps.let_forward,
        "the machine may not forward packets: in a container, its host has to allow it",
    ),
    Step(
        "interface and firewall",
        steps.raise_interface,
        "the port may be taken (choose --endpoint-port), or the kernel lacks nftables",
    ),
    Step("saved peers", steps.restore_peers, "run this again; the peers' file is the truth"),
)


def look(root: RootSession, interface: str, tool: TunnelTool) -> Machine:
    """What the machine is, before anything is changed. Raises `InstallationFailed`."""
    try:
        return steps.look(root, interface, tool)
    except CommandFailed as failure:
        raise InstallationFailed(f"This machine cannot become a server: {failure}") from failure


def install(root: RootSession, wanted: Installation, machine: Machine, tell: Progress) -> None:
    """Make the machine what the ledger wants. Raises `InstallationFailed`."""
    for number, step in enumerate(STEPS, start=1):
        where = f"[{number}/{len(STEPS)}] {step.title}"
        try:
            tell(f"{where}: {step.act(root, wanted, machine)}")
        except CommandFailed as failure:
            raise InstallationFailed(
                f"{where} failed: {failure}\n"
                f"What to do: {step.advice}. Then run the same command again: it goes on from here."
            ) from failure


def uninstall(root: RootSession, wanted: Installation, machine: Machine) -> str:
    """Take it away again. Raises `InstallationFailed`."""
    try:
        return steps.take_away(root, wanted, machine)
    except CommandFailed as failure:
        raise InstallationFailed(f"The machine could not be cleaned: {failure}") from failure
