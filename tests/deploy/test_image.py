"""The Dockerfile and the lock files, as far as they can be checked without building."""

import re
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent.parent
DOCKERFILE = (PROJECT / "Dockerfile").read_text()
LOCKS = ("requirements.lock", "requirements-prod.lock")
PINNED = re.compile(r"^([a-z0-9._-]+(?:\[[a-z,]+\])?==[^ ]+)", re.MULTILINE)
PACKAGES_LEFT_OUT = {"sandbox"}


def copied() -> set[str]:
    """What the Dockerfile takes from the repository."""
    lines = re.findall(r"^COPY (?:--\S+ )*(\S+) \S+$", DOCKERFILE, re.MULTILINE)
    return {line.rstrip("/") for line in lines}


def pins(lock: str) -> set[str]:
    return set(PINNED.findall((PROJECT / lock).read_text()))


def test_what_is_copied_exists() -> None:
    assert all((PROJECT / source).exists() for source in copied())


def test_what_is_copied_is_not_ignored() -> None:
    rules = (PROJECT / ".dockerignore").read_text().splitlines()
    assert "*" in rules
    for source in copied():
        assert f"!{source}" in rules or f"!{source}/" in rules


def test_every_package_but_the_sandbox_is_in_the_image() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    packages = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert packages - PACKAGES_LEFT_OUT <= copied()
    assert not PACKAGES_LEFT_OUT & copied()


def test_the_base_is_pinned_and_the_user_is_not_root() -> None:
    assert re.search(r"^FROM python:3\.\d+-slim-\w+$", DOCKERFILE, re.MULTILINE)
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", DOCKERFILE, re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_has_hashes(lock: str) -> None:
    requirements = (PROJECT / lock).read_text().replace("\\\n", " ").splitlines()
    assert requirements
    assert all("--hash=sha256:" in requirement for requirement in requirements)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index(lock: str) -> None:
    content = (PROJECT / lock).read_text()
    assert "://" not in content
    assert "index-url" not in content


def test_production_runs_what_was_tested() -> None:
    assert pins("requirements-prod.lock") <= pins("requirements.lock")
