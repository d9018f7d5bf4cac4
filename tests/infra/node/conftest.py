"""The server-side program as a process, over the stand-in for `wg` and over a real interface."""

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from sandbox.node.tunnel import Tunnel, raise_tunnel

PROGRAM = Path("infra/node/wgshop_peer.py").resolve()
SYSTEM_PYTHON = Path("/usr/bin/python3")
PYTHON = str(SYSTEM_PYTHON) if SYSTEM_PYTHON.exists() else "python3"

REAL_INTERFACE = pytest.param(
    "real",
    marks=[
        pytest.mark.root,
        pytest.mark.skipif(
            os.geteuid() != 0 or not shutil.which("wg") or not shutil.which("ip"),
            reason="needs root and Debian's wireguard-tools, wireguard-go and iproute2",
        ),
    ],
)


LIMIT = re.compile(r"limit (\S+) \{\s*rate over (\d+) ([km]?)bytes/second")
FOUND = re.compile(r'([0-9a-f.:]+) : "((up|down)-\S+)"')
SCALE = {"": 1, "k": 1024, "m": 1024**2}


def key_number(number: int) -> str:
    """A well-formed key, the same at each call."""
    return base64.b64encode(number.to_bytes(32, "big")).decode()


def add_of(number: int, **changes: Any) -> dict[str, Any]:
    """A request to add the peer of that number, with addresses of its own."""
    request = {
        "op": "add",
        "public_key": key_number(number),
        "preshared_key": key_number(number + 10_000),
        "ipv4": f"10.66.{number // 250}.{number % 250 + 2}",
        "ipv6": f"fd66::{number + 2:x}",
        "revision": 1,
    }
    return {**request, **changes}


def remove_of(number: int, revision: int) -> dict[str, Any]:
    return {"op": "remove", "public_key": key_number(number), "revision": revision}


def sync_of(
    *adds: dict[str, Any],
    generation: int = 1,
    as_of: int = 0,
    departed: Sequence[dict[str, Any]] | None = None,
    strangers: str | None = None,
) -> dict[str, Any]:
    request = {
        "op": "sync",
        "generation": generation,
        "as_of": as_of,
        "peers": [_without_op(add) for add in adds],
    }
    if departed is not None:
        request["departed"] = [_without_op(one) for one in departed]
    if strangers is not None:
        request["strangers"] = strangers
    return request


def _without_op(request: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in request.items() if name != "op"}


class Node:
    """A server: an interface, the program, and its directory."""

    def __init__(self, tunnel: Tunnel, directory: Path) -> None:
        self.tunnel = tunnel
        self.state_dir = directory / "state"
        self.command = [PYTHON, "-IS", str(PROGRAM)]

    def ask_raw(
        self,
        stdin: bytes,
        *,
        wg: str | None = None,
        nft: str | None = None,
        patience: float = 20,
    ) -> Any:
        """Send bytes as they are; the reply, or None if the program died without one."""
        options = ["--wg", wg or self.tunnel.wg, "--nft", nft or self.tunnel.nft]
        options += ["--state-dir", str(self.state_dir)]
        done = subprocess.run(
            [*self.command, *options, "--patience", str(patience), self.tunnel.interface],
            input=stdin,
            capture_output=True,
            timeout=60,
            check=False,
        )
        return json.loads(done.stdout) if done.stdout else None

    def ask(self, request: dict[str, Any], **how: Any) -> Any:
        return self.ask_raw(json.dumps(request).encode(), **how)

    def kernel(self) -> dict[str, str]:
        """What the interface holds: allowed addresses by public key."""
        return {row[0]: row[3] for row in self.dump()[1:]}

    def dump(self) -> list[list[str]]:
        output = subprocess.check_output(
            [self.tunnel.wg, "show", self.tunnel.interface, "dump"], text=True
        )
        return [line.split("\t") for line in output.splitlines()]

    def limits(self) -> dict[str, dict[str, float]]:
        """What is in force: megabits a second by address and direction."""
        table = f"wgshop_limits_{self.tunnel.interface}"
        said = subprocess.run(
            [self.tunnel.nft, "list", "table", "inet", table],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        ).stdout
        rates = {
            name: int(rate) * SCALE[unit] / 125_000 for name, rate, unit in LIMIT.findall(said)
        }
        held: dict[str, dict[str, float]] = {}
        for address, name, way in FOUND.findall(said):
            held.setdefault(address, {})[way] = rates[name]
        assert {name for _, name, _ in FOUND.findall(said)} == set(rates), "one is in nobody's way"
        return held

    def lift_limits(self) -> None:
        """Take all limits off behind the program's back, as a firewall that is started anew."""
        table = f"inet wgshop_limits_{self.tunnel.interface}"
        text = f"add table {table}\ndelete table {table}\n"
        subprocess.run(
            [self.tunnel.nft, "-f", "/dev/stdin"], input=text, text=True, timeout=10, check=True
        )

    def forget(self, public_key: str) -> None:
        """Take a peer off the interface behind the program's back, as a reboot would."""
        arguments = ["set", self.tunnel.interface, "peer", public_key, "remove"]
        subprocess.run([self.tunnel.wg, *arguments], check=True)

    def add_by_hand(self, public_key: str, address: str) -> None:
        """Put a peer onto the interface past the program, as an operator might."""
        arguments = ["set", self.tunnel.interface, "peer", public_key, "allowed-ips", address]
        subprocess.run([self.tunnel.wg, *arguments], check=True, timeout=10)

    def saved(self) -> dict[str, str]:
        """What the file holds, in the kernel's form."""
        body = json.loads((self.state_dir / f"{self.tunnel.interface}.json").read_text())
        return {
            peer["public_key"]: f"{peer['ipv4']}/32,{peer['ipv6']}/128" for peer in body["peers"]
        }


@pytest.fixture(params=["stand-in", REAL_INTERFACE])
async def node(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Node]:
    interface = f"wgt{uuid4().hex[:8]}"
    tunnel = await raise_tunnel(interface, tmp_path, stand_in=request.param == "stand-in")
    yield Node(tunnel, tmp_path)
    await tunnel.close()
