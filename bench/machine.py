"""The machine that the numbers belong to, and what else it was doing."""

import os
import platform
from pathlib import Path

import psutil


def machine() -> str:
    """One line about the hardware and the software."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{_processor()}, {os.cpu_count()} processors, {memory:.0f} GiB; "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def load_now() -> str:
    """The load average as `uptime` says it: how many wanted to run, ours and others'."""
    return "load average " + ", ".join(f"{value:.2f}" for value in os.getloadavg())


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
