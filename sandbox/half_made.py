"""What a first start leaves half-made when it is interrupted is thrown away, not started from.

A database's own files say that they exist, not that they are whole. A mark beside them does: it
is set after the first successful start, and before it nobody's data can be in there.
"""

import shutil
from pathlib import Path


def discard_half_made(data: Path) -> None:
    """Remove a data file or directory that never came to its first successful start."""
    if _mark(data).exists():
        return
    for path in data.parent.glob(f"{data.name}*"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def mark_whole(data: Path) -> None:
    """The start succeeded: keep the data from now on."""
    _mark(data).touch()


def _mark(data: Path) -> Path:
    return data.with_name(f".{data.name}.whole")
