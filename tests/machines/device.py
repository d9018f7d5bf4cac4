"""A customer's device somewhere on the small internet, which uses the file as it was delivered."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.machines.commands import attempt, child_of, run
from tests.machines.network import Network

SWITCHED_ON = """
set -eu
mount -t tmpfs tmpfs /run
touch /run/hosts
mount --bind /run/hosts /etc/hosts
echo on
exec sleep infinity
"""
RESOLVCONF = "#!/bin/sh\ncat > /run/resolvconf.said 2>/dev/null || true\n"
"""wg-quick hands the file's DNS servers to this; what it is told lies there to be read."""
FETCH = (
    "import sys, urllib.request as net;"
    "opener = net.build_opener(net.ProxyHandler({}));"
    "sys.stdout.write(opener.open(sys.argv[1], timeout=float(sys.argv[2])).read().decode())"
)
EXCHANGE = (
    "import sys, time, urllib.request as net;"
    "opener = net.build_opener(net.ProxyHandler({}));"
    "data = bytes(int(sys.argv[2])) or None;"
    "began = time.monotonic();"
    "opener.open(sys.argv[1], data, timeout=float(sys.argv[3])).read();"
    "sys.stdout.write(str(time.monotonic() - began))"
)
PATIENCE, HASTE = "10", "1.5"


class Device:
    """A device with wg-quick."""

    def __init__(self, folder: Path, process: subprocess.Popen[str]) -> None:
        self._folder = folder
        self._process = process

    def connect(self, name: str, config: bytes) -> None:
        """Raise the tunnel from a delivered file, as it is."""
        path = self._folder / name
        path.touch(mode=0o600)
        path.write_bytes(config)
        log = self._folder / "wg-quick.log"
        # wireguard-go stays and would keep a pipe open: its words go to a file.
        up = f"PATH={self._folder}:$PATH wg-quick up {path} >{log} 2>&1 || {{ cat {log}; exit 1; }}"
        self._run("sh", "-c", up)

    def learns(self, name: str, address: str) -> None:
        """The name leads there from now on."""
        self._run("sh", "-c", f"echo {address} {name} > /etc/hosts")

    def disconnect(self, name: str) -> None:
        """Take the tunnel down."""
        self._run("sh", "-c", f"PATH={self._folder}:$PATH wg-quick down {self._folder / name} 2>&1")

    def asks_dns(self) -> str:
        """What the file told the device about names."""
        return self._run("cat", "/run/resolvconf.said")

    def fetch(self, url: str) -> str:
        """A page, which must come."""
        return self._run("/usr/bin/python3", "-IS", "-c", FETCH, url, PATIENCE)

    def seconds_to_get(self, site: str, size: int) -> float:
        """How long so many bytes take from there."""
        return self._exchanges(f"{site}bytes/{size}", 0)

    def seconds_to_give(self, site: str, size: int) -> float:
        """How long so many bytes take to there."""
        return self._exchanges(site, size)

    def _exchanges(self, url: str, size: int) -> float:
        exchange = ("/usr/bin/python3", "-IS", "-c", EXCHANGE, url, str(size), "30")
        return float(self._run(*exchange))

    def reaches(self, url: str) -> bool:
        """Whether a page comes soon."""
        fetch = ("/usr/bin/python3", "-IS", "-c", FETCH, url, HASTE)
        return attempt(*self.entrance, *fetch).returncode == 0

    def _run(self, *command: str) -> str:
        return run(*self.entrance, *command)

    @property
    def entrance(self) -> tuple[str, ...]:
        """The command that runs another one on it."""
        return ("nsenter", "--target", child_of(self._process), "--all")


@contextmanager
def device_at(network: Network, place: str, folder: Path) -> Iterator[Device]:
    """A device that is switched on until the block ends."""
    folder.mkdir()
    resolvconf = folder / "resolvconf"
    resolvconf.write_text(RESOLVCONF)
    resolvconf.chmod(0o755)
    isolated = ("unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")
    process = subprocess.Popen(
        [*network.at(place, *isolated), "sh", "-c", SWITCHED_ON],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "on\n"
        yield Device(folder, process)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        shutil.rmtree(folder)
