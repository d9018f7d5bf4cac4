"""Kills the program at each of its lines in turn: `python reaper.py DIRECTORY REQUEST AFTERWARDS`.

One process for each death, forked from here so that each costs little; the interface is a file, so
that it outlives them. What was seen is printed, a line of JSON for each death.
"""

import json
import os
import shutil
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from infra.node import wgshop_peer
from infra.node.wgshop_peer import Guest, Peer, Program, State, parse_request

DECIDING = {"_change", "_apply"}
"""What comes before these has touched nothing."""


class KernelFile:
    """An interface whose peers are in a file, each write of it whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def peers(self) -> dict[str, str]:
        return dict(json.loads(self._path.read_text())) if self._path.exists() else {}

    def hold(self, peer: Peer, _lock: int) -> None:
        self._write({**self.peers(), peer.public_key: peer.allowed_ips})

    def drop(self, public_key: str, _lock: int) -> None:
        self._write({key: value for key, value in self.peers().items() if key != public_key})

    def guests(self, _state: State) -> list[Guest]:
        return []

    def become(self, peers: list[Peer], _lock: int, _guests: object = ()) -> None:
        self._write({peer.public_key: peer.allowed_ips for peer in peers})

    def _write(self, peers: dict[str, str]) -> None:
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps(peers))
        draft.replace(self._path)


class TableFile:
    """Limits in a file of the same kind."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def speeds(self) -> dict[str, int]:
        return dict(json.loads(self._path.read_text())) if self._path.exists() else {}

    def amend(self, peer: Peer, speed: int | None, _peers: list[Peer], _lock: int) -> None:
        others = {key: each for key, each in self.speeds().items() if key != peer.ipv4}
        self._write(others if speed is None else {**others, peer.ipv4: speed})

    def become(self, peers: list[Peer], _lock: int) -> None:
        self._write({peer.ipv4: peer.speed_mbit for peer in peers if peer.speed_mbit is not None})

    def _write(self, speeds: dict[str, int]) -> None:
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps(speeds))
        draft.replace(self._path)


class Mortal:
    """The program over that interface, in a directory that can be put back."""

    def __init__(self, directory: Path) -> None:
        self._now, self._kept = directory / "now", directory / "kept"
        self.kernel = KernelFile(self._now / "kernel.json")
        self.table = TableFile(self._now / "table.json")
        self.program = Program("wg0", "wg", "nft", self._now, patience=0)
        self.program._interface, self.program._limits = self.kernel, self.table

    def answer(self, request: bytes) -> dict[str, Any]:
        return self.program.answer(parse_request(request))

    def saved(self) -> dict[str, str]:
        peers = self.program._file.load().peers
        return {key: peer.allowed_ips for key, peer in peers.items()}

    def speeds(self) -> dict[str, int]:
        """As the file has them."""
        peers = self.program._file.load().peers.values()
        return {peer.ipv4: peer.speed_mbit for peer in peers if peer.speed_mbit is not None}

    def keep(self) -> None:
        shutil.copytree(self._now, self._kept)

    def put_back(self) -> None:
        shutil.rmtree(self._now)
        shutil.copytree(self._kept, self._now)

    def dies_at(self, line: int, request: bytes) -> bool:
        """Whether the program was killed there; past its last line it lives."""
        child = os.fork()
        if child == 0:
            sys.settrace(_killer(line))
            self.answer(request)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        return os.WIFSIGNALED(status)


def _killer(line_of_death: int) -> Any:
    lines = 0
    program = wgshop_peer.__file__

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal lines
        code = frame.f_code
        if code.co_filename != program or not (lines or code.co_name in DECIDING):
            return None
        if event == "line":
            lines += 1
            if lines == line_of_death:
                os.kill(os.getpid(), 9)
        return trace

    return trace


def main(directory: Path, request: bytes, afterwards: bytes) -> None:
    """Tell, for each death, what the file held, and what file and interface hold afterwards."""
    mortal = Mortal(directory)
    for held in json.loads(sys.stdin.read()):
        mortal.answer(json.dumps(held).encode())
    mortal.keep()
    line = 1
    while mortal.dies_at(line, request):
        at_death = sorted(mortal.saved())
        mortal.answer(afterwards)
        seen = {"line": line, "at_death": at_death, "kernel": mortal.kernel.peers()}
        wanted = {"saved": mortal.saved(), "speeds": mortal.speeds()}
        held = {"held_speeds": mortal.table.speeds()}
        sys.stdout.write(json.dumps({**seen, **wanted, **held}) + "\n")
        mortal.put_back()
        line += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2].encode(), sys.argv[3].encode())
