"""Judging answers by YooKassa's own OpenAPI file, where it is at hand."""

import os
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

_PROJECT = Path(__file__).resolve().parents[3]


def find_specification() -> Path | None:
    """The file that WGSHOP_YOOKASSA_OPENAPI names, else one in a `shared/data` folder nearby."""
    named = os.environ.get("WGSHOP_YOOKASSA_OPENAPI")
    if named:
        return Path(named)
    found = sorted((_PROJECT.parent / "shared" / "data").glob("yookassa-openapi-*.yaml"))
    return found[-1] if found else None


class Specification:
    """The schemas of the official file, as JSON Schema."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def schemas(self) -> dict[str, Any]:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        document = yaml.load(self._path.read_text("utf-8"), loader)
        schemas = document["components"]["schemas"]
        return {name: _as_json_schema(schema, schemas) for name, schema in schemas.items()}

    def judge(self, schema: str, answer: dict[str, Any]) -> None:
        """Fail unless the answer fits the schema and has no field that the schema lacks."""
        root = {"$ref": f"#/components/schemas/{schema}", "components": {"schemas": self.schemas}}
        problems = [
            f"{'.'.join(map(str, error.absolute_path))}: {error.message}"
            for error in Draft202012Validator(root).iter_errors(answer)
        ]
        assert not problems, problems
        assert set(answer) <= self._fields(schema), set(answer) - self._fields(schema)

    def _fields(self, name: str) -> set[str]:
        schema = self.schemas[name]
        fields = set(schema.get("properties", {}))
        for part in schema.get("allOf", ()):
            if "$ref" in part:
                fields |= self._fields(part["$ref"].rpartition("/")[2])
            fields |= set(part.get("properties", {}))
        return fields


def _as_json_schema(node: Any, schemas: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_as_json_schema(item, schemas) for item in node]
    if not isinstance(node, dict):
        return node
    if "oneOf" in node and "discriminator" in node:
        return _chosen_by_type(node["oneOf"], schemas)
    plain = {key: _as_json_schema(value, schemas) for key, value in node.items()}
    if plain.pop("nullable", False):
        plain["type"] = [plain["type"], "null"]
    return plain


def _chosen_by_type(options: list[dict[str, str]], schemas: dict[str, Any]) -> dict[str, Any]:
    """OpenAPI's discriminator said in JSON Schema: `type` picks one of the options."""
    targets = {option["$ref"] for option in options}
    mapping = {
        value: target
        for schema in schemas.values()
        for value, target in schema.get("discriminator", {}).get("mapping", {}).items()
        if target in targets
    }
    choices = [
        {"if": {"properties": {"type": {"const": value}}}, "then": {"$ref": target}}
        for value, target in mapping.items()
    ]
    return {"allOf": [{"properties": {"type": {"enum": list(mapping)}}}, *choices]}
