"""The steps of an installation. Each looks first, changes only what differs, and says which."""

from pathlib import PurePosixPath

from pydantic import SecretStr

from domain.obfuscation import TunnelTool
from infra.provisioning.files import (
    authorized_keys_file,
    firewall_file,
    interface_file,
    sudoers_file,
    sysctl_file,
    unit_file,
)
from infra.provisioning.installation import (
    ACCOUNT,
    HOME,
    PROGRAM,
    SUDOERS,
    SYSCTL,
    Installation,
    Machine,
    folder_of,
    server_side_program,
)
from infra.provisioning.root_session import CommandFailed, RootSession

PACKAGES = ("nftables", "sudo", "python3", "iproute2", "procps")
APT = "apt-get -q -o DPkg::Lock::Timeout=300"
"""A machine that has just started updates itself, and holds apt's lock for minutes."""
APT_SECONDS = 900.0
PROBE = """
ip link delete dev wgshopprobe 2>/dev/null || true
ip link add dev wgshopprobe type wireguard
ip link delete dev wgshopprobe
"""
OURS = b"wgshop"
"""Stands in every interface file of ours, those of earlier releases' instructions included."""

LOOK = """
test "$(id -u)" = 0 || { echo "log in as root" >&2; exit 1; }
command -v apt-get >/dev/null || { echo "it is neither Debian nor Ubuntu" >&2; exit 1; }
. /etc/os-release
echo "$PRETTY_NAME"
test -d /run/systemd/system && echo yes || echo no
off=$(cat /proc/sys/net/ipv6/conf/all/disable_ipv6 2>/dev/null || echo 1)
test "$off" = 0 && echo yes || echo no
ip -6 route show default proto ra 2>/dev/null | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p' | head -n 1
"""


def look(root: RootSession, interface: str, tool: TunnelTool) -> Machine:
    """What the machine is, before anything is changed. Raises `CommandFailed`."""
    lines = [*root.run(LOOK).splitlines(), ""]
    folder = folder_of(tool)
    conf = root.read(folder / f"{interface}.conf")
    if conf is not None and OURS not in conf:
        raise CommandFailed(
            f"{folder / interface}.conf is there and not the shop's: choose another --interface"
        )
    key = root.read(folder / f"{interface}.key")
    return Machine(
        system=lines[0],
        has_systemd=lines[1] == "yes",
        has_ipv6=lines[2] == "yes",
        ipv6_uplink=lines[3],
        private_key=None if key is None else SecretStr(key.decode().strip()),
    )


def install_packages(root: RootSession, wanted: Installation, _: Machine) -> str:
    """What the server needs of its distribution."""
    needed = PACKAGES + (("wireguard-tools",) if wanted.tool is TunnelTool.WG else ())
    missing = _missing(root, needed)
    if missing:
        _apt_install(root, missing)
    return f"installed {' '.join(missing)}" if missing else "all there"


def have_wireguard(root: RootSession, wanted: Installation, _: Machine) -> str:
    """The kernel's WireGuard, else the distribution's in userspace; AmneziaWG must be there."""
    if wanted.tool is TunnelTool.AWG:
        root.run("command -v awg awg-quick >/dev/null")
        return "AmneziaWG's tools are there"
    if root.holds(PROBE):
        return "the kernel's"
    if _missing(root, ("wireguard-go",)):
        _apt_install(root, ["wireguard-go"])
    return "in userspace (wireguard-go): this kernel has none, so it will be slower"


def install_program(root: RootSession, _: Installation, __: Machine) -> str:
    """The server-side program: root's own, and in place whole or not at all."""
    changed = root.put(PROGRAM, server_side_program(), 0o755)
    version = root.run(f"{PROGRAM} --version").strip()
    return f"version {version} {'installed' if changed else 'is there'}"


def make_account(root: RootSession, wanted: Installation, _: Machine) -> str:
    """The account that the shop's key opens, and the one command that it may run.

    Without a password of `*` sshd takes it for locked where PAM is off. All is root's, so that
    the shop's key cannot change what it opens.
    """
    root.run(
        f"getent passwd {ACCOUNT} >/dev/null || "
        f"useradd --system --home-dir {HOME} --shell /bin/sh --password '*' {ACCOUNT}\n"
        f"install --directory --owner=root --mode=0755 {HOME} {HOME}/.ssh"
    )
    changed = root.put(HOME / ".ssh" / "authorized_keys", authorized_keys_file(wanted), 0o644)
    draft = PurePosixPath("/etc/wgshop-sudoers.new")  # sudo reads every file in its own folder
    root.put(draft, sudoers_file(wanted), 0o440)
    root.run(f"visudo -q -c -f {draft} && mv {draft} {SUDOERS}")
    return f"{ACCOUNT}, {'made' if changed else 'as before'}"


def let_forward(root: RootSession, _: Installation, machine: Machine) -> str:
    """Packets pass from the tunnel to the world, now and after a boot."""
    changed = root.put(SYSCTL, sysctl_file(machine), 0o644)
    root.run(f"sysctl -q -p {SYSCTL}")
    families = "IPv4 and IPv6" if machine.has_ipv6 else "IPv4 (the machine has no IPv6)"
    return f"{families}, {'turned on' if changed else 'as before'}"


def raise_interface(root: RootSession, wanted: Installation, machine: Machine) -> str:
    """The interface with its firewall; one that is up is left alone unless its file changes."""
    conf, key = interface_file(wanted, machine), wanted.private_key.get_secret_value() + "\n"
    files = (root.read(wanted.conf_file), root.read(wanted.key_file))
    is_whole = files == (conf, key.encode()) and root.holds(_whole(wanted))
    if not is_whole:
        root.run(_stopping(wanted, machine))
    root.run(f"install --directory --mode=0700 {wanted.folder}")
    root.put(wanted.key_file, key.encode(), 0o600)
    root.put(wanted.firewall_file, firewall_file(wanted), 0o600)
    root.put(wanted.conf_file, conf, 0o600)
    if is_whole:
        root.run(f"nft -f {wanted.firewall_file}")
        return f"{wanted.interface} is up"
    root.run(_starting(wanted, machine))
    return f"{wanted.interface} raised"


def restore_peers(root: RootSession, wanted: Installation, machine: Machine) -> str:
    """The saved peers are on the interface, now and after each boot."""
    root.put(wanted.unit_file, unit_file(wanted), 0o644)
    if machine.has_systemd:
        root.run(
            f"systemctl daemon-reload\n"
            f"systemctl enable -q {wanted.quick}@{wanted.interface} {wanted.unit}"
        )
    root.run(f"""printf '{{"op": "apply"}}' | {wanted.program_call}\nsync""")
    if machine.has_systemd:
        return f"{wanted.unit} will do it at each boot"
    return (
        "done, but there is no systemd here: have "
        f"`{wanted.quick} up {wanted.interface}` and then "
        f"""`printf '{{"op": "apply"}}' | {wanted.program_call}` run at each boot"""
    )


def take_away(root: RootSession, wanted: Installation, machine: Machine) -> str:
    """Undo all of it, save the packages and the saved peers' file."""
    root.run(_stopping(wanted, machine))
    if machine.has_systemd:
        root.run(f"systemctl disable -q {wanted.quick}@{wanted.interface} {wanted.unit} || true")
    gone = (
        *(wanted.conf_file, wanted.key_file, wanted.firewall_file, wanted.unit_file),
        *(PROGRAM, SUDOERS, SYSCTL, HOME / ".ssh" / "authorized_keys"),
    )
    root.run(f"rm -f {' '.join(map(str, gone))}")
    root.run(f"nft delete table inet {wanted.limits_table} 2>/dev/null || true")
    return "interface, program, account's key and firewall are gone"


def _missing(root: RootSession, packages: tuple[str, ...]) -> list[str]:
    found = root.run(
        f"dpkg-query --show --showformat='${{Package}} ${{Status}}\\n' {' '.join(packages)} "
        "2>/dev/null || true"
    )
    there = {line.split()[0] for line in found.splitlines() if line.endswith(" installed")}
    return [name for name in packages if name not in there]


def _apt_install(root: RootSession, packages: list[str]) -> None:
    install = f"{APT} install --yes --no-install-recommends {' '.join(packages)} </dev/null"
    root.run(f"{APT} update </dev/null\n{install}", seconds=APT_SECONDS)


def _starting(wanted: Installation, machine: Machine) -> str:
    if machine.has_systemd:
        return f"systemctl restart {wanted.quick}@{wanted.interface}"
    # A daemon of its own (wireguard-go) would keep the session open by its outputs.
    log = f"/run/{wanted.quick}-{wanted.interface}.log"
    up = f"{wanted.quick} up {wanted.interface}"
    return f"{up} </dev/null >{log} 2>&1 || {{ cat {log} >&2; exit 1; }}"


def _whole(wanted: Installation) -> str:
    """Holds when the interface is up to its last hook: one that was broken off may lack any."""
    show, interface = f"{wanted.tool} show {wanted.interface}", wanted.interface
    return (
        f"""test "$({show} public-key)" = {wanted.public_key}\n"""
        f"""test "$({show} listen-port)" = {wanted.listen_port}\n"""
        f"ip -4 address show dev {interface} up | grep -qF ' {wanted.ipv4} '\n"
        f"nft list table inet {wanted.firewall_table} >/dev/null"
    )


def _stopping(wanted: Installation, machine: Machine) -> str:
    """Whatever there is of the interface, however it came to be, is gone."""
    exists = f"ip link show dev {wanted.interface} >/dev/null 2>&1"
    stop = f"systemctl stop {wanted.quick}@{wanted.interface}" if machine.has_systemd else "true"
    # Its own hooks fail where they find nothing to undo.
    return (
        f"if {exists}; then {stop} || true; fi\n"
        f"if {exists}; then {wanted.quick} down {wanted.interface} </dev/null || true; fi\n"
        f"if {exists}; then ip link delete dev {wanted.interface}; fi"
    )
