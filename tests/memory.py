"""Where tests keep what they throw away: in memory, where there is enough of it."""

import shutil
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")  # shared by design
GIBIBYTE = 2**30


def memory(gibibytes: int) -> Path | None:
    """A folder in memory with so much room; None where there is none, as in many containers."""
    if not SHARED_MEMORY.is_dir():
        return None
    return SHARED_MEMORY if shutil.disk_usage(SHARED_MEMORY).free > gibibytes * GIBIBYTE else None
