"""Each promise of `sandbox/telegram/conformance.md` has its tests; its methods are all there."""

import re
from pathlib import Path

from sandbox.telegram import methods
from sandbox.telegram.methods.registry import method_names

HERE = Path(__file__).parent
LIST = (Path(methods.__file__).parent.parent / "conformance.md").read_text()


def promised() -> set[str]:
    """`file::test` for each test that the list names."""
    found, file = set(), ""
    for name in re.findall(r"`((?:judges/)?[a-z]\w+)`", LIST.partition("## The judges")[0]):
        if "test_" in name:
            file = name
        else:
            found.add(f"{file}::{name}")
    return found


def written() -> set[str]:
    """`file::test` for each test that there is."""
    found = set()
    for path in HERE.rglob("test_*.py"):
        file = path.relative_to(HERE).with_suffix("").as_posix()
        names = re.findall(r"^(?:async )?def test_(\w+)", path.read_text(), re.MULTILINE)
        found |= {f"{file}::{name}" for name in names}
    return found


def test_every_promise_has_its_tests() -> None:
    assert promised() - written() == set()


def test_exactly_the_methods_of_the_list_are_there() -> None:
    listed = re.findall(r"\b[a-z]+[A-Z]\w+", LIST.partition("## Methods")[2])
    assert sorted(listed) == list(method_names())
