"""Who used the processors: the shop's processes, the sandboxes, and the driver itself."""

import contextlib
import os
from collections.abc import Mapping
from time import perf_counter
from typing import NamedTuple

import psutil

from sandbox.shop import EmbeddedShop

DRIVER = "driver"


class Usage(NamedTuple):
    """CPU seconds by process within a stretch of time."""

    seconds: float
    cpu: Mapping[str, float]

    @property
    def total(self) -> float:
        """The CPU seconds of all."""
        return sum(self.cpu.values())

    @property
    def load(self) -> float:
        """How many processors were busy with us, on average."""
        return self.total / self.seconds


class ProcessorMeter:
    """Reads the CPU time of each part of an embedded shop, with its children."""

    def __init__(self, shop: EmbeddedShop) -> None:
        self._pids = {name: child.pid for name, child in shop.children.items()}
        postmaster = (shop.plan.data / "postgres" / "postmaster.pid").read_text(encoding="ascii")
        self._pids["postgres"] = int(postmaster.split("\n", 1)[0])
        self._began = perf_counter()
        self._before = self._read()

    def lap(self) -> Usage:
        """What was used since the meter was made, or since the last lap."""
        now, after = perf_counter(), self._read()
        used = {name: after[name] - self._before[name] for name in after}
        usage = Usage(now - self._began, used)
        self._began, self._before = now, after
        return usage

    def _read(self) -> dict[str, float]:
        times = {name: _tree_seconds(psutil.Process(pid)) for name, pid in self._pids.items()}
        own = psutil.Process(os.getpid()).cpu_times()
        return {**times, DRIVER: own.user + own.system}


def _tree_seconds(root: psutil.Process) -> float:
    """CPU time of a process, its descendants, and those of them that have ended already."""
    total = 0.0
    for process in (root, *root.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:4])  # own user and system, and of reaped children
    return total
