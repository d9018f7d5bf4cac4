"""The documents say what the code does."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from typer.main import get_command

from docs.settings import README, with_table
from domain.purchases import PurchasePolicy, PurchaseStage, RepairAction, StuckReason
from domain.subscriptions import TRANSITIONS, SubscriptionStatus
from workers.cli import app

PROJECT = README.parent
DOCUMENTS = [README, *sorted((PROJECT / "docs").glob("*.md"))]
PURCHASE = (PROJECT / "docs" / "purchase.md").read_text()
SUBSCRIPTION = (PROJECT / "docs" / "subscription.md").read_text()
UNITS = {"s": "seconds", "min": "minutes", "h": "hours"}


@pytest.fixture(params=DOCUMENTS, ids=lambda path: path.name)
def document(request: pytest.FixtureRequest) -> Path:
    """Each document in turn."""
    path: Path = request.param
    return path


def first_column(table_header: str) -> list[str]:
    """The code words in the first column of a table of docs/purchase.md."""
    table = PURCHASE.split(table_header)[1].split("\n\n")[0]
    return re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)


def test_the_readme_holds_the_present_settings() -> None:
    text = README.read_text()
    assert with_table(text) == text, "run `make docs`"


def test_the_stages_are_drawn_and_explained() -> None:
    drawing = PURCHASE.split("```mermaid")[1].split("```")[0]
    drawn = set(re.findall(r"\w+(?= -->)|(?<=--> )\w+", drawing))
    assert drawn == set(PurchaseStage)
    assert set(first_column("| Stage |")) == set(PurchaseStage)


def test_a_purchase_rests_where_the_drawing_says() -> None:
    ends = set(re.findall(r"(\w+) --> \[\*\]", PURCHASE))
    unpaid = {stage for stage in PurchaseStage if stage.is_unpaid_end}
    assert ends == unpaid | {PurchaseStage.DONE, PurchaseStage.REFUNDED}


def test_every_timer_is_explained_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) (s|min|h) \|", PURCHASE, re.MULTILINE)
    written = {name: timedelta(**{UNITS[unit]: int(number)}) for name, number, unit in rows}
    assert written == PurchasePolicy().model_dump()


def test_every_repair_and_every_reason_is_explained() -> None:
    assert set(first_column("| Repair |")) == set(RepairAction)
    assert all(f"`{reason}`" in PURCHASE for reason in StuckReason)


def test_a_subscription_becomes_what_the_drawing_says() -> None:
    drawing = SUBSCRIPTION.split("```mermaid")[1].split("```")[0]
    steps = set(re.findall(r"(\w+) --> (\w+):", drawing))
    assert {step for step in steps if step[0] != step[1]} == set(TRANSITIONS)
    assert {status for step in steps for status in step} == set(SubscriptionStatus)


def test_links_lead_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)", document.read_text()):
        assert link.startswith("https://") or (document.parent / link).exists()


def test_files_that_are_named_exist(document: Path) -> None:
    named = re.findall(r"`((?:\w+/)+[\w.-]*\.(?:py|yaml|sh|toml|md))`", document.read_text())
    assert all((PROJECT / name).exists() for name in named)


def test_commands_exist(document: Path) -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]  # a group of commands
    named = re.findall(r"\bwgshop ([a-z][a-z-]+)(?=[ `\n])", document.read_text())
    assert set(named) <= set(commands)


def test_make_targets_exist(document: Path) -> None:
    makefile = (PROJECT / "Makefile").read_text()
    named = re.findall(r"(?:`|^)make ([a-z-]+)", document.read_text(), re.MULTILINE)
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in named)
