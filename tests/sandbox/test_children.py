import os
import sys
from pathlib import Path

import psutil
import pytest

from sandbox import children
from sandbox.children import ChildFailed, attempt, run_once
from sandbox.secrets import kept_secrets

ENV = {"PATH": os.environ["PATH"]}


async def test_a_command_reads_its_input_and_its_output_is_kept() -> None:
    assert await run_once(["cat"], env=ENV, stdin=b"a server") == "a server"


async def test_a_command_that_fails_says_what_it_said() -> None:
    with pytest.raises(ChildFailed, match="no such thing"):
        await run_once([sys.executable, "-c", "import sys; sys.exit('no such thing')"], env=ENV)


async def test_a_command_that_does_not_end_is_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(children, "READY_SECONDS", 2.0)
    pid_file = tmp_path / "pid"
    with pytest.raises(ChildFailed, match="did not end in 2 s"):
        await attempt(["sh", "-c", f"echo $$ > {pid_file}; exec sleep 60"], env=ENV)
    assert not psutil.pid_exists(int(pid_file.read_text()))


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    made = kept_secrets(tmp_path)
    assert kept_secrets(tmp_path) == made
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_a_first_start_that_was_interrupted_leaves_no_half_made_secrets(tmp_path: Path) -> None:
    (tmp_path / "secrets.new").write_text('{"bot_token": "7')
    made = kept_secrets(tmp_path)
    assert kept_secrets(tmp_path) == made
