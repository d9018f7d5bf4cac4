"""Judging answers by YooKassa's own OpenAPI file, where it is at hand."""

import os
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import yaml
from jsonschema import Draft202012Validator

VARIABLE = "WGSHOP_YOOKASSA_OPENAPI"


def find_specification() -> Path | None:
    """The file that WGSHOP_YOOKASSA_OPENAPI names, if it names one."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


class Judge(Protocol):
    """Compares answers with the official schemas."""

    def judge(self, schema: str, answer: dict[str, Any]) -> None:
        """Fail unless the answer fits the schema and has no field that the schema lacks."""


class Absent:
    """No file, no judgement; what the test says about the behaviour holds without it."""

    def judge(self, schema: str, answer: dict[str, Any]) -> None:
        """Let everything pass."""


class Specification:
    """The schemas of the official file, as JSON Schema."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def document(self) -> dict[str, Any]:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return yaml.load(self._path.read_text("utf-8"), loader)

    @cached_property
    def schemas(self) -> dict[str, Any]:
        schemas = self.document["components"]["schemas"]
        return {name: _as_json_schema(schema, schemas) for name, schema in schemas.items()}

    def request(self, path: str) -> dict[str, Any]:
        """The schema of the body that is posted to a path."""
        operation = self.document["paths"][path]["post"]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        return _as_json_schema(schema, self.document["components"]["schemas"])

    def follow(self, schema: dict[str, Any]) -> dict[str, Any]:
        """A schema without references and `allOf`, all of its own properties at hand."""
        if "$ref" in schema:
            return self.follow(self.schemas[schema["$ref"].rpartition("/")[2]])
        parts = [self.follow(part) for part in schema.get("allOf", ())] + [schema]
        flat = {key: value for part in parts for key, value in part.items() if key != "allOf"}
        flat["properties"] = {
            name: inner for part in parts for name, inner in part.get("properties", {}).items()
        }
        flat["required"] = [name for part in parts for name in part.get("required", ())]
        return flat

    def problems(self, schema: dict[str, Any], body: Any) -> list[str]:
        """What is wrong with a body, by a schema of this file."""
        root = {**schema, "components": {"schemas": self.schemas}}
        return [
            f"{'.'.join(map(str, error.absolute_path))}: {error.message}"
            for error in Draft202012Validator(root).iter_errors(body)
        ]

    def judge(self, schema: str, answer: dict[str, Any]) -> None:
        """Fail unless the answer fits the schema and has no field that the schema lacks."""
        problems = self.problems({"$ref": f"#/components/schemas/{schema}"}, answer)
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
