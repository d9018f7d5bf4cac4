"""Promo codes from the command line, on a real database."""

import asyncio
import csv
import io
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from domain.errors import SettingsError
from workers.cli import app

Run = Callable[..., str]


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command's standard output."""
    monkeypatch.setenv("DATABASE_URL", database_url)

    def wgshop_promo(*words: str) -> str:
        result = CliRunner().invoke(app, ["promo", *words], catch_exceptions=False)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    return wgshop_promo


async def listed(run: Run) -> list[dict[str, str]]:
    output = await asyncio.to_thread(run, "list")
    return list(csv.DictReader(io.StringIO(output)))


async def test_a_code_is_made_listed_and_disabled(run: Run) -> None:
    options = ("--fixed", "99.90", "--max-uses", "5", "--until", "2030-01-01", "--plan", "year")
    await asyncio.to_thread(run, "create", "spring", *options, "--first-purchase")
    (code,) = await listed(run)
    assert (code["code"], code["kind"], code["worth"]) == ("SPRING", "fixed", "99.90")
    assert (code["max_uses"], code["max_uses_each"], code["spent"]) == ("5", "1", "0")
    assert (code["ends_at"], code["is_for_first_purchase"]) == ("2030-01-01 00:00:00+00:00", "True")
    await asyncio.to_thread(run, "disable", "Spring")
    assert (await listed(run))[0]["is_enabled"] == "False"


async def test_many_codes_come_as_csv_each_for_one_use(run: Run) -> None:
    output = await asyncio.to_thread(run, "bulk", "50", "--prefix", "vip-", "--percent", "30")
    header, *codes = output.split()
    assert (header, len(set(codes))) == ("code", 50)
    assert all(code.startswith("VIP-") for code in codes)
    known = await listed(run)
    assert {code["code"] for code in known} == set(codes)
    assert {code["max_uses"] for code in known} == {"1"}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["create", "SPRING"], "one of --percent, --fixed and --days"),
        (["create", "SPRING", "--percent", "5", "--days", "3"], "one of --percent"),
        (["create", "SPRING", "--percent", "101"], "more than 100 percent"),
        (["create", "no spaces", "--days", "3"], "3 to 32 of"),
        (["create", "SPRING", "--days", "3", "--plan", "decade"], "there is no plan decade"),
        (["disable", "SPRING"], "there is no code SPRING"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_words(
    run: Run, words: list[str], complaint: str
) -> None:
    with pytest.raises(SettingsError, match=complaint):
        await asyncio.to_thread(run, *words)
