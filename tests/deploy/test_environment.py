"""`.env.example` and `deploy/new-secrets`: what an owner starts from."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from dotenv import dotenv_values

from infra.settings import GROUPS, load, setting_name, settings_table

PROJECT = Path(__file__).parent.parent.parent
EXAMPLE = PROJECT / ".env.example"
NEW_SECRETS = PROJECT / "deploy" / "new-secrets"
LINE = re.compile(r"^(?:# )?([A-Z][A-Z_0-9]+)=(.*)$", re.MULTILINE)
DEFAULT = re.compile(r"^\| `(\w+)` \| `(.+?)` \|", re.MULTILINE)


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as an owner has it after the two commands of the README, secrets filled in."""
    (tmp_path / "deploy").mkdir()
    shutil.copy(NEW_SECRETS, tmp_path / "deploy")
    shutil.copy(EXAMPLE, tmp_path / ".env")
    make_secrets(tmp_path)
    fill(tmp_path / "secrets" / "telegram_bot_token", "123456789:AAExampleToken")
    fill(tmp_path / "secrets" / "yookassa_secret_key", "test_key")
    for group in GROUPS:
        for name in group.model_fields:
            monkeypatch.delenv(setting_name(group, name), raising=False)
    monkeypatch.setenv("WGSHOP_SECRETS_DIR", str(tmp_path / "secrets"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make_secrets(folder: Path) -> None:
    subprocess.run([folder / "deploy" / "new-secrets"], check=True, timeout=30, cwd="/")


def fill(path: Path, text: str) -> None:
    path.unlink()
    path.write_text(text)


def test_the_example_names_every_setting_once(setting_names: frozenset[str]) -> None:
    names = [match[1] for match in LINE.finditer(EXAMPLE.read_text())]
    assert sorted(names) == sorted(setting_names)


@pytest.mark.usefixtures("installation")
def test_with_the_example_and_new_secrets_every_process_has_its_settings() -> None:
    for group in GROUPS:
        load(group)


def test_the_examples_defaults_are_the_real_ones() -> None:
    written = dict(LINE.findall(EXAMPLE.read_text()))
    changed = dotenv_values(EXAMPLE).keys()
    for name, default in DEFAULT.findall(settings_table()):
        assert name in changed or written[name] == default


def test_secrets_that_are_there_are_kept(installation: Path) -> None:
    def contents() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (installation / "secrets").iterdir()}

    before = contents()
    make_secrets(installation)
    assert contents() == before


def test_only_the_owner_may_enter_the_folder_of_secrets(installation: Path) -> None:
    assert (installation / "secrets").stat().st_mode & 0o777 == 0o700
