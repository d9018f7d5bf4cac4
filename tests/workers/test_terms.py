"""The owner's terms from the command line, on a real database."""

import asyncio
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from domain.errors import SettingsError
from infra.postgres.plans import Plans
from infra.postgres.pool import Pool
from workers.cli import app

Run = Callable[..., str]


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command's standard output."""
    monkeypatch.setenv("DATABASE_URL", database_url)

    def wgshop(*words: str) -> str:
        result = CliRunner().invoke(app, words, catch_exceptions=False)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    return wgshop


async def test_what_an_invitation_brings_is_changed_a_field_at_a_time(run: Run) -> None:
    await asyncio.to_thread(run, "referral", "--reward-days", "10", "--hold-days", "3")
    said = await asyncio.to_thread(run, "referral", "--welcome-percent", "15")
    assert said.splitlines() == [
        "the inviter gets 10 days, 3 days after the payment",
        "the friend gets 15% off the first purchase",
    ]


async def test_loyalty_rules_are_added_and_taken_away(run: Run) -> None:
    await asyncio.to_thread(run, "loyalty", "add", "--percent", "5", "--after-periods", "3")
    said = await asyncio.to_thread(run, "loyalty", "add", "--percent", "15", "--after-months", "12")
    assert said.splitlines() == ["1: 5% after 3 paid periods", "2: 15% after 12 paid months"]
    await asyncio.to_thread(run, "loyalty", "remove", "1")
    assert await asyncio.to_thread(run, "loyalty", "list") == "2: 15% after 12 paid months\n"


async def test_a_trial_is_offered_and_stopped(run: Run, pool: Pool) -> None:
    await asyncio.to_thread(run, "trial", "--days", "5")
    trial = await Plans(pool).trial()
    assert trial is not None
    assert trial.duration_days == 5
    await asyncio.to_thread(run, "trial", "--days", "0")
    assert await Plans(pool).trial() is None


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["referral", "--welcome-percent", "101"], "welcome_percent"),
        (["referral", "--hold-days", "-1"], "reward_hold"),
        (["loyalty", "add", "--percent", "5"], "either after_periods or after_months"),
        (["loyalty", "add", "--percent", "0", "--after-periods", "1"], "percent"),
        (["loyalty", "remove", "7"], "there is no loyalty rule 7"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_words(
    run: Run, words: list[str], complaint: str
) -> None:
    with pytest.raises(SettingsError, match=complaint):
        await asyncio.to_thread(run, *words)
