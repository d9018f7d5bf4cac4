"""A rented machine as it is handed over: Debian, SSH with root's password, nothing else.

It is this machine's own file system under an overlay, from which the packages in question were
taken away, in namespaces of its own: what is done to it is gone with it. systemd is played by a
short script that does what ours needs of it.
"""

import os
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.machines.commands import child_of, run
from tests.machines.network import Network

TAKEN_AWAY = ("wireguard-tools", "wireguard-go", "nftables", "sudo")
PASSWORD = "correct horse battery"
BOOT_SECONDS = 60.0

STRIP = """
set -eu
mount -t overlay overlay -o lowerdir=/,upperdir="$1",workdir="$2" "$3"
mount -t proc proc "$3/proc"
mount --rbind /dev "$3/dev"
cp -r "$4" "$3/srv/debs"
chroot "$3" sh -eu <<'INSIDE'
exec >/dev/null
export SUDO_FORCE_REMOVE=yes
PURGE 2>&1
rm -rf /var/lib/man-db/auto-update /var/lib/wgshop /etc/wireguard /root/.ssh
rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/* /var/lib/apt/lists/*
echo 'deb [trusted=yes] file:/srv/debs ./' > /etc/apt/sources.list
printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
rm -rf /etc/ssh/sshd_config.d /etc/ssh/ssh_host_*
cat > /etc/ssh/sshd_config <<'CONFIG'
PermitRootLogin yes
PasswordAuthentication yes
UsePAM no
Subsystem sftp internal-sftp
CONFIG
echo 'root:PASSWORD' | chpasswd
INSIDE
"""

BOOT = """
set -eu
mount -t overlay overlay -o lowerdir="$1":/,upperdir="$2",workdir="$3" "$4"
cd "$4"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mkdir -p run/sshd
test "$5" = no || mkdir -p run/systemd/system
test "$5" = no || cp "$6" usr/local/bin/systemctl
chroot . sh -eu <<'INSIDE'
exec >/run/boot.log 2>&1
test -e /etc/ssh/ssh_host_ed25519_key ||
    ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
sysctl -q -w net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
test ! -e /etc/sysctl.d/60-wgshop.conf || sysctl -q -p /etc/sysctl.d/60-wgshop.conf
test ! -d /run/systemd/system || systemctl boot
INSIDE
echo booted
exec chroot . /usr/sbin/sshd -D -e 2>run/sshd.log
"""

SYSTEMCTL = r"""#!/bin/sh
# What wgshop needs of systemd: units that are enabled are started at a boot, in their order.
set -eu
enabled=/etc/systemd/enabled
start() {
    unit=${1%.service}
    case $unit in
        wg-quick@*) wg-quick up "${unit#*@}" </dev/null >/run/wg-quick.log 2>&1 ;;
        *)
            file=/etc/systemd/system/$unit.service
            call=$(sed -n 's/^ExecStart=//p' "$file")
            sed -n 's/^StandardInputText=//p' "$file" | $call
            ;;
    esac
}
verb=$1
shift
test "${1:-}" != -q || shift
case $verb in
    daemon-reload) ;;
    enable) for unit; do grep -qsx "$unit" $enabled || echo "$unit" >> $enabled; done ;;
    disable) for unit; do sed -i "/^$unit\$/d" $enabled; done ;;
    stop) ! ip link show "${1#*@}" >/dev/null 2>&1 || wg-quick down "${1#*@}" </dev/null ;;
    restart) "$0" stop "$1"; start "$1" ;;
    boot) test ! -e $enabled || while read -r unit; do start "$unit"; done < $enabled ;;
    *) echo "no systemd here knows $verb" >&2; exit 1 ;;
esac
"""


def package_folder() -> Path | None:
    """Where `.ci/run` put the packages that a bare machine is to install, if it did."""
    folder = Path(os.environ.get("WGSHOP_DEBS", ".debs"))
    found = folder.glob("*.deb") if folder.is_dir() else ()
    names = {path.name.split("_")[0] for path in found}
    return folder.resolve() if names >= set(TAKEN_AWAY) else None


def make_archive(packages: Path | None, archive: Path) -> None:
    """Copy the packages and write the index that apt reads."""
    archive.mkdir()
    entries = []
    for path in packages.glob("*.deb") if packages else ():
        (archive / path.name).write_bytes(path.read_bytes())
        digest = run("sha256sum", path).split()[0]
        control = run("dpkg-deb", "--field", path).strip()
        size = path.stat().st_size
        entries.append(f"{control}\nFilename: ./{path.name}\nSize: {size}\nSHA256: {digest}\n")
    (archive / "Packages").write_text("\n".join(entries))


class BareImage:
    """The layer that makes this machine bare; made once, shared by all machines."""

    def __init__(
        self, folder: Path, packages: Path | None = None, taken_away: Sequence[str] = ()
    ) -> None:
        """Take these packages away, to be installed again from where they are at hand."""
        self.folder = folder
        for name in ("bare", "work", "root"):
            (folder / name).mkdir(parents=True)
        make_archive(packages, folder / "debs")
        purge = f"dpkg --no-triggers --purge --force-depends {' '.join(taken_away)}"
        script = STRIP.replace("PURGE", purge if taken_away else "true")
        script = script.replace("PASSWORD", PASSWORD)
        paths = [folder / name for name in ("bare", "work", "root", "debs")]
        run("unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", *paths)


class BareMachine:
    """One machine; what is changed on it outlives a reboot and ends with the test."""

    def __init__(
        self, image: BareImage, folder: Path, network: Network, *, has_systemd: bool
    ) -> None:
        self.network = network
        self.folder = folder
        self._image = image
        self._has_systemd = has_systemd
        for name in ("upper", "work", "root"):
            (folder / name).mkdir(parents=True)
        (folder / "systemctl").write_text(SYSTEMCTL)
        (folder / "systemctl").chmod(0o755)
        self._process: subprocess.Popen[str] | None = None

    @property
    def host_fingerprint(self) -> str:
        """What its console says of its host key."""
        shown = self.inside("ssh-keygen", "-l", "-f", "/etc/ssh/ssh_host_ed25519_key.pub")
        return shown.split()[1]

    def boot(self) -> None:
        """Start it, and wait until its SSH listens."""
        names = ("upper", "work", "root")
        self._process = subprocess.Popen(
            [
                *self.network.at(self.network.vps, "unshare", "--mount", "--pid", "--fork"),
                *("--kill-child", "--propagation", "private", "sh", "-c", BOOT, "sh"),
                str(self._image.folder / "bare"),
                *(str(self.folder / name) for name in names),
                "yes" if self._has_systemd else "no",
                str(self.folder / "systemctl"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        timer = threading.Timer(BOOT_SECONDS, self._process.kill)
        timer.start()
        said = self._process.stdout.readline()
        timer.cancel()
        assert said == "booted\n", "the machine did not boot"
        self._until_ssh_answers()

    def power_off(self) -> None:
        """End everything on it at once; its interfaces and its firewall go with it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
        run(*self.network.at(self.network.vps, "nft", "flush", "ruleset"))

    def changed_files(self) -> dict[str, bytes]:
        """Every file on its disk that is not as it was handed over."""
        disk = self.folder / "upper"
        paths = [path for path in disk.rglob("*") if path.is_file() and not path.is_symlink()]
        return {f"/{path.relative_to(disk)}": path.read_bytes() for path in paths}

    def inside(self, *command: str) -> str:
        """Run a command on it, not by SSH."""
        return run(*self.entrance, *command)

    @property
    def entrance(self) -> tuple[str, ...]:
        """The command that runs another one inside."""
        assert self._process is not None
        return ("nsenter", "--target", child_of(self._process), "--all", "--root", "--wd=/")

    def _until_ssh_answers(self) -> None:
        probe = f"until exec 3<>/dev/tcp/{self.network.address}/22; do :; done"
        run("timeout", "20", "bash", "-c", f"{{ {probe}; }} 2>/dev/null")


@contextmanager
def bare_machine(
    image: BareImage, folder: Path, network: Network, *, has_systemd: bool = True
) -> Iterator[BareMachine]:
    """A machine that has just been handed over, until the block ends."""
    machine = BareMachine(image, folder, network, has_systemd=has_systemd)
    machine.boot()
    try:
        yield machine
    finally:
        machine.power_off()
