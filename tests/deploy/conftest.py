"""The files that an installation is made from."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.settings import GROUPS, setting_name

PROJECT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    """docker-compose.yml."""
    content: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
    return content


@pytest.fixture(scope="session")
def setting_names() -> frozenset[str]:
    """Every setting's name in the environment."""
    return frozenset(setting_name(group, name) for group in GROUPS for name in group.model_fields)
