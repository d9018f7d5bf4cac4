"""The rule in tests/conftest.py: what a developer's machine may lack, CI's may not."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

PROJECT = Path(__file__).parent.parent

WANTS_A_TOOL = """
    import pytest

    @pytest.mark.skipif(True, reason="needs Debian's wireguard-tools")
    def test_with_a_tool(): ...
"""

WANTS_A_FILE = """
    import pytest

    def test_with_a_file():
        pytest.skip("set WGSHOP_YOOKASSA_OPENAPI")
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A suite with our rule and nothing else of ours."""
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makeconftest("from tests.conftest import pytest_runtest_makereport")
    return pytester


def outcomes(suite: pytest.Pytester) -> dict[str, int]:
    options = ("-p", "no:cacheprovider", "-p", "no:randomly")
    return suite.runpytest_subprocess(*options, timeout=60).parseoutcomes()


def test_a_missing_tool_skips_a_test_on_a_developers_machine(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    suite.makepyfile(WANTS_A_TOOL)
    assert outcomes(suite) == {"skipped": 1}


def test_a_missing_tool_fails_a_test_in_ci(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    suite.makepyfile(WANTS_A_TOOL)
    assert outcomes(suite) == {"errors": 1}


def test_material_that_cannot_be_installed_is_skipped_even_in_ci(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    suite.makepyfile(WANTS_A_FILE)
    assert outcomes(suite) == {"skipped": 1}
