"""Commands for the test's machines: to their end, or with their words."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

SECONDS = 60
SITE = Path(__file__).with_name("site.py").resolve()


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


def child_of(process: subprocess.Popen[str]) -> str:
    """The process id of the one child, whose namespaces are of its own."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return children.split()[0]


@contextmanager
def answering_site(entrance: Sequence[str], *addresses: str) -> Iterator[None]:
    """DNS and HTTP are answered at these addresses, where the entrance leads, within the block.

    The script goes along as text: behind the entrance its file may not be there.
    """
    command = [*entrance, "/usr/bin/python3", "-IS", "-c", SITE.read_text(), *addresses]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield
        finally:
            process.kill()
