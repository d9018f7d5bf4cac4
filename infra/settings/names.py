"""What a setting is called, and the README's table of them all."""

from datetime import timedelta
from typing import Any

from pydantic.fields import FieldInfo

from infra.settings.groups import GROUPS
from infra.settings.kinds import SettingsGroup


def setting_name(group: type[SettingsGroup], field_name: str) -> str:
    """What a field is called in the environment, such as `YOOKASSA_SHOP_ID`."""
    alias = group.model_fields[field_name].validation_alias
    if isinstance(alias, str):
        return alias
    return f"{group.model_config.get('env_prefix', '')}{field_name}".upper()


def settings_table() -> str:
    """The README's table of settings, in Markdown."""
    rows = {
        setting_name(group, name): (_default_text(field), description_of(field))
        for group in GROUPS
        for name, field in group.model_fields.items()
    }
    lines = [f"| `{name}` | {default} | {text} |" for name, (default, text) in rows.items()]
    return "\n".join(("| Setting | Default | What it is |", "|---|---|---|", *lines))


def description_of(field: FieldInfo) -> str:
    """The field's documentation, on one line."""
    return " ".join((field.description or "").split())


def _default_text(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    text = _as_written(field.default)
    return f"`{text}`" if text else "–"


def _as_written(value: Any) -> str:
    """A default as it would be written in `.env`."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case timedelta():
            return f"{value.total_seconds():g}"
        case tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)
