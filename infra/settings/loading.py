"""Reads settings, and says of all that is wrong at once what is expected."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from domain.errors import SettingsError
from infra.settings.kinds import SettingsGroup
from infra.settings.names import description_of, setting_name

_DEFAULT_SECRETS_DIR = Path("/run/secrets")

Group = TypeVar("Group", bound=SettingsGroup)


def load(group: type[Group]) -> Group:
    """Read a group of settings.

    Raises:
        SettingsError: Settings are missing or malformed; the message lists every one by name
            with what is expected, and never a value.
    """
    try:
        return group(_env_file=".env", _secrets_dir=_secrets_dir())
    except ValidationError as error:
        problems = "\n".join(_problems(group, error))
    # Outside the handler, so that no traceback leads to the values.
    raise SettingsError(f"Settings are missing or malformed:\n{problems}")


def _secrets_dir() -> Path | None:
    chosen = os.environ.get("WGSHOP_SECRETS_DIR")
    if not chosen:
        return _DEFAULT_SECRETS_DIR if _DEFAULT_SECRETS_DIR.is_dir() else None
    if not Path(chosen).is_dir():
        raise SettingsError("WGSHOP_SECRETS_DIR: expected a directory with secret files")
    return Path(chosen)


def _problems(group: type[SettingsGroup], error: ValidationError) -> Iterator[str]:
    names = {
        key: name
        for name in group.model_fields
        for key in (name, group.model_fields[name].validation_alias)
    }
    first_messages: dict[str, str] = {}
    for detail in error.errors(include_input=False, include_context=False, include_url=False):
        first_messages.setdefault(names[str(detail["loc"][0])], detail["msg"])
    for name, message in first_messages.items():
        field = group.model_fields[name]
        problem = message.removeprefix("Value error, ").replace("Field required", "missing")
        example = f" Example: {field.examples[0]}" if field.examples else ""
        yield f"- {setting_name(group, name)}: {problem}. {description_of(field)}{example}"
