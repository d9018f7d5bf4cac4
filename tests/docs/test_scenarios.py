"""Each scenario of `docs/scenarios.md` is shown by tests that there are."""

import re
from pathlib import Path

PROJECT = Path(__file__).parents[2]
LIST = (PROJECT / "docs" / "scenarios.md").read_text("utf-8")
ROWS = re.findall(r"^\| (?!Scenario|---)([^|]+) \| ([^|]+) \|$", LIST, re.MULTILINE)


def test_there_are_ten_and_each_names_tests_that_exist() -> None:
    assert len(ROWS) == 10
    for scenario, tests in ROWS:
        named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", tests)
        assert named, scenario
        for file, test in named:
            written = (PROJECT / "tests" / "e2e" / file).read_text("utf-8")
            assert re.search(rf"async def {test}\(", written), f"{scenario}: {test}"
