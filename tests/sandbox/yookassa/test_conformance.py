"""Each promise of `sandbox/yookassa/conformance.md` has its tests."""

import re
from pathlib import Path

import sandbox.yookassa

HERE = Path(__file__).parent
LIST = (Path(sandbox.yookassa.__file__).parent / "conformance.md").read_text("utf-8")


def promised() -> set[str]:
    """`file::test` for each test that the list names."""
    found, file = set(), ""
    for name in re.findall(r"`(\w{8,})`", LIST.partition("\n## ")[2]):
        if name.startswith("test_"):
            file = name
        elif "_" in name and name not in {"retry_after", "permission_revoked", "card_expired"}:
            found.add(f"{file}::{name}")
    return found


def written() -> set[str]:
    """`file::test` for each test that there is."""
    return {
        f"{path.stem}::{name}"
        for path in HERE.glob("test_*.py")
        for name in re.findall(r"^(?:async )?def test_(\w+)", path.read_text("utf-8"), re.MULTILINE)
    }


def test_every_promise_has_its_tests() -> None:
    assert len(promised()) > 150
    assert promised() - written() == set()
