"""The program is killed at each of its lines in turn; a repeat, or a boot, makes all whole."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.infra.node.conftest import add_of, key_number, remove_of, sync_of

REAPER = Path("tests/infra/node/reaper.py").resolve()
HELD = [add_of(1, speed_mbit=5), add_of(2)]
BEFORE = {key_number(1), key_number(2)}
CHANGES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "add": (add_of(3, speed_mbit=7), {key_number(1), key_number(2), key_number(3)}),
    "remove": (remove_of(1, revision=2), {key_number(2)}),
    "another speed": (add_of(2, revision=2, speed_mbit=7), {key_number(1), key_number(2)}),
    "sync": (sync_of(add_of(2), add_of(4, speed_mbit=7), as_of=2), {key_number(2), key_number(4)}),
    "sparing sync": (
        sync_of(add_of(4), as_of=2, departed=[remove_of(1, revision=2)], strangers="keep"),
        {key_number(2), key_number(4)},
    ),
}
APPLY = {"op": "apply"}


def deaths(
    folder: Path, request: dict[str, Any], afterwards: dict[str, Any]
) -> list[dict[str, Any]]:
    """What was seen at each line of the request, killed there and followed by another."""
    done = subprocess.run(
        [sys.executable, REAPER, folder, json.dumps(request), json.dumps(afterwards)],
        input=json.dumps(HELD),
        env={"PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(seen) > 20, "that are too few lines for the whole of it"
    return seen


@pytest.mark.parametrize("name", CHANGES)
def test_killed_at_any_line_the_file_is_whole_and_a_repeat_finishes_the_work(
    tmp_path: Path, name: str
) -> None:
    request, after = CHANGES[name]
    seen = deaths(tmp_path, request, request)
    assert all(set(each["at_death"]) in (BEFORE, after) for each in seen)
    changed = [set(each["at_death"]) == after for each in seen]
    assert changed == sorted(changed), "once it is in place, the new file stays"
    assert {True, False} == set(changed) or after == BEFORE
    for each in seen:
        assert each["kernel"] == each["saved"], f"line {each['line']}"
        assert each["held_speeds"] == each["speeds"], f"line {each['line']}"
        assert set(each["kernel"]) == after


@pytest.mark.parametrize("name", CHANGES)
def test_killed_at_any_line_a_boot_brings_the_interface_to_the_file(
    tmp_path: Path, name: str
) -> None:
    request, _ = CHANGES[name]
    for each in deaths(tmp_path, request, APPLY):
        assert each["kernel"] == each["saved"], f"line {each['line']}"
        assert each["held_speeds"] == each["speeds"], f"line {each['line']}"
        assert sorted(each["kernel"]) == each["at_death"], "a boot decides nothing"
