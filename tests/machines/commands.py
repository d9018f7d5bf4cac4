"""Commands for the test's machines: to their end, or with their words."""

import subprocess
from pathlib import Path

SECONDS = 60


def run(*arguments: str | Path, stdin: str = "") -> str:
    """A command's output. Raises `AssertionError` with what it said when it fails."""
    done = attempt(*arguments, stdin=stdin)
    assert done.returncode == 0, f"{' '.join(map(str, arguments))}: {done.stdout}{done.stderr}"
    return done.stdout


def attempt(*arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """A command's end, whatever it is."""
    return subprocess.run(
        list(map(str, arguments)),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
